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

/// Winograd's convolution computes blocks of 4×4.
inline constexpr std::int64_t tile_block = 4;

/// The units of one side of a map that belong to a tile, on the whole picture's map.
struct unit_range {
    std::int64_t first, last;
};

[[nodiscard]] unit_range units_of(const receptive_field& field,
                                  const std::vector<tile_range>& tiles, std::size_t i,
                                  std::int64_t side);

/// image::crop by several threads, into memory that stays.
[[nodiscard]] image::picture_view cut(image::picture_view pixels, const tile_range& rows,
                                      const tile_range& columns, int threads,
                                      growing_tensor<float, cpu>& room);

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
    (void)tile_side(widest_, 1, tile_);
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
    return std::min(
        tile_,
        (rows + detail::tile_block - 1) / detail::tile_block * detail::tile_block + widest_.size);
}

template <class T, class Device>
void tiled_features<T, Device>::visit(
    context<Device>& ctx, image::picture_view pixels,
    const std::function<void(std::size_t, const map_part<T, Device>&)>& visit) {
    const auto [n, c, height, width] = pixels.shape();
    const auto columns = tile_side(widest_, width, tile_);
    const auto rows = tile_side(widest_, height, tile_height(height, std::min(width, tile_)));
    const bool whole = rows.size() == 1 && columns.size() == 1;
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = 0; j < columns.size(); ++j) {
            const auto here =
                whole ? pixels
                      : detail::cut(pixels, rows[i], columns[j], detail::host_threads(ctx), cut_);
            const auto& features = sized_.forward(ctx, here);
            for (std::size_t tap = 0; tap < fields_.size(); ++tap) {
                const auto& field = fields_[tap];
                const auto down = detail::units_of(field, rows, i, height);
                const auto across = detail::units_of(field, columns, j, width);
                visit(tap, {.map = features.tap(tap),
                            .first_row = down.first - rows[i].first / field.stride,
                            .first_column = across.first - columns[j].first / field.stride,
                            .rows = down.last - down.first,
                            .columns = across.last - across.first,
                            .row = down.first,
                            .column = across.first,
                            .scale = static_cast<float>(features.tap_scale(tap)),
                            .central = central_units(field, height, width)});
            }
        }
}

}  // namespace impasto::insight
