#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <impasto/core/shape.hpp>
#include <impasto/insight/patch_sheet.hpp>

namespace impasto::cli {

/// A picture of the search: its file, its size in the file, and its size after --size.
struct seen_picture {
    std::filesystem::path file;
    shape read{}, shown{};
};

/// {"layer": …, "receptive_field": {…}, "channels": [{"channel": …, "patches": [{…}]}]}; boxes are
/// in pixels of the file, clipped to it.
[[nodiscard]] nlohmann::ordered_json patches_json(const std::string& layer,
                                                  const insight::sheet_panel& panel,
                                                  const std::vector<seen_picture>& pictures);

}  // namespace impasto::cli
