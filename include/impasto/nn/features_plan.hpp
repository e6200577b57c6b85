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
    if (options_.border == ops::border::replicate)
        padded_ = {1, 3, pixels.h + 2, pixels.w + 2};
    taps_.resize(options.taps.size());
    make_stages(ctx, net, tap_of_layer, like);
    plan_arena();
    ctx.reserve(scratch_bytes_);
}

template <class T, class Device>
void features<T, Device>::resize(context<Device>& ctx, const network& net, shape pixels) {
    features next(ctx, net, pixels, options_, this);
    if (arena_.bytes() < next.plan_.bytes())
        next.make_arena();
    else
        std::swap(next.arena_, arena_);
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
            const bool padded_already = i == 0 && options_.border == ops::border::replicate;
            ops::conv_options conv{.geometry = {.padding = padded_already ? 0 : 1},
                                   .activation = ops::activation::relu,
                                   .pooling = options_.pooling,
                                   .algorithm = options_.algorithm,
                                   .tf32 = options_.tf32,
                                   .engine = options_.conv_engine,
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

// Backward reads the maps at taps, and those on both sides of an L2 pool.
template <class T, class Device>
bool features<T, Device>::keeps_map(std::size_t i) const {
    if (!options_.backward)
        return false;
    const auto is_pool = [&](std::size_t j) {
        return j < stages_.size() && stages_[j].convolution == none;
    };
    const bool l2 = options_.pooling.kind == ops::pooling::l2;
    return stages_[i].tap != none || (l2 && (is_pool(i) || is_pool(i + 1)));
}

// Stage i runs forward at step i and backward at step 2L−1−i.
template <class T, class Device>
void features<T, Device>::plan_arena() {
    const int count = static_cast<int>(stages_.size());
    const auto bytes = [&](const shape& s, layout l) {
        return static_cast<std::size_t>(storage_elements(s, l)) * sizeof(T);
    };
    input_ = plan_.add(bytes(padded_, input_layout()), 0, 0);
    for (int i = 0; i < count; ++i) {
        auto& s = stages_[static_cast<std::size_t>(i)];
        const int backward = 2 * count - 1 - i;
        const bool keep = keeps_map(static_cast<std::size_t>(i));
        // A tap outlives the forward pass: its reader comes after it.
        const int last = keep ? backward : s.tap != none ? count : i + 1;
        s.features = plan_.add(bytes(s.output, layout_), i, last);
        if (!options_.backward)
            continue;
        s.gradient =
            plan_.add(bytes(s.output, layout_), i == count - 1 ? backward : backward - 1, backward);
        const bool is_pool = s.convolution == none;
        if (!is_pool)
            s.gates = plan_.add(static_cast<std::size_t>(convolutions_[s.convolution].gate_bytes()),
                                i, backward);
        if (is_pool && options_.pooling.kind == ops::pooling::max)
            s.argmax = plan_.add(static_cast<std::size_t>(ops::argmax_bytes(s.output, layout_)), i,
                                 backward);
    }
    if (options_.backward)
        d_input_ = plan_.add(bytes(padded_, layout_), 2 * count - 1, 2 * count - 1);
    plan_.place();
}

}  // namespace impasto::nn
