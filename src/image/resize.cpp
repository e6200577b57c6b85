#include <impasto/image/resize.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/image/color.hpp>

#include "image/expect.hpp"

namespace impasto::image {

namespace {

/// Keys 1981, eq. 8 with a = -1/2.
double catmull_rom(double x) {
    x = std::abs(x);
    if (x >= 2)
        return 0;
    return x < 1 ? 1 + x * x * (1.5 * x - 2.5) : 2 + x * (-4 + x * (2.5 - 0.5 * x));
}

/// One axis of the resampling: output i is Σ_k weight(i,k) · input[first(i) + k].
struct axis {
    std::int64_t taps;  ///< the same for every output; spare ones weigh 0
    std::vector<std::int64_t> first;
    std::vector<float> weights;

    [[nodiscard]] const float* weights_of(std::int64_t i) const { return &weights[i * taps]; }
};

axis resample(std::int64_t from, std::int64_t to) {
    const double step = static_cast<double>(from) / static_cast<double>(to);
    const double stretch = std::max(step, 1.0);
    const double support = 2 * stretch;
    const auto taps = std::min(from, static_cast<std::int64_t>(std::ceil(2 * support)) + 1);
    axis a{taps, std::vector<std::int64_t>(to), std::vector<float>(to * taps)};
    std::vector<double> row(taps);
    for (std::int64_t i = 0; i < to; ++i) {
        const double center = (static_cast<double>(i) + 0.5) * step - 0.5;
        const auto low = static_cast<std::int64_t>(std::ceil(center - support));
        const auto high = static_cast<std::int64_t>(std::floor(center + support));
        a.first[i] = std::clamp(low, std::int64_t{0}, from - taps);
        std::fill(row.begin(), row.end(), 0.0);
        double total = 0;
        for (std::int64_t j = low; j <= high; ++j) {
            const double weight = catmull_rom((static_cast<double>(j) - center) / stretch);
            row[std::clamp(j, std::int64_t{0}, from - 1) - a.first[i]] += weight;
            total += weight;
        }
        for (std::int64_t k = 0; k < taps; ++k)
            a.weights[i * taps + k] = static_cast<float>(row[k] / total);
    }
    return a;
}

/// in: planes × [h,w]; out: planes × [rows.first.size(), w]
void resize_rows(const axis& rows, std::int64_t planes, std::int64_t h, std::int64_t w,
                 const float* in, float* out) {
    const auto to = std::ssize(rows.first);
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t p = 0; p < planes; ++p) {
        for (std::int64_t y = 0; y < to; ++y) {
            float* target = out + (p * to + y) * w;
            std::fill(target, target + w, 0.0f);
            for (std::int64_t k = 0; k < rows.taps; ++k) {
                const float weight = rows.weights_of(y)[k];
                const float* source = in + (p * h + rows.first[y] + k) * w;
                for (std::int64_t x = 0; x < w; ++x)
                    target[x] += weight * source[x];
            }
        }
    }
}

/// in: rows × [w]; out: rows × [columns.first.size()]
void resize_columns(const axis& columns, std::int64_t rows, std::int64_t w, const float* in,
                    float* out) {
    const auto to = std::ssize(columns.first);
#pragma omp parallel for schedule(static)
    for (std::int64_t y = 0; y < rows; ++y) {
        for (std::int64_t x = 0; x < to; ++x) {
            const float* source = in + y * w + columns.first[x];
            const float* weights = columns.weights_of(x);
            float sum = 0;
            for (std::int64_t k = 0; k < columns.taps; ++k)
                sum += weights[k] * source[k];
            out[y * to + x] = sum;
        }
    }
}

/// out[i] = f(in[i])
template <class Function>
tensor<float, cpu> mapped(tensor_view<const float, cpu> in, Function f) {
    tensor<float, cpu> out(in.shape(), in.layout());
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < in.size(); ++i)
        out.data()[i] = f(in.data()[i]);
    return out;
}

bool keeps_size(tensor_view<const float, cpu> v, std::int64_t height, std::int64_t width) {
    return v.shape().h == height && v.shape().w == width;
}

}  // namespace

tensor<float, cpu> resize_planes(tensor_view<const float, cpu> planes, std::int64_t height,
                                 std::int64_t width) {
    const auto [n, c, h, w] = planes.shape();
    if (height < 1 || width < 1 || h < 1 || w < 1 || planes.layout() != layout::nchw)
        throw shape_error("resize: from " + to_string(planes.shape()) + " in " +
                          to_string(planes.layout()) + " to " + std::to_string(width) + "x" +
                          std::to_string(height) + " pixels; give nchw and sides of at least 1");
    if (keeps_size(planes, height, width))
        return mapped(planes, [](float v) { return v; });

    tensor<float, cpu> tall({n, c, height, w}), result({n, c, height, width});
    resize_rows(resample(h, height), n * c, h, w, planes.data(), tall.data());
    resize_columns(resample(w, width), n * c * height, w, tall.data(), result.data());
    return result;
}

picture resize(picture_view pixels, std::int64_t height, std::int64_t width) {
    detail::expect_picture("resize", pixels);
    if (keeps_size(pixels, height, width))
        return resize_planes(pixels, height, width);
    const picture light = resize_planes(mapped(pixels, srgb_to_linear), height, width);
    return mapped(light, [](float v) { return linear_to_srgb(std::clamp(v, 0.0f, 1.0f)); });
}

extent fit(std::int64_t height, std::int64_t width, std::int64_t longest_side, bool enlarge) {
    if (height < 1 || width < 1 || longest_side < 1)
        throw option_error("fit: " + std::to_string(width) + "x" + std::to_string(height) +
                           " pixels to a longest side of " + std::to_string(longest_side) +
                           "; all must be at least 1");
    const std::int64_t longest = std::max(height, width);
    if (longest <= longest_side && !enlarge)
        return {height, width};
    const auto scaled = [&](std::int64_t side) {
        const std::int64_t rounded =
            (2 * checked_multiply(side, longest_side) + longest) / (2 * longest);
        return std::max(rounded, std::int64_t{1});
    };
    return {scaled(height), scaled(width)};
}

}  // namespace impasto::image
