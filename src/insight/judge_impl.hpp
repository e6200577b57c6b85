#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/image/picture_error.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/judge.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/ops/gram.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/ops/scalars.hpp>
#include <impasto/ops/transfer.hpp>
#include <impasto/ops/vector.hpp>

#include "painter/schedule.hpp"

// For every device: instantiated for the CPU in judge.cpp, for a GPU in insight_cuda.cpp.
namespace impasto::insight {

namespace detail {

inline constexpr const char* judged_content = "relu4_2";

/// Those of relu1_1 … relu5_1 that the network has.
[[nodiscard]] inline std::vector<std::string> judged_styles(const nn::network& network) {
    constexpr std::array wanted{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"};
    std::vector<std::string> found;
    for (const auto& layer : network.layers)
        if (std::ranges::find(wanted, nn::tap_name_of(layer)) != wanted.end())
            found.push_back(nn::tap_name_of(layer));
    return found;
}

/// What a judgement needs of one picture.
template <class Device>
struct judged_features {
    std::vector<tensor<float, Device>> grams;  ///< [1,1,C,C] over the maps' pixels
    tensor<float, Device> content;             ///< empty unless asked for
};

/// styles: layers of Gram matrices, in the network's order; content: a layer, or empty.
template <class Device>
judged_features<Device> look(context<Device>& ctx, const nn::network& network,
                             image::picture_view pixels, const std::vector<std::string>& styles,
                             const std::string& content, const ops::conv_method& how) {
    auto taps = styles;
    if (!content.empty())
        taps.push_back(content);
    nn::features<float, Device> features(
        ctx, network, pixels.shape(),
        {.taps = taps, .view = {.convolution = how}, .backward = false});
    tensor<float, Device> uploaded(pixels.shape());
    ops::upload(ctx, pixels, uploaded.view());
    judged_features<Device> found;
    features.forward(ctx, uploaded, [&](std::size_t tap, auto map) {
        if (tap == styles.size()) {
            found.content = tensor<float, Device>(map.shape(), map.layout());
            ops::copy(ctx, map, found.content);
            return;
        }
        auto& gram = found.grams.emplace_back(shape{1, 1, map.shape().c, map.shape().c});
        ops::gram(ctx, map, gram);
        ops::scale(ctx, 1 / static_cast<float>(map.shape().pixels()), gram);
    });
    return found;
}

/// No difference is no distance, from nothing as well.
[[nodiscard]] inline double relative(double difference, double whole) {
    return difference == 0 ? 0 : difference / whole;
}

template <class Device>
double gram_distance(context<Device>& ctx, tensor_view<const float, Device> gram,
                     tensor_view<const float, Device> target) {
    ops::scalars<Device> sum(ctx, 1);
    ops::gram_error(ctx, gram, 1, target, 0, {}, sum.slots(0));
    return relative(sum.read(ctx)[0], ops::dot(ctx, target, target));
}

template <class Device>
double map_distance(context<Device>& ctx, tensor_view<const float, Device> map,
                    tensor_view<const float, Device> target) {
    ops::scalars<Device> sum(ctx, 1);
    ops::squared_error(ctx, map, target, 0, {}, sum.slots(0));
    return relative(sum.read(ctx)[0], ops::dot(ctx, target, target));
}

inline void expect_judgeable(const char* which, const nn::network& network,
                             const std::string& deepest, const shape& pixels) {
    painter_detail::check_picture(which, pixels);
    try {
        nn::expect_pixels(network.layers, nn::find_tap(network.layers, deepest), pixels);
    } catch (const shape_error& e) {
        throw image::picture_error(which, e.what());
    }
}

}  // namespace detail

template <class Device>
judgement judge(context<Device>& ctx, const nn::network& network, image::picture_view picture,
                image::picture_view photo, image::picture_view painting,
                const ops::conv_method& how) {
    const std::string content = detail::judged_content;
    const auto styles = detail::judged_styles(network);
    (void)nn::find_tap(network.layers, content);
    const bool deep = styles.back() == "relu5_1";
    detail::expect_judgeable("picture", network, deep ? styles.back() : content, picture.shape());
    painter_detail::check_picture("content", photo.shape());
    painter_detail::check_picture("style", painting.shape());
    const auto [height, width] = image::extent{picture.shape().h, picture.shape().w};
    const auto beside = painter_detail::style_size(painting.shape(), {height, width}, 1);
    detail::expect_judgeable("style", network, styles.back(), {1, 3, beside.height, beside.width});

    const auto seen = detail::look(ctx, network, picture, styles, content, how);
    const auto of_photo =
        detail::look(ctx, network, image::resize(photo, height, width), {}, content, how);
    const auto of_painting = detail::look(
        ctx, network, image::resize(painting, beside.height, beside.width), styles, {}, how);
    judgement result;
    for (std::size_t i = 0; i < styles.size(); ++i) {
        const double value =
            detail::gram_distance<Device>(ctx, seen.grams[i], of_painting.grams[i]);
        result.style.push_back({styles[i], value});
        result.style_mean += value / static_cast<double>(styles.size());
    }
    result.content = {content, detail::map_distance<Device>(ctx, seen.content, of_photo.content)};
    return result;
}

}  // namespace impasto::insight
