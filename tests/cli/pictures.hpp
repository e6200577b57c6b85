#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>

#include <impasto/image/io.hpp>

#include "support/temporary_folder.hpp"

namespace impasto::test {

/// Waves whose length and colour depend on `kind`.
inline void save_waves(const std::filesystem::path& file, std::int64_t height, std::int64_t width,
                       float kind) {
    image::picture p({1, 3, height, width});
    float* value = p.data();
    for (std::int64_t c = 0; c < 3; ++c)
        for (std::int64_t y = 0; y < height; ++y)
            for (std::int64_t x = 0; x < width; ++x)
                *value++ = 0.5f + 0.5f * std::sin(kind * static_cast<float>(x + 2 * y) *
                                                  (0.1f + 0.05f * static_cast<float>(c)));
    image::save(file, p);
}

/// A folder with photo.png, 40×28, and painting.png, 32×32.
struct studio : temporary_folder {
    studio() {
        save_waves(*this / "photo.png", 28, 40, 1);
        save_waves(*this / "painting.png", 32, 32, 3);
    }
};

}  // namespace impasto::test
