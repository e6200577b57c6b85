#pragma once

#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include <impasto/insight/judge.hpp>

#include "cli/options.hpp"

namespace impasto::cli {

/// The result of evaluate --judge.
struct verdict {
    std::string network;  ///< name of its topology, such as "vgg19"
    insight::judgement seen;
    std::array<double, 3> patches{};  ///< at the picture's size, a half, a quarter

    [[nodiscard]] double patches_mean() const { return (patches[0] + patches[1] + patches[2]) / 3; }
};

/// {"network": "vgg19", "style": {"relu1_1": …}, "style_mean": …, "content": {"relu4_2": …},
///  "patches": {"1": …, "1/2": …, "1/4": …}, "patches_mean": …}
[[nodiscard]] nlohmann::ordered_json verdict_json(const verdict& found);

/// Prints the result, one value per line.
void print(const verdict& found);

}  // namespace impasto::cli
