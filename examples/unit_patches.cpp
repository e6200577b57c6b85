// What does each channel of a layer look for? Of many pictures, the nine patches that excite it
// most, on one page (Zeiler & Fergus 2014).
//
//   unit_patches LAYER OUT.png PICTURE…
//
// e.g. unit_patches relu3_2 patches.png photos/*.jpg
#include <impasto/impasto.hpp>

#include <cstdio>
#include <string>
#include <vector>

int main(int argc, char** argv) try {
    if (argc < 4) {
        std::fprintf(stderr, "usage: unit_patches LAYER OUT.png PICTURE…\n");
        return 2;
    }
    using namespace impasto;
    const std::string layer = argv[1];
    const std::vector<std::string> files(argv + 3, argv + argc);
    const auto network = weights::built_in();
    context<cpu> here;

    // Every picture is shown once and forgotten; memory does not grow with their number.
    insight::unit_patches search(network, {.layers = {layer}, .top = 9});
    for (std::size_t i = 0; i < files.size(); ++i)
        search.add(here, image::load(files[i]), static_cast<std::int64_t>(i));

    // A position of the map stands for a square of pixels, the unit's receptive field.
    const auto field = search.field(0);
    const auto& found = search.found(0);
    insight::sheet_panel panel{.title = layer, .note = "", .field = field, .units = {}};
    for (const auto channel : insight::strongest_channels(found, 12)) {
        const auto patches = found.of(channel);
        const auto& best = patches.front();
        std::printf("channel %3d: %6.2f at row %d, column %d of %s\n", static_cast<int>(channel),
                    best.activation, static_cast<int>(best.row), static_cast<int>(best.column),
                    files[static_cast<std::size_t>(best.picture)].c_str());
        panel.units.push_back({channel, {patches.begin(), patches.end()}});
    }

    // The pictures that won are loaded once more, to cut their patches.
    insight::patch_sheet sheet({panel}, {.side = 64, .top = 9});
    for (const auto number : sheet.pictures())
        sheet.draw(number, image::load(files[static_cast<std::size_t>(number)]));
    image::save(argv[2], sheet.page());
} catch (const impasto::error& e) {
    std::fprintf(stderr, "unit_patches: %s\n", e.what());
    return 2;
}
