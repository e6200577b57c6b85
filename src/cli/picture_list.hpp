#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace impasto::cli {

/// Files as they are named; for a folder, the .jpg, .jpeg, .png and .bmp in it and below it,
/// sorted. Throws option_error for a folder without any, io_error for one that cannot be read. A
/// file may turn out to be missing, or to be no picture.
[[nodiscard]] std::vector<std::filesystem::path> list_pictures(
    const std::vector<std::string>& names);

}  // namespace impasto::cli
