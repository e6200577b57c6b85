// One photo between two paintings: a strip of pictures from all of the first to all of the second.
//
//   two_styles PHOTO PAINTING PAINTING OUT
//
// writes OUT-0.png … OUT-4.png.
#include <impasto/impasto.hpp>

#include <cstdio>
#include <string>

int main(int argc, char** argv) try {
    if (argc != 5) {
        std::fprintf(stderr, "usage: two_styles PHOTO PAINTING PAINTING OUT\n");
        return 2;
    }
    using namespace impasto;
    const auto photo = image::load(argv[1]);
    const auto first = image::load(argv[2]), second = image::load(argv[3]);
    const image::picture_view paintings[] = {first, second};
    const auto network = weights::built_in();
    context<cpu> here;

    constexpr int steps = 5;
    for (int i = 0; i < steps; ++i) {
        const double share = static_cast<double>(i) / (steps - 1);
        const auto picture =
            stylize(here, network, photo, paintings,
                    {.size = 256, .iterations = 50, .style_blend = {1 - share, share}});
        const std::string name = std::string(argv[4]) + "-" + std::to_string(i) + ".png";
        image::save(name, picture);
        std::printf("%s: %.0f%% %s, %.0f%% %s\n", name.c_str(), 100 * (1 - share), argv[2],
                    100 * share, argv[3]);
    }
} catch (const impasto::error& e) {
    std::fprintf(stderr, "two_styles: %s\n", e.what());
    return 2;
}
