#pragma once

#include <algorithm>
#include <concepts>
#include <utility>
#include <vector>

#include <impasto/insight/tiled_features.hpp>

// For every device and number format: instantiated for the CPU in tiled_features.cpp, for a GPU in
// insight_cuda.cpp.
namespace impasto::insight {

namespace detail {

/// image::crop by several threads, into memory that stays.
[[nodiscard]] image::picture_view cut(image::picture_view pixels, const image::box& wanted,
                                      int threads, growing_tensor<float, cpu>& room);

[[nodiscard]] inline nn::features_options forward_alone(nn::features_options options) {
    options.backward = false;
    return options;
}

/// Threads of the host that work for a context.
[[nodiscard]] inline int host_threads(const context<cpu>& ctx) {
    return ctx.threads();
}
[[nodiscard]] inline int host_threads(const context<cuda>&) {
    return 1;
}

}  // namespace detail

template <class T, class Device>
tiled_features<T, Device>::tiled_features(const nn::network& net, nn::features_options options,
                                          std::int64_t tile)
    : sized_(net, detail::forward_alone(std::move(options))), tile_(tile) {
    for (const auto& tap : this->options().taps) {
        const auto field = fields_.emplace_back(receptive_field_of(net.layers, tap));
        if (field.size > widest_.size)
            widest_ = field;
    }
    (void)nn::tile_side(widest_, 1, tile_);
}

template <class T, class Device>
std::int64_t tiled_features<T, Device>::channels(std::size_t tap) const {
    const auto& layers = sized_.network().layers;
    return layers[nn::find_tap(layers, options().taps[tap])].out_channels;
}

// On the CPU one convolution alone takes hardly longer than reading what it wrote. Where no cache
// holds its map it goes by bands of rows, each visited while it is still there; further layers take
// so long that this would not show.
template <class T, class Device>
std::int64_t tiled_features<T, Device>::tile_height(std::int64_t height, std::int64_t width) const {
    constexpr std::int64_t first_convolution = 3, band_bytes = 8 << 20;
    if (!std::same_as<Device, cpu> || fields_.size() != 1 || widest_.size > first_convolution)
        return tile_;
    const auto bytes = channels(0) * height * width * std::int64_t{sizeof(stored<T>)};
    const auto bands = (bytes + band_bytes - 1) / band_bytes;
    if (bands < 4)
        return tile_;
    const auto rows = (height + bands - 1) / bands;
    return std::min(tile_, rows + widest_.size + 3);
}

template <class T, class Device>
void tiled_features<T, Device>::visit(
    context<Device>& ctx, image::picture_view pixels,
    const std::function<void(std::size_t, const map_part<T, Device>&)>& visit) {
    const auto [n, c, height, width] = pixels.shape();
    const nn::tile_grid grid(widest_, height, width, tile_height(height, std::min(width, tile_)),
                             tile_);
    for (std::size_t i = 0; i < grid.size(); ++i) {
        const auto here = grid.size() == 1
                              ? pixels
                              : detail::cut(pixels, grid.read(i), detail::host_threads(ctx), cut_);
        const auto& features = sized_.forward(ctx, here);
        for (std::size_t tap = 0; tap < fields_.size(); ++tap)
            visit(tap, {.map = features.tap(tap),
                        .own = grid.own(i, fields_[tap]),
                        .scale = static_cast<float>(features.tap_scale(tap)),
                        .central = central_units(fields_[tap], height, width)});
    }
}

}  // namespace impasto::insight
