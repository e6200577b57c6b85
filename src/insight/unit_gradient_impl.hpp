#pragma once

#include <string>
#include <utility>

#include <impasto/image/crop.hpp>
#include <impasto/insight/unit_gradient.hpp>
#include <impasto/ops/transfer.hpp>

// For every device: instantiated for the CPU in unit_gradient.cpp, for a GPU in
// insight_cuda.cpp.
namespace impasto::insight {

namespace detail {

/// Throws option_error unless there is one.
[[nodiscard]] const std::string& only_tap(const nn::features_options& options);

/// Throws option_error for a unit that a map lacks.
void expect_unit(const unit& wanted, const shape& map);

/// Where an element of a map lies in memory.
[[nodiscard]] inline std::int64_t offset_of(const shape& map, layout order, const unit& at) {
    const auto pixel = at.row * map.w + at.column, block = channel_block(order);
    if (order == layout::nhwc)
        return pixel * map.c + at.channel;
    return (at.channel / block * map.h * map.w + pixel) * block + at.channel % block;
}

}  // namespace detail

template <class Device>
unit_gradient<Device>::unit_gradient(const nn::network& net, nn::features_options options)
    : sized_(net, std::move(options)),
      field_(receptive_field_of(net.layers, detail::only_tap(sized_.options()))) {}

template <class Device>
tensor<float, cpu> unit_gradient<Device>::of(context<Device>& ctx, image::picture_view pixels,
                                             const unit& wanted) {
    const auto [n, c, h, w] = pixels.shape();
    const auto& layers = sized_.network().layers;
    const auto tap = nn::find_tap(layers, detail::only_tap(sized_.options()));
    detail::expect_unit(wanted,
                        {1, layers[tap].out_channels, h / field_.stride, w / field_.stride});
    const auto box = crop_of_unit(field_, wanted.row, wanted.column, h, w);
    const auto crop = image::crop(pixels, box);
    auto& features = sized_.forward(ctx, crop);

    const unit here{wanted.channel, wanted.row - box.y / field_.stride,
                    wanted.column - box.x / field_.stride};
    const auto add_one = [&](std::size_t, auto map, tensor_view<float, Device> d_map) {
        const float one = 1;
        float* at = d_map.data() + detail::offset_of(map.shape(), map.layout(), here);
        ops::upload(ctx, {&one, {1, 1, 1, 1}}, tensor_view<float, Device>(at, {1, 1, 1, 1}));
    };
    const auto d_pixels = d_pixels_.of(crop.shape());
    features.backward(ctx, add_one, d_pixels);
    tensor<float, cpu> gradient(crop.shape());
    ops::download(ctx, d_pixels, gradient.view());
    return gradient;
}

}  // namespace impasto::insight
