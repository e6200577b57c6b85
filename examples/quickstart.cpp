// Repaints a photo in the manner of a painting: the whole library in ten lines.
//
//   quickstart PHOTO PAINTING OUT.png
#include <impasto/impasto.hpp>

#include <cstdio>

int main(int argc, char** argv) try {
    if (argc != 4) {
        std::fprintf(stderr, "usage: quickstart PHOTO PAINTING OUT.png\n");
        return 2;
    }
    using namespace impasto;
    const auto photo = image::load(argv[1]);
    const auto painting = image::load(argv[2]);
    const auto network = weights::built_in();
    context<cpu> here;

    const auto picture = stylize(
        here, network, photo, painting, {.size = 256, .iterations = 50}, [](const progress& now) {
            if (now.iteration % 25 == 0)
                std::printf("%3lldx%-3lld  iteration %3d  J = %.3f\n",
                            static_cast<long long>(now.width), static_cast<long long>(now.height),
                            now.iteration, now.losses.total);
            return false;  // true would stop here
        });
    image::save(argv[3], picture);
} catch (const impasto::error& e) {
    std::fprintf(stderr, "quickstart: %s\n", e.what());
    return 2;
}
