#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/nn/features.hpp>

/// How nn::features plans a network for a size of picture: stages, and an arena for their buffers.
namespace impasto::nn {

/// Pixels to a network's input, channel by channel, as one multiply-add.
[[nodiscard]] inline ops::pixel_transform transform_of(const preprocessing& input) {
    ops::pixel_transform t;
    for (std::size_t k = 0; k < 3; ++k) {
        t.source[k] = static_cast<int>(input.order == channel_order::bgr ? 2 - k : k);
        t.gain[k] = input.scale / input.deviation[k];
        t.offset[k] = -input.mean[k] / input.deviation[k];
    }
    return t;
}

/// Throws shape_error unless pixels are [1,3,H,W] and large enough for the layers up to `last`;
/// says how large is enough.
inline void expect_pixels(std::span<const layer> layers, std::size_t last, const shape& pixels) {
    expect_shape("features", "pixels", {1, 3, pixels.h, pixels.w}, pixels);
    const auto smallest = smallest_side(layers, last);
    if (pixels.h < smallest || pixels.w < smallest)
        throw shape_error("a picture of " + std::to_string(pixels.w) + "x" +
                          std::to_string(pixels.h) + " pixels is too small for " +
                          tap_name_of(layers[last]) + ", which needs at least " +
                          std::to_string(smallest) + "x" + std::to_string(smallest));
}

template <class T, class Device>
features<T, Device>::features(context<Device>& ctx, const network& net, shape pixels,
                              const features_options& options, const features* like)
    : pixels_(pixels),
      padded_(pixels),
      layout_(ctx.feature_layout()),
      transform_(transform_of(net.input)),
      options_(options) {
    if (options.taps.empty())
        throw option_error("features: no layers are asked for; name at least one, such as relu1_1");
    const auto tap_of_layer = find_taps(net);
    expect_pixels(net.layers, tap_of_layer.size() - 1, pixels);
    const auto margin = options_.view.border == ops::border::wrap
                            ? std::max<std::int64_t>(1, options_.view.wrap_margin)
                            : (options_.view.border == ops::border::replicate ? 1 : 0);
    padded_ = {1, 3, pixels.h + 2 * margin, pixels.w + 2 * margin};
    taps_.resize(options.taps.size());
    make_stages(ctx, net, tap_of_layer, like);
    plan_arena();
}

template <class T, class Device>
void features<T, Device>::take_memory(context<Device>& ctx) {
    ctx.reserve(scratch_bytes_);
    if (arena_.bytes() >= plan_.bytes())
        return;
    arena_ = {};  // before the next is asked for
    arena_ = tensor<std::byte, Device>({1, 1, 1, static_cast<std::int64_t>(plan_.bytes())});
}

template <class T, class Device>
void features<T, Device>::resize(context<Device>& ctx, const network& net, shape pixels) {
    features next(ctx, net, pixels, options_, this);
    next.arena_ = std::move(arena_);
    *this = std::move(next);
}

// For each layer up to the last tapped one, which tap it is.
template <class T, class Device>
std::vector<std::size_t> features<T, Device>::find_taps(const network& net) const {
    std::vector<std::size_t> result;
    for (std::size_t t = 0; t < options_.taps.size(); ++t) {
        const auto layer = find_tap(net.layers, options_.taps[t]);
        result.resize(std::max(result.size(), layer + 1), none);
        if (result[layer] != none)
            throw option_error("layer " + options_.taps[t] +
                               " is named twice; name each layer once");
        result[layer] = t;
    }
    return result;
}

template <class T, class Device>
void features<T, Device>::make_stages(context<Device>& ctx, const network& net,
                                      std::span<const std::size_t> tap_of_layer,
                                      const features* like) {
    shape here = padded_;
    for (std::size_t i = 0; i < tap_of_layer.size(); ++i) {
        stage s{.input = here, .output = ops::pooled(here)};
        if (!net.layers[i].is_pool()) {
            const bool padded_already = i == 0 && options_.view.border != ops::border::zero;
            ops::conv_options conv{.geometry = {.padding = padded_already ? 0 : 1},
                                   .activation = ops::activation::relu,
                                   .pooling = options_.view.pooling,
                                   .algorithm = options_.view.convolution.algorithm,
                                   .engine = options_.view.convolution.engine,
                                   .backward = options_.backward};
            const bool pool_follows = i + 1 < tap_of_layer.size() && net.layers[i + 1].is_pool();
            if (pool_follows && tap_of_layer[i] == none &&
                ops::conv2d<T, Device>::fuses_pooling(here, conv))
                ++i;
            else
                conv.pooling = std::nullopt;
            add_convolution(ctx, net.filters[convolutions_.size()], s, conv, like);
        }
        if (!net.exponents.empty())
            s.exponent = net.exponents[convolutions_.size() - 1];
        if (s.tap = tap_of_layer[i]; s.tap != none) {
            taps_[s.tap] = stages_.size();
            scratch_bytes_ = std::max(scratch_bytes_, ops::gram_scratch_bytes(ctx, s.output));
        }
        here = s.output;
        stages_.push_back(s);
    }
}

template <class T, class Device>
void features<T, Device>::add_convolution(context<Device>& ctx, const filter& f, stage& s,
                                          const ops::conv_options& options, const features* like) {
    s.convolution = convolutions_.size();
    const auto& conv =
        convolutions_.emplace_back(ctx, f.weights.view(), f.bias.view(), s.input, options,
                                   like ? &like->convolutions_[s.convolution] : nullptr);
    s.output = conv.output_shape();
    filter_bytes_ += conv.filter_bytes();
    scratch_bytes_ = std::max(scratch_bytes_, conv.scratch_bytes(ctx));
    const auto margin = 2 * options.geometry.padding - 2;  // a 3×3 filter takes 2 away
    macs_ += f.weights.size() * (s.input.h + margin) * (s.input.w + margin);
}

// An L2 pool at stage i or the next, whose way back reads this map; none where there is none.
template <class T, class Device>
std::size_t features<T, Device>::l2_pool_at(std::size_t i) const {
    if (options_.view.pooling.kind == ops::pooling::l2)
        for (const auto pool : {i, i + 1})
            if (pool < stages_.size() && stages_[pool].convolution == none)
                return pool;
    return none;
}

// Stage i runs forward at step i. On the way back its tap's gradient is added at one step, and the
// stage is gone back through at the next.
template <class T, class Device>
int features<T, Device>::adds_gradient(std::size_t i) const {
    return static_cast<int>(stages_.size() + 2 * (stages_.size() - 1 - i));
}

// The next stage reads a map, then who asked for a tap; the way back those at taps again, and both
// sides of an L2 pool.
template <class T, class Device>
int features<T, Device>::last_read_of_map(std::size_t i) const {
    int last = static_cast<int>(i) + 1;
    if (const auto pool = l2_pool_at(i); options_.backward && pool != none)
        last = goes_back(pool);
    if (stages_[i].tap != none && !recomputes(i))
        last =
            std::max(last, options_.backward ? adds_gradient(i) : static_cast<int>(stages_.size()));
    return last;
}

template <class T, class Device>
void features<T, Device>::plan_arena() {
    const auto bytes = [&](const shape& s, layout l) {
        return static_cast<std::size_t>(storage_elements(s, l)) * sizeof(stored<T>);
    };
    const int first_again = adds_gradient(0);
    input_ = plan_.add(bytes(padded_, input_layout()), 0, recomputes(0) ? first_again : 0);
    for (std::size_t i = 0; i < stages_.size(); ++i) {
        auto& s = stages_[i];
        const int step = static_cast<int>(i), back = goes_back(i);
        s.features = plan_.add(bytes(s.output, layout_), step, last_read_of_map(i));
        if (!options_.backward)
            continue;
        const bool last = i + 1 == stages_.size();
        s.gradient =
            plan_.add(bytes(s.output, layout_), last ? adds_gradient(i) : goes_back(i + 1), back);
        const bool is_pool = s.convolution == none;
        if (!is_pool)
            s.gates = plan_.add(static_cast<std::size_t>(convolutions_[s.convolution].gate_bytes()),
                                step, back);
        if (is_pool && options_.view.pooling.kind == ops::pooling::max)
            s.argmax = plan_.add(static_cast<std::size_t>(ops::argmax_bytes(s.output, layout_)),
                                 step, back);
    }
    if (recomputes(0))
        first_again_ = plan_.add(bytes(stages_[0].output, layout_), first_again, first_again);
    if (options_.backward)
        d_input_ = plan_.add(bytes(padded_, layout_), goes_back(0), goes_back(0));
    plan_.place();
}

}  // namespace impasto::nn
