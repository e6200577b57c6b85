#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include <impasto/weights/activations.hpp>

namespace impasto::weights {

namespace {

/// Numerical Recipes, "quick and dirty".
class random_numbers {
public:
    /// From 0 on, of 24 bits.
    std::uint32_t next() {
        state_ = state_ * 1664525 + 1013904223;
        return state_ >> 8;
    }
    int below(int end) { return static_cast<int>(next() % static_cast<std::uint32_t>(end)); }

private:
    std::uint32_t state_ = 1;
};

/// A disc, a bar or a striped square, in whole numbers, so that its edge is the same everywhere.
struct figure {
    enum kind { disc, bar, stripes } what;
    int x, y, radius, a, b;  ///< of a bar: its direction
    std::array<float, 3> color;

    figure(int number, int width, int height, random_numbers& random)
        : what(static_cast<kind>(number % 3)),
          x(random.below(width)),
          y(random.below(height)),
          radius(3 + random.below(38)),
          a(random.below(9) - 4),
          b(1 + random.below(4)) {
        for (float& channel : color)
            channel = static_cast<float>(random.below(256)) / 255;
    }
    [[nodiscard]] bool covers(int px, int py) const {
        const int dx = px - x, dy = py - y;
        if (what == disc)
            return dx * dx + dy * dy < radius * radius;
        if (what == bar) {
            const int along = a * dx + b * dy, across = a * dy - b * dx;
            const int limit = radius * radius * (a * a + b * b);
            return along * along < limit && 16 * across * across < limit;
        }
        return std::abs(dx) < radius && std::abs(dy) < radius &&
               (dx + dy + 2 * radius) / (radius / 3 + 1) % 2 == 0;
    }
};

}  // namespace

image::picture test_picture() {
    constexpr std::int64_t height = 96, width = 112;
    image::picture picture({1, 3, height, width});
    float* value = picture.data();
    random_numbers random;
    for (int c = 0; c < 3; ++c)
        for (std::int64_t y = 0; y < height; ++y)
            for (std::int64_t x = 0; x < width; ++x) {
                const auto u = static_cast<float>(x), v = static_cast<float>(y);
                const float wave = std::sin(0.05f * static_cast<float>(c + 2) * u + 0.09f * v);
                const float board = (x / 14 + y / 16 + c) % 2 == 0 ? 0.15f : -0.15f;
                const float grain = static_cast<float>(random.next()) * 0x1p-24f - 0.5f;
                *value++ = 0.5f + 0.25f * wave + board + 0.1f * grain;
            }
    return picture;
}

image::picture verification_picture() {
    constexpr int height = 192, width = 224, figures = 120;
    image::picture picture({1, 3, height, width});
    const auto at = [&](int c, int y, int x) -> float& {
        return picture.data()[(c * height + y) * width + x];
    };
    for (int c = 0; c < 3; ++c)
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                const auto u = static_cast<float>(x), v = static_cast<float>(y);
                const auto k = static_cast<float>(c);
                at(c, y, x) = 0.5f + 0.3f * std::sin(0.01f * (k + 2) * u + 0.013f * v + k);
            }
    random_numbers random;
    for (int number = 0; number < figures; ++number) {
        const figure next(number, width, height, random);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x)
                for (int c = 0; c < 3 && next.covers(x, y); ++c)
                    at(c, y, x) = next.color[static_cast<std::size_t>(c)];
    }
    return picture;
}

}  // namespace impasto::weights
