#include <impasto/insight/patch_distance.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/ops/random.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using insight::patch_distance;

namespace {

image::picture random_picture(std::int64_t height, std::int64_t width, unsigned seed) {
    return to_tensor(random_map(3, height, width, seed, 0, 1).values, {1, 3, height, width});
}

image::picture brighter(const image::picture& picture, float by) {
    image::picture result(picture.shape());
    std::ranges::transform(picture, result.begin(), [by](float v) { return v + by; });
    return result;
}

/// θ·x of every patch, each `times` times, sorted.
std::vector<double> projected(const map<double>& m, const std::vector<double>& theta,
                              std::int64_t k, std::size_t times) {
    std::vector<double> values;
    for (std::int64_t y = 0; y + k <= m.h; ++y)
        for (std::int64_t x = 0; x + k <= m.w; ++x) {
            double sum = 0;
            std::size_t i = 0;
            for (std::int64_t c = 0; c < 3; ++c)
                for (std::int64_t r = 0; r < k; ++r)
                    for (std::int64_t s = 0; s < k; ++s)
                        sum += theta[i++] * m.at(c, y + r, x + s);
            values.insert(values.end(), times, sum);
        }
    std::ranges::sort(values);
    return values;
}

/// Both sets of patches are repeated until they are equally large, which changes no quantile.
double naive(const map<double>& a, const map<double>& b, std::int64_t k, std::int64_t directions,
             std::uint64_t seed) {
    context<cpu> ctx;
    const auto length = static_cast<std::size_t>(3 * k * k);
    tensor<float, cpu> normals({1, 1, directions, 3 * k * k});
    ops::fill_normal(ctx, seed, 0, 1, normals);
    const auto count = [k](const map<double>& m) {
        return static_cast<std::size_t>((m.h - k + 1) * (m.w - k + 1));
    };
    double sum = 0;
    for (std::size_t d = 0; d < static_cast<std::size_t>(directions); ++d) {
        std::vector<double> theta(normals.data() + d * length, normals.data() + (d + 1) * length);
        const double norm = std::sqrt(reference::dot(theta, theta));
        for (double& value : theta)
            value /= norm;
        const auto x = projected(a, theta, k, count(b)), y = projected(b, theta, k, count(a));
        for (std::size_t i = 0; i < x.size(); ++i)
            sum +=
                (x[i] - y[i]) * (x[i] - y[i]) / static_cast<double>(x.size() * normals.shape().h);
    }
    return std::sqrt(sum);
}

}  // namespace

TEST_CASE("patches are at no distance from themselves, and at some from others'") {
    context<cpu> ctx;
    const auto picture = random_picture(31, 40, 1);
    CHECK(patch_distance(ctx, picture, picture) == 0);
    for (const double distance : insight::patch_distances(ctx, picture, picture))
        CHECK(distance == 0);
    CHECK(patch_distance(ctx, picture, brighter(picture, 0.1f)) > 0.05);
}

TEST_CASE("the distance of patches is that of a naive version, whatever their numbers") {
    context<cpu> ctx({.threads = 3});
    const auto a = random_map(3, 9, 8, 1, 0, 1);
    for (const auto& [height, width] : {std::pair{9, 8}, {5, 6}, {12, 11}, {3, 3}}) {
        CAPTURE(height, width);
        const auto b = random_map(3, height, width, 2, 0.2, 0.7);
        const insight::patch_distance_options options{.patch = 3, .directions = 7, .seed = 5};
        CHECK(patch_distance(ctx, to_tensor(a.values, a.shape()), to_tensor(b.values, b.shape()),
                             options) == Approx(naive(a, b, 3, 7, 5)).epsilon(1e-5));
    }
}

TEST_CASE("the distance of patches does not depend on where they are") {
    context<cpu> ctx;
    const insight::patch_distance_options pixels{.patch = 1};
    const auto a = random_map(3, 13, 11, 1, 0, 1);
    std::vector<std::int64_t> order(static_cast<std::size_t>(a.h * a.w));
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = static_cast<std::int64_t>(i);
    std::shuffle(order.begin(), order.end(), std::mt19937(3));
    map<double> shuffled(3, a.h, a.w);
    for (std::int64_t k = 0; k < 3; ++k)
        for (std::int64_t i = 0; i < a.h * a.w; ++i) {
            const auto from = order[static_cast<std::size_t>(i)];
            shuffled.at(k, i / a.w, i % a.w) = a.at(k, from / a.w, from % a.w);
        }
    const auto one = to_tensor(a.values, a.shape()), other = to_tensor(shuffled.values, a.shape());
    CHECK(patch_distance(ctx, one, other, pixels) == 0);
    CHECK(patch_distance(ctx, one, other) > 0);  // larger patches do see the difference
}

TEST_CASE("the distance of patches is in units of pixel values, and grows with the difference") {
    context<cpu> ctx;
    const auto picture = random_picture(16, 16, 1);
    const insight::patch_distance_options many{.patch = 3, .directions = 4096};
    double before = 0;
    for (const float by : {0.05f, 0.1f, 0.2f}) {
        CHECK(patch_distance(ctx, picture, brighter(picture, by), many) ==
              Approx(by).epsilon(0.05));
        const double distance = patch_distance(ctx, picture, brighter(picture, by));
        CHECK(distance > before);
        before = distance;
    }
}

TEST_CASE("the distance of patches is the same for every number of threads") {
    context<cpu> one({.threads = 1}), three({.threads = 3});
    const auto a = random_picture(19, 23, 1), b = random_picture(29, 17, 2);
    CHECK(patch_distance(one, a, b) == patch_distance(three, a, b));
}

TEST_CASE("patches are compared at three sizes, the painting at the picture's longest side") {
    context<cpu> ctx;
    const auto picture = random_picture(31, 41, 1), painting = random_picture(50, 36, 2);
    const auto found = insight::patch_distances(ctx, picture, painting);
    const auto at = [&](std::int64_t divisor) {
        return patch_distance(ctx, image::resize(picture, 31 / divisor, 41 / divisor),
                              image::resize(painting, 41 / divisor, 30 / divisor));
    };
    CHECK(found[0] == at(1));
    CHECK(found[1] == at(2));
    CHECK(found[2] == at(4));
    CHECK_THROWS_WITH(insight::patch_distances(ctx, picture, random_picture(60, 20, 2)),
                      Catch::Matchers::Contains("style: ") && Catch::Matchers::Contains("14x41") &&
                          Catch::Matchers::Contains("28x28"));
}

TEST_CASE("the distance of patches refuses what has no patch") {
    context<cpu> ctx;
    const auto picture = random_picture(9, 9, 1);
    CHECK_THROWS_AS(patch_distance(ctx, picture, random_picture(6, 9, 1)), shape_error);
    CHECK_THROWS_AS(patch_distance(ctx, filled({1, 1, 9, 9}, layout::nchw, 0), picture),
                    shape_error);
    CHECK_THROWS_AS(patch_distance(ctx, picture, picture, {.patch = 0}), option_error);
    CHECK_THROWS_AS(patch_distance(ctx, picture, picture, {.directions = 0}), option_error);
}
