#include <impasto/image/color.hpp>

#include <algorithm>

#include <impasto/core/error.hpp>

#include "image/expect.hpp"

namespace impasto::image {

namespace {

using color = std::array<float, 3>;

color at(picture_view pixels, std::int64_t i) {
    const std::int64_t plane = pixels.shape().pixels();
    return {pixels.data()[i], pixels.data()[plane + i], pixels.data()[2 * plane + i]};
}

float luminance_of(const color& rgb) {
    return luminance_weights[0] * rgb[0] + luminance_weights[1] * rgb[1] +
           luminance_weights[2] * rgb[2];
}

/// I and Q are linear in the differences R − Y, G − Y, B − Y, and Y adds the same to all three: a
/// new luminance moves the three together, and a common factor on the differences fades the colour.
color at_luminance(const color& rgb, float y) {
    const float old = luminance_of(rgb);
    y = std::clamp(y, 0.0f, 1.0f);
    float saturation = 1;
    for (const float channel : rgb) {
        const float difference = channel - old;
        const float room = difference > 0 ? 1 - y : y;
        if (std::abs(difference) > room)
            saturation = std::min(saturation, room / std::abs(difference));
    }
    color result;
    for (int c = 0; c < 3; ++c)
        result[c] = std::clamp(y + saturation * (rgb[c] - old), 0.0f, 1.0f);
    return result;
}

/// The picture with pixel i at luminance y(i).
template <class Function>
picture at_luminances(picture_view pixels, Function y) {
    picture result(pixels.shape());
    const std::int64_t plane = pixels.shape().pixels();
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < plane; ++i) {
        const color rgb = at_luminance(at(pixels, i), y(i));
        for (int c = 0; c < 3; ++c)
            result.data()[c * plane + i] = rgb[c];
    }
    return result;
}

struct moments {
    double mean, deviation;
};

moments luminance_moments(picture_view p) {
    const auto count = static_cast<double>(p.shape().pixels());
    double sum = 0, squares = 0;
    for (std::int64_t i = 0; i < p.shape().pixels(); ++i)
        sum += luminance_of(at(p, i));
    for (std::int64_t i = 0; i < p.shape().pixels(); ++i)
        squares += std::pow(luminance_of(at(p, i)) - sum / count, 2);
    return {sum / count, std::sqrt(squares / count)};
}

}  // namespace

tensor<float, cpu> luminance(picture_view pixels) {
    detail::expect_picture("luminance", pixels);
    tensor<float, cpu> y({1, 1, pixels.shape().h, pixels.shape().w});
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < y.size(); ++i)
        y.data()[i] = luminance_of(at(pixels, i));
    return y;
}

picture with_colors_of(picture_view stylised, picture_view photo) {
    detail::expect_picture("with_colors_of", stylised);
    detail::expect_picture("with_colors_of", photo);
    expect_shape("with_colors_of", "photo", stylised.shape(), photo.shape());
    return at_luminances(photo, [&](std::int64_t i) { return luminance_of(at(stylised, i)); });
}

picture match_luminance(picture_view painting, picture_view photo) {
    detail::expect_picture("match_luminance", painting);
    detail::expect_picture("match_luminance", photo);
    const moments from = luminance_moments(painting), to = luminance_moments(photo);
    const double gain = from.deviation > 0 ? to.deviation / from.deviation : 1;
    return at_luminances(painting, [&](std::int64_t i) {
        return static_cast<float>(to.mean + gain * (luminance_of(at(painting, i)) - from.mean));
    });
}

double psnr(tensor_view<const float, cpu> a, tensor_view<const float, cpu> b) {
    expect_shape("psnr", "second picture", a.shape(), b.shape());
    double squares = 0;
    for (std::int64_t i = 0; i < a.size(); ++i)
        squares += std::pow(static_cast<double>(a.data()[i]) - b.data()[i], 2);
    return 10 * std::log10(static_cast<double>(a.size()) / squares);
}

}  // namespace impasto::image
