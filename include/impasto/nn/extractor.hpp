#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <impasto/nn/features.hpp>
#include <impasto/nn/tiles.hpp>
#include <impasto/ops/window.hpp>

namespace impasto::nn {

/// Into which tiles a picture is split, and which units are used.
struct tiling {
    /// Largest side of a tile, in pixels; 0: the whole picture is one tile. With border::wrap the
    /// picture is always one tile.
    std::int64_t side = 0;
};

/// Computes feature maps and gradients for pictures of one size, whole or in exact tiles: every
/// unit is visited once and has the value that it has in the whole picture; only the feature maps
/// of the largest tile are in memory. Planned once; forward and backward allocate nothing.
template <class T, class Device>
class extractor {
public:
    /// pixels: [1,3,H,W]. Throws as features does, and option_error if the tile is too small.
    extractor(context<Device>& ctx, const network& net, shape pixels,
              const features_options& options, const tiling& how = {});

    [[nodiscard]] shape pixels_shape() const { return pixels_; }
    [[nodiscard]] std::size_t tile_count() const { return tiles_.size(); }
    [[nodiscard]] std::size_t tap_count() const { return plans_.front().tap_count(); }
    /// Shape of the used units of the whole picture; taps are in the order of options.taps.
    [[nodiscard]] shape tap_shape(std::size_t tap) const { return taps_[tap]; }
    /// Shape of the used units of one tile.
    [[nodiscard]] shape tap_shape(std::size_t tap, std::size_t tile) const {
        const auto& own = tiles_[tile].own[tap].in_tile;
        return {1, taps_[tap].c, own.rows, own.columns};
    }
    /// See features.
    [[nodiscard]] double tap_scale(std::size_t tap) const { return plans_.front().tap_scale(tap); }

    /// Memory of arena, filters and windows of tiles in bytes, known after planning.
    [[nodiscard]] std::size_t peak_bytes() const;
    /// Multiply-adds of one forward pass over all tiles.
    [[nodiscard]] std::int64_t forward_macs() const;

    /// Runs tile after tile, and calls visit(tile, tap, features) as soon as a tap is computed.
    template <class Visit>
    void forward(context<Device>& ctx, tensor_view<const float, Device> pixels, Visit&& visit) {
        for (std::size_t tile = 0; tile < tiles_.size(); ++tile)
            run_forward(ctx, pixels, tile,
                        [&](std::size_t tap, tensor_view<const stored<T>, Device> map) {
                            visit(tile, tap, own_map(ctx, tile, tap, map));
                        });
    }

    /// Writes dJ/dpixels. Call once after each forward, with the same pixels; all tiles except the
    /// last are run forward again. Calls add_gradient(tile, tap, features, gradient), which adds
    /// ∂J/∂features to `gradient` in place; see features.
    template <class AddGradient>
    void backward(context<Device>& ctx, tensor_view<const float, Device> pixels,
                  AddGradient&& add_gradient, tensor_view<float, Device> d_pixels,
                  double gradient_scale = 1);

private:
    struct piece {
        std::size_t plan;
        image::box read;
        std::vector<own_units> own;  // for each tap
    };

    void take_whole(context<Device>& ctx, const network& net, const features_options& options);
    void take_tiles(context<Device>& ctx, const network& net, const features_options& options,
                    std::span<const receptive_field> fields, std::int64_t side);
    void reserve_windows();
    template <class Visit>
    void run_forward(context<Device>& ctx, tensor_view<const float, Device> pixels,
                     std::size_t index, Visit&& visit);
    [[nodiscard]] tensor_view<const stored<T>, Device> own_map(
        context<Device>& ctx, std::size_t tile, std::size_t tap,
        tensor_view<const stored<T>, Device> map);
    [[nodiscard]] bool whole(const image::box& read) const {
        return read.width == pixels_.w && read.height == pixels_.h;
    }
    /// True if all units that a tile computes of a tap belong to it.
    [[nodiscard]] bool covers(std::size_t tile, std::size_t tap) const {
        return plans_[tiles_[tile].plan].tap_shape(tap) == tap_shape(tap, tile);
    }
    template <class U>
    static tensor_view<U, Device> window(tensor<U, Device>& memory, const shape& s, layout l) {
        return {memory.data(), s, l};
    }

    shape pixels_;
    layout layout_;
    bool backward_;
    std::vector<piece> tiles_;
    std::vector<features<T, Device>> plans_;  // one for each tile size
    std::vector<shape> taps_;
    std::size_t at_ = 0;    // the plan that owns the memory
    std::size_t seen_ = 0;  // the tile of the last forward pass
    // For tiles smaller than the picture; for taps with units that do not belong to the tile.
    tensor<float, Device> tile_pixels_, tile_gradient_;
    tensor<stored<T>, Device> own_map_, own_gradient_;
};

template <class T, class Device>
extractor<T, Device>::extractor(context<Device>& ctx, const network& net, shape pixels,
                                const features_options& options, const tiling& how)
    : pixels_(pixels), layout_(ctx.feature_layout()), backward_(options.backward) {
    const bool one = how.side == 0 || options.view.border == ops::border::wrap ||
                     std::max(pixels.h, pixels.w) <= how.side;
    std::vector<receptive_field> fields;
    for (const auto& tap : options.taps)
        fields.push_back(receptive_field_of(net.layers, tap));
    if (one)
        take_whole(ctx, net, options);
    else
        take_tiles(ctx, net, options, fields, how.side);
    reserve_windows();
}

template <class T, class Device>
void extractor<T, Device>::take_whole(context<Device>& ctx, const network& net,
                                      const features_options& options) {
    plans_.emplace_back(ctx, net, pixels_, options);
    tiles_.push_back({0, {0, 0, pixels_.w, pixels_.h}, {}});
    for (std::size_t tap = 0; tap < tap_count(); ++tap) {
        taps_.push_back(plans_.front().tap_shape(tap));
        tiles_.front().own.push_back({.in_tile = {0, 0, taps_[tap].h, taps_[tap].w}});
    }
}

template <class T, class Device>
void extractor<T, Device>::take_tiles(context<Device>& ctx, const network& net,
                                      const features_options& options,
                                      std::span<const receptive_field> fields, std::int64_t side) {
    const auto deepest = *std::ranges::max_element(fields, {}, &receptive_field::size);
    const tile_grid grid(deepest, pixels_.h, pixels_.w, side, side);
    for (std::size_t i = 0; i < grid.size(); ++i) {
        const auto read = grid.read(i);
        const shape size{1, 3, read.height, read.width};
        auto plan = std::ranges::find(plans_, size, &features<T, Device>::pixels_shape);
        if (plans_.empty())
            plan = plans_.insert(plan, features<T, Device>(ctx, net, size, options));
        else if (plan == plans_.end())
            plan = plans_.insert(plan, plans_.front().sized(ctx, net, size));
        auto& one = tiles_.emplace_back(static_cast<std::size_t>(plan - plans_.begin()), read);
        for (const auto& field : fields)
            one.own.push_back(grid.own(i, field));
    }
    for (std::size_t tap = 0; tap < fields.size(); ++tap) {
        const auto stride = fields[tap].stride;
        taps_.push_back(
            {1, plans_.front().tap_shape(tap).c, pixels_.h / stride, pixels_.w / stride});
    }
}

template <class T, class Device>
void extractor<T, Device>::reserve_windows() {
    std::int64_t pixels = 0, map = 0;
    for (std::size_t i = 0; i < tiles_.size(); ++i) {
        const auto& read = tiles_[i].read;
        if (!whole(read))
            pixels = std::max(pixels, 3 * read.height * read.width);
        for (std::size_t tap = 0; tap < tap_count(); ++tap)
            if (!covers(i, tap))
                map = std::max(map, storage_elements(tap_shape(tap, i), layout_));
    }
    tile_pixels_ = tensor<float, Device>({1, 1, 1, pixels});
    own_map_ = tensor<stored<T>, Device>({1, 1, 1, map});
    if (backward_) {
        tile_gradient_ = tensor<float, Device>({1, 1, 1, pixels});
        own_gradient_ = tensor<stored<T>, Device>({1, 1, 1, map});
    }
}

template <class T, class Device>
std::size_t extractor<T, Device>::peak_bytes() const {
    std::size_t bytes = 0;
    for (const auto& plan : plans_)
        bytes = std::max(bytes, plan.peak_bytes());
    return bytes + tile_pixels_.bytes() + tile_gradient_.bytes() + own_map_.bytes() +
           own_gradient_.bytes();
}

template <class T, class Device>
std::int64_t extractor<T, Device>::forward_macs() const {
    std::int64_t macs = 0;
    for (const auto& one : tiles_)
        macs += plans_[one.plan].forward_macs();
    return macs;
}

template <class T, class Device>
template <class Visit>
void extractor<T, Device>::run_forward(context<Device>& ctx,
                                       tensor_view<const float, Device> pixels, std::size_t index,
                                       Visit&& visit) {
    const auto& [plan, read, own] = tiles_[index];
    if (plan != at_)
        plans_[plan].take_memory(plans_[std::exchange(at_, plan)]);
    seen_ = index;
    if (whole(read)) {
        plans_[plan].forward(ctx, pixels, visit);
        return;
    }
    const auto part = window(tile_pixels_, {1, 3, read.height, read.width}, layout::nchw);
    ops::copy_window<float>(ctx, pixels, read.y, read.x, part);
    plans_[plan].forward(ctx, part, visit);
}

template <class T, class Device>
tensor_view<const stored<T>, Device> extractor<T, Device>::own_map(
    context<Device>& ctx, std::size_t tile, std::size_t tap,
    tensor_view<const stored<T>, Device> map) {
    if (covers(tile, tap))
        return map;
    const auto own = window(own_map_, tap_shape(tap, tile), map.layout());
    const auto& from = tiles_[tile].own[tap].in_tile;
    ops::copy_window<T>(ctx, map, from.first_row, from.first_column, own);
    return own;
}

template <class T, class Device>
template <class AddGradient>
void extractor<T, Device>::backward(context<Device>& ctx, tensor_view<const float, Device> pixels,
                                    AddGradient&& add_gradient, tensor_view<float, Device> d_pixels,
                                    double gradient_scale) {
    if (tiles_.size() > 1)
        ops::fill(ctx, 0.0f, d_pixels);
    for (std::size_t tile = tiles_.size(); tile-- > 0;) {
        if (seen_ != tile)  // the feature maps of the last one are still in memory
            run_forward(ctx, pixels, tile,
                        [](std::size_t, tensor_view<const stored<T>, Device>) {});
        const auto add = [&](std::size_t tap, tensor_view<const stored<T>, Device> map,
                             tensor_view<stored<T>, Device> gradient) {
            if (covers(tile, tap)) {
                add_gradient(tile, tap, map, gradient);
                return;
            }
            const auto own = window(own_gradient_, tap_shape(tap, tile), map.layout());
            ops::fill<T>(ctx, 0.0f, own);
            add_gradient(tile, tap, own_map(ctx, tile, tap, map), own);
            const auto& to = tiles_[tile].own[tap].in_tile;
            ops::add_window<T>(ctx, own, to.first_row, to.first_column, gradient);
        };
        const auto& [plan, read, own] = tiles_[tile];
        if (whole(read)) {
            plans_[plan].backward(ctx, add, d_pixels, gradient_scale);
            return;
        }
        const auto part = window(tile_gradient_, {1, 3, read.height, read.width}, layout::nchw);
        plans_[plan].backward(ctx, add, part, gradient_scale);
        ops::add_window<float>(ctx, part, read.y, read.x, d_pixels);
    }
}

}  // namespace impasto::nn
