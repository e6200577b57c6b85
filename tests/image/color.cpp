#include <impasto/image/color.hpp>

#include <cmath>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "image/files.hpp"

using namespace impasto;
using image::picture;

namespace {

picture noise(std::int64_t h, std::int64_t w, float low, float high, unsigned seed) {
    picture p({1, 3, h, w});
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(low, high);
    for (float& v : p)
        v = uniform(random);
    return p;
}

struct yiq {
    double y, i, q;
};

/// The matrix as the FCC's standard gives it, to two or three digits.
yiq at(const picture& p, std::int64_t at) {
    const std::int64_t plane = p.shape().pixels();
    const double r = p.data()[at], g = p.data()[plane + at], b = p.data()[2 * plane + at];
    return {0.299 * r + 0.587 * g + 0.114 * b, 0.595716 * r - 0.274453 * g - 0.321263 * b,
            0.211456 * r - 0.522591 * g + 0.311135 * b};
}

}  // namespace

TEST_CASE("sRGB's curve has its standard values and an inverse") {
    CHECK(image::srgb_to_linear(0.5f) == Approx(0.21404114).epsilon(1e-6));
    CHECK(image::srgb_to_linear(0.04f) == Approx(0.04 / 12.92).epsilon(1e-6));
    CHECK(image::linear_to_srgb(0.0f) == 0.0f);
    CHECK(image::linear_to_srgb(1.0f) == Approx(1).epsilon(1e-6));
    for (int i = 0; i <= 1000; ++i) {
        const float v = static_cast<float>(i) / 1000;
        CHECK(image::linear_to_srgb(image::srgb_to_linear(v)) == Approx(v).margin(1e-6));
    }
}

TEST_CASE("the result has the stylised picture's luminance and the photo's colours") {
    // Narrow ranges: every colour fits at every luminance.
    const auto stylised = noise(9, 14, 0.4f, 0.6f, 1), photo = noise(9, 14, 0.4f, 0.6f, 2);
    const auto result = image::with_colors_of(stylised, photo);
    for (std::int64_t i = 0; i < 9 * 14; ++i) {
        CHECK(at(result, i).y == Approx(at(stylised, i).y).margin(1e-6));
        CHECK(at(result, i).i == Approx(at(photo, i).i).margin(1e-6));
        CHECK(at(result, i).q == Approx(at(photo, i).q).margin(1e-6));
    }
}

TEST_CASE("a colour that does not fit is made paler at its luminance and hue") {
    const auto stylised = noise(31, 17, 0, 1, 3), photo = noise(31, 17, 0, 1, 4);
    const auto result = image::with_colors_of(stylised, photo);
    int faded = 0;
    for (std::int64_t i = 0; i < 31 * 17; ++i) {
        const yiq found = at(result, i), wanted = at(photo, i);
        CHECK(found.y == Approx(at(stylised, i).y).margin(2e-6));
        CHECK(found.i * wanted.q == Approx(found.q * wanted.i).margin(1e-6));
        CHECK(std::hypot(found.i, found.q) <= std::hypot(wanted.i, wanted.q) + 1e-6);
        faded += std::hypot(found.i, found.q) < 0.99 * std::hypot(wanted.i, wanted.q);
    }
    CHECK(faded > 20);
    for (const float v : result)
        CHECK((v >= 0 && v <= 1));
}

TEST_CASE("a picture with its own colours is itself") {
    const auto p = noise(8, 9, 0, 1, 5);
    const auto same = image::with_colors_of(p, p);
    for (std::int64_t i = 0; i < p.size(); ++i)
        CHECK(same.data()[i] == Approx(p.data()[i]).margin(1e-6));
}

TEST_CASE("matched luminance has the photo's mean and deviation") {
    const auto painting = noise(40, 50, 0.45f, 0.55f, 6), photo = noise(20, 30, 0.2f, 0.7f, 7);
    const auto moments = [](const picture& p) {
        const auto y = image::luminance(p);
        double sum = 0, squares = 0;
        for (const float v : y)
            sum += v;
        const double mean = sum / static_cast<double>(y.size());
        for (const float v : y)
            squares += (v - mean) * (v - mean);
        return std::pair(mean, std::sqrt(squares / static_cast<double>(y.size())));
    };
    const auto matched = image::match_luminance(painting, photo);
    CHECK(matched.shape() == painting.shape());
    CHECK(moments(matched).first == Approx(moments(photo).first).epsilon(1e-3));
    CHECK(moments(matched).second == Approx(moments(photo).second).epsilon(1e-2));
    // Flat: no deviation to stretch.
    picture flat({1, 3, 4, 4});
    std::fill(flat.begin(), flat.end(), 0.25f);
    for (const float v : image::match_luminance(flat, photo))
        CHECK(v == Approx(moments(photo).first).epsilon(1e-5));
}

TEST_CASE("psnr is 20 dB at a tenth and infinite for equals") {
    picture a({1, 3, 4, 5}), b({1, 3, 4, 5});
    std::fill(a.begin(), a.end(), 0.5f);
    std::fill(b.begin(), b.end(), 0.6f);
    CHECK(image::psnr(a, b) == Approx(20).epsilon(1e-5));
    CHECK(image::psnr(a, a) == std::numeric_limits<double>::infinity());
}

TEST_CASE("pictures that differ in size are refused") {
    const auto a = noise(4, 5, 0, 1, 1), b = noise(5, 4, 0, 1, 1);
    CHECK_THROWS_AS(image::with_colors_of(a, b), shape_error);
    CHECK_THROWS_AS(image::psnr(a, b), shape_error);
    CHECK_THROWS_AS(image::luminance(tensor<float, cpu>({1, 1, 4, 5})), shape_error);
}
