#include <impasto/insight/patch_distance.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/image/picture_error.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/ops/random.hpp>

#include "painter/schedule.hpp"

namespace impasto::insight {

namespace {

void check(const patch_distance_options& options) {
    if (options.patch < 1 || options.directions < 1)
        throw option_error("patch distance: patches of " + std::to_string(options.patch) +
                           " pixels in " + std::to_string(options.directions) +
                           " directions; both are to be at least 1");
}

/// divisor: by how much the picture is shrunk before its patches are taken.
void check(const char* which, const shape& picture, const patch_distance_options& options,
           std::int64_t divisor = 1) {
    painter_detail::check_picture(which, picture);
    const auto least = std::to_string(options.patch * divisor);
    if (std::min(picture.h, picture.w) < options.patch * divisor)
        throw image::picture_error(
            which, "a picture of " + std::to_string(picture.w) + "x" + std::to_string(picture.h) +
                       " pixels is too small to compare patches, which needs at least " + least +
                       "x" + least);
}

std::size_t patches_of(const shape& picture, std::int64_t patch) {
    return static_cast<std::size_t>((picture.h - patch + 1) * (picture.w - patch + 1));
}

/// [1,1,D,3k²], each row of length 1: uniform on the sphere, since normals know no direction.
tensor<float, cpu> directions_of(context<cpu>& ctx, const patch_distance_options& options) {
    const auto length = 3 * options.patch * options.patch;
    tensor<float, cpu> directions({1, 1, options.directions, length});
    ops::fill_normal(ctx, options.seed, 0, 1, directions);
    for (std::int64_t d = 0; d < options.directions; ++d) {
        const std::span row(directions.data() + d * length, static_cast<std::size_t>(length));
        double squares = 0;
        for (const float value : row)
            squares += static_cast<double>(value) * static_cast<double>(value);
        for (float& value : row)
            value = static_cast<float>(static_cast<double>(value) / std::sqrt(squares));
    }
    return directions;
}

/// θ·x for every patch x, sorted. direction: [3,k,k].
void project(image::picture_view picture, const float* direction, std::int64_t patch,
             std::vector<float>& values) {
    const auto [n, c, h, w] = picture.shape();
    const auto width = w - patch + 1;
    std::ranges::fill(values, 0.0f);
    for (std::int64_t k = 0; k < 3; ++k)
        for (std::int64_t y = 0; y + patch <= h; ++y)
            for (std::int64_t r = 0; r < patch; ++r)
                for (std::int64_t s = 0; s < patch; ++s) {
                    const float weight = direction[(k * patch + r) * patch + s];
                    const float* from = picture.data() + (k * h + y + r) * w + s;
                    float* to = values.data() + y * width;
                    for (std::int64_t x = 0; x < width; ++x)
                        to[x] += weight * from[x];
                }
    std::ranges::sort(values);
}

/// W₂² of two sorted samples. Both quantile functions are constant between the multiples of 1/n and
/// of 1/m; positions are counted in units of 1/(n·m), exactly.
double squared_distance(const std::vector<float>& a, const std::vector<float>& b) {
    const auto n = static_cast<std::int64_t>(a.size()), m = static_cast<std::int64_t>(b.size());
    double sum = 0;
    for (std::int64_t i = 0, j = 0, here = 0; i < n && j < m;) {
        const auto next = std::min((i + 1) * m, (j + 1) * n);
        const double difference = static_cast<double>(a[static_cast<std::size_t>(i)]) -
                                  static_cast<double>(b[static_cast<std::size_t>(j)]);
        sum += static_cast<double>(next - here) * difference * difference;
        here = next;
        i += here == (i + 1) * m;
        j += here == (j + 1) * n;
    }
    return sum / static_cast<double>(n) / static_cast<double>(m);
}

}  // namespace

double patch_distance(context<cpu>& ctx, image::picture_view a, image::picture_view b,
                      const patch_distance_options& options) {
    check(options);
    check("picture", a.shape(), options);
    check("style", b.shape(), options);
    const auto directions = directions_of(ctx, options);
    const auto threads = std::min<std::int64_t>(ctx.threads(), options.directions);
    struct samples {
        std::vector<float> a, b;
    };
    const samples one{std::vector<float>(patches_of(a.shape(), options.patch)),
                      std::vector<float>(patches_of(b.shape(), options.patch))};
    // Memory is taken here: an exception must not leave a parallel loop.
    std::vector<samples> rooms(static_cast<std::size_t>(threads), one);
    std::vector<double> squares(static_cast<std::size_t>(options.directions));
#pragma omp parallel for num_threads(static_cast <int>(threads)) schedule(static)
    for (std::int64_t t = 0; t < threads; ++t)
        for (auto d = t; d < options.directions; d += threads) {
            auto& room = rooms[static_cast<std::size_t>(t)];
            const float* direction = directions.data() + d * directions.shape().w;
            project(a, direction, options.patch, room.a);
            project(b, direction, options.patch, room.b);
            squares[static_cast<std::size_t>(d)] = squared_distance(room.a, room.b);
        }
    double sum = 0;
    for (const double value : squares)
        sum += value;
    return std::sqrt(sum / static_cast<double>(options.directions));
}

std::array<double, 3> patch_distances(context<cpu>& ctx, image::picture_view picture,
                                      image::picture_view painting,
                                      const patch_distance_options& options) {
    check(options);
    painter_detail::check_picture("picture", picture.shape());
    painter_detail::check_picture("style", painting.shape());
    const image::extent size{picture.shape().h, picture.shape().w};
    const auto beside = painter_detail::style_size(painting.shape(), size, 1);
    check("picture", picture.shape(), options, 4);
    check("style", {1, 3, beside.height, beside.width}, options, 4);
    std::array<double, 3> result{};
    for (std::int64_t i = 0, divisor = 1; i < 3; ++i, divisor *= 2) {
        const auto shrunk = [&](image::picture_view p, image::extent full) {
            return image::resize(p, full.height / divisor, full.width / divisor);
        };
        result[static_cast<std::size_t>(i)] =
            patch_distance(ctx, shrunk(picture, size), shrunk(painting, beside), options);
    }
    return result;
}

}  // namespace impasto::insight
