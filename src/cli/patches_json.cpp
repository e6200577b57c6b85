#include "cli/patches_json.hpp"

namespace impasto::cli {

namespace {

/// The smallest box in pixels of the file that covers a box of the resized picture.
image::box in_file(const image::box& box, const seen_picture& picture) {
    const auto down = [](std::int64_t at, std::int64_t read, std::int64_t shown) {
        return at * read / shown;
    };
    const auto up = [](std::int64_t at, std::int64_t read, std::int64_t shown) {
        return (at * read + shown - 1) / shown;
    };
    const auto& [read, shown] = std::pair(picture.read, picture.shown);
    const auto x = down(box.x, read.w, shown.w), y = down(box.y, read.h, shown.h);
    return {x, y, up(box.x + box.width, read.w, shown.w) - x,
            up(box.y + box.height, read.h, shown.h) - y};
}

}  // namespace

nlohmann::ordered_json patches_json(const std::string& layer, const insight::sheet_panel& panel,
                                    const std::vector<seen_picture>& pictures) {
    using json = nlohmann::ordered_json;
    const auto& field = panel.field;
    json channels = json::array();
    for (const auto& unit : panel.units) {
        json patches = json::array();
        for (const auto& patch : unit.patches) {
            const auto& picture = pictures.at(static_cast<std::size_t>(patch.picture));
            const auto box = in_file(
                clip(field.of_unit(patch.row, patch.column), picture.shown.h, picture.shown.w),
                picture);
            patches.push_back({{"file", picture.file.string()},
                               {"activation", patch.activation},
                               {"row", patch.row},
                               {"column", patch.column},
                               {"x", box.x},
                               {"y", box.y},
                               {"width", box.width},
                               {"height", box.height}});
        }
        channels.push_back({{"channel", unit.channel}, {"patches", std::move(patches)}});
    }
    return {{"layer", layer},
            {"receptive_field",
             {{"size", field.size}, {"stride", field.stride}, {"start", field.start}}},
            {"channels", std::move(channels)}};
}

}  // namespace impasto::cli
