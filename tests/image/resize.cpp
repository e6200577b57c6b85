#include <impasto/image/resize.hpp>

#include <cmath>
#include <numbers>
#include <random>

#include <catch2/catch.hpp>

#include <impasto/core/context.hpp>
#include <impasto/core/error.hpp>
#include <impasto/image/color.hpp>

#include "image/files.hpp"

using namespace impasto;
using planes = tensor<float, cpu>;

namespace {

planes noise(shape s) {
    planes p(s);
    std::mt19937 random(42);
    std::uniform_real_distribution<float> uniform(0, 1);
    for (float& v : p)
        v = uniform(random);
    return p;
}

double keys(double x) {
    x = std::abs(x);
    if (x < 1)
        return 1.5 * x * x * x - 2.5 * x * x + 1;
    return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

/// One output pixel as the definition has it: both axes at once, every tap, in double.
double reference(const float* plane, shape from, shape to, std::int64_t y, std::int64_t x) {
    const double sy = double(from.h) / double(to.h), sx = double(from.w) / double(to.w);
    const double wide_y = std::max(sy, 1.0), wide_x = std::max(sx, 1.0);
    const double cy = (double(y) + 0.5) * sy, cx = (double(x) + 0.5) * sx;
    double sum = 0, total = 0;
    for (std::int64_t i = std::lround(cy - 2 * wide_y) - 2; double(i) <= cy + 2 * wide_y + 2; ++i) {
        for (std::int64_t j = std::lround(cx - 2 * wide_x) - 2; double(j) <= cx + 2 * wide_x + 2;
             ++j) {
            const double weight =
                keys((double(i) + 0.5 - cy) / wide_y) * keys((double(j) + 0.5 - cx) / wide_x);
            const auto row = std::clamp<std::int64_t>(i, 0, from.h - 1);
            const auto column = std::clamp<std::int64_t>(j, 0, from.w - 1);
            sum += weight * plane[row * from.w + column];
            total += weight;
        }
    }
    return sum / total;
}

}  // namespace

TEST_CASE("resizing agrees with the sum over both axes, at odd sizes") {
    const std::pair<shape, shape> cases[] = {
        {{1, 1, 23, 51}, {1, 1, 7, 19}},  {{2, 5, 7, 11}, {2, 5, 16, 23}},
        {{1, 2, 37, 8}, {1, 2, 5, 31}},   {{1, 1, 1, 1}, {1, 1, 3, 5}},
        {{1, 1, 13, 17}, {1, 1, 1, 1}},   {{1, 1, 2, 100}, {1, 1, 3, 3}},
        {{1, 17, 9, 10}, {1, 17, 9, 11}}, {{1, 1, 64, 64}, {1, 1, 63, 64}}};
    for (const auto& [from, to] : cases) {
        const planes in = noise(from);
        const planes out = image::resize_planes(in, to.h, to.w);
        REQUIRE(out.shape() == to);
        for (std::int64_t p = 0; p < from.n * from.c; ++p)
            for (std::int64_t y = 0; y < to.h; ++y)
                for (std::int64_t x = 0; x < to.w; ++x) {
                    const double expected =
                        reference(in.data() + p * from.pixels(), from, to, y, x);
                    // Weights and sums are rounded to float twice, over at most ~70 taps.
                    if (std::abs(out.data()[(p * to.h + y) * to.w + x] - expected) > 2e-6)
                        FAIL_CHECK(to_string(from)
                                   << " to " << to_string(to) << " at " << p << "," << y << "," << x
                                   << ": expected " << expected << ", found "
                                   << out.data()[(p * to.h + y) * to.w + x]);
                }
    }
}

TEST_CASE("the same size gives the same bits") {
    const image::picture p = noise({1, 3, 13, 29});
    const auto same = image::resize(p, 13, 29);
    CHECK(same.data() != p.data());
    CHECK(std::equal(p.begin(), p.end(), same.begin()));
    planes moments = noise({1, 3, 5, 4});
    moments.data()[7] = -1e30f;
    CHECK(image::resize_planes(moments, 5, 4).data()[7] == -1e30f);
}

TEST_CASE("a flat picture stays flat") {
    for (const float value : {0.0f, 0.02f, 0.5f, 1.0f}) {
        image::picture p({1, 3, 17, 23});
        std::fill(p.begin(), p.end(), value);
        for (const auto& [h, w] : {std::pair{5, 7}, {40, 50}, {5, 50}})
            for (const float v : image::resize(p, h, w))
                CHECK(v == Approx(value).margin(1e-6));
    }
}

TEST_CASE("a fine checkerboard shrinks to the grey of half the light") {
    image::picture p({1, 3, 64, 64});
    for (std::int64_t i = 0; i < p.size(); ++i)
        p.data()[i] = static_cast<float>((i + i / 64) % 2);
    const auto small = image::resize(p, 8, 8);
    for (const float v : small)
        CHECK(v == Approx(0.7354).margin(0.02));
    CHECK(small.data()[4 * 8 + 4] == Approx(0.7354).margin(1e-3));
    CHECK(image::resize_planes(p, 8, 8).data()[4 * 8 + 4] == Approx(0.5).margin(1e-3));
}

TEST_CASE("shrinking does not alias: waves finer than the new pixels vanish") {
    planes p({1, 1, 4, 300});
    for (std::int64_t i = 0; i < p.size(); ++i)
        p.data()[i] = static_cast<float>(std::cos(2 * std::numbers::pi * double(i % 300) / 2.7));
    const planes small = image::resize_planes(p, 4, 75);
    for (std::int64_t x = 4; x < 71; ++x)
        CHECK(std::abs(small.data()[x]) < 0.02);
}

TEST_CASE("a ramp stays a ramp and is not clamped by resize_planes") {
    planes p({1, 1, 1, 20});
    for (int x = 0; x < 20; ++x)
        p.data()[x] = static_cast<float>(3 * x - 30);
    const planes wide = image::resize_planes(p, 1, 40);
    for (int x = 5; x < 35; ++x)
        CHECK(wide.data()[x] == Approx(3 * ((x + 0.5) / 2 - 0.5) - 30).margin(1e-4));
}

TEST_CASE("resize keeps pictures within 0 and 1 where the filter overshoots") {
    image::picture p({1, 3, 8, 8});
    for (std::int64_t i = 0; i < p.size(); ++i)
        p.data()[i] = i % 8 < 4 ? 0.0f : 1.0f;
    const planes free = image::resize_planes(p, 8, 24);
    CHECK(*std::max_element(free.begin(), free.end()) > 1.01f);
    for (const float v : image::resize(p, 8, 24)) {
        CHECK(v >= 0);
        CHECK(v <= 1);
    }
}

TEST_CASE("the number of threads does not change a bit") {
    const image::picture p = noise({1, 3, 45, 67});
    const context<cpu> one({.threads = 1});
    const auto a = image::resize(p, 91, 30);
    const context<cpu> three({.threads = 3});
    const auto b = image::resize(p, 91, 30);
    CHECK(std::equal(a.begin(), a.end(), b.begin()));
}

TEST_CASE("impossible sizes are refused") {
    const image::picture p = noise({1, 3, 4, 5});
    CHECK_THROWS_AS(image::resize(p, 0, 5), shape_error);
    CHECK_THROWS_AS(image::resize(p, 4, -1), shape_error);
    CHECK_THROWS_AS(image::resize(noise({1, 1, 4, 5}), 4, 4), shape_error);
    CHECK_THROWS_AS(image::resize_planes(planes({1, 16, 4, 5}, layout::nchw16c), 2, 2),
                    shape_error);
}

TEST_CASE("fit keeps the aspect ratio") {
    using image::extent, image::fit;
    CHECK(fit(3000, 4000, 512) == extent{384, 512});
    CHECK(fit(4000, 3000, 512) == extent{512, 384});
    CHECK(fit(100, 100, 7) == extent{7, 7});
    CHECK(fit(3, 1000, 10) == extent{1, 10});  // 0.03, at least 1
    CHECK(fit(25, 100, 10) == extent{3, 10});  // 2.5 goes up
    CHECK(fit(24, 100, 10) == extent{2, 10});  // 2.4
    CHECK(fit(300, 200, 512) == extent{300, 200});
    CHECK(fit(300, 200, 600, true) == extent{600, 400});
    CHECK(fit(300, 200, 300) == extent{300, 200});
    CHECK_THROWS_AS(fit(300, 200, 0), option_error);
    CHECK_THROWS_AS(fit(0, 200, 10), option_error);
}
