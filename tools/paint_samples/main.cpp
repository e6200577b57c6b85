// Makes the sample pictures in examples/images, the same bytes every time.
// usage: paint_samples [DIRECTORY [PICTURE…]]

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "canvas.hpp"

namespace {

bool save(const std::filesystem::path& file, const samples::canvas& picture, int quality) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(picture.pixels.size() * 3);
    for (const samples::vec3 pixel : picture.pixels) {
        for (const float channel : {pixel.x, pixel.y, pixel.z}) {
            bytes.push_back(static_cast<std::uint8_t>(samples::clamp01(channel) * 255 + 0.5f));
        }
    }
    const std::filesystem::path unfinished = file.string() + ".part";
    if (!stbi_write_jpg(unfinished.c_str(), picture.width, picture.height, 3, bytes.data(),
                        quality)) {
        std::fprintf(stderr, "paint_samples: cannot write %s\n", unfinished.c_str());
        return false;
    }
    std::filesystem::rename(unfinished, file);
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path directory = argc > 1 ? argv[1] : ".";
    const std::vector<std::string> names(argv + std::min(argc, 2), argv + argc);
    const auto wanted = [&](const char* name) {
        return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
    };
    using namespace samples;
    bool ok = true;
    if (wanted("harbor")) {
        ok &= save(directory / "harbor.jpg", render_harbor(960, 640, 2), 91);
    }
    if (wanted("swirls")) {
        ok &= save(directory / "swirls.jpg", paint_swirls(900, 700), 90);
    }
    if (wanted("ember")) {
        ok &= save(directory / "ember.jpg", paint_ember(900, 700), 90);
    }
    return ok ? 0 : 1;
}
