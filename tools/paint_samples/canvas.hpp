#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "vec.hpp"

namespace samples {

/// A picture being made: RGB, rows from the top, one vec3 a pixel.
struct canvas {
    canvas(int columns, int rows) : width(columns), height(rows), pixels(columns * rows) {}

    vec3& at(int x, int y) { return pixels[y * width + x]; }
    const vec3& at(int x, int y) const { return pixels[y * width + x]; }

    int width, height;
    std::vector<vec3> pixels;
};

/// Calls row(y) for every y in [0, rows), on all cores; rows must not depend on each other.
template <typename Row>
void for_each_row(int rows, const Row& row) {
    std::atomic<int> next = 0;
    const auto work = [&] {
        for (int y; (y = next++) < rows;) {
            row(y);
        }
    };
    std::vector<std::jthread> helpers;
    for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) {
        helpers.emplace_back(work);
    }
    work();
}

/// The three pictures, sRGB in [0,1].
canvas render_harbor(int width, int height, int samples_per_side);
canvas paint_swirls(int width, int height);
canvas paint_ember(int width, int height);

}  // namespace samples
