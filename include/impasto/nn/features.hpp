#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <impasto/core/arena_plan.hpp>
#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/ops/gram.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/pool2d.hpp>
#include <impasto/ops/relu.hpp>
#include <impasto/ops/vector.hpp>

namespace impasto::nn {

struct features_options {
    std::vector<std::string> taps;  ///< "relu4_2", "pool3", …; any order, each once
    ops::pool_options pooling{};
    ops::border border = ops::border::zero;  ///< around the pixels, for conv1_1
    ops::conv_algorithm algorithm = ops::conv_algorithm::fastest;
    bool tf32 = false;     ///< float convolutions by tensor cores, on a GPU
    bool backward = true;  ///< false: forward alone, and the memory of forward alone
    /// Backward stops negative gradients at every ReLU: what excites a unit, not what inhibits it.
    /// Not the gradient of anything. Source: Springenberg et al. 2015, section 3.4.
    bool guided = false;
};

/// A network at work on pictures of one size. Planned once: every buffer lies in one arena, and a
/// loop of forward and backward allocates nothing. Only the layers up to the last tap exist.
///
/// Backward needs whole maps at the taps alone; elsewhere a bit an element says where the gradient
/// passes. Where nothing taps a map before its pool, the map is never written.
template <class T, class Device>
class features {
public:
    /// pixels: [1,3,H,W]. Throws option_error for a tap that the network lacks or that is named
    /// twice, and shape_error, with the smallest size that works, for too small a picture.
    features(context<Device>& ctx, const network& net, shape pixels,
             const features_options& options)
        : features(ctx, net, pixels, options, nullptr) {
        make_arena();
    }

    /// Plans anew for pixels of another size; net must be the network of before. Filters stay laid
    /// out where they serve again, and the arena stays where it is large enough, so that this costs
    /// little beside a forward pass. What forward left is lost. Throws shape_error for too small a
    /// picture, and then nothing has changed.
    void resize(context<Device>& ctx, const network& net, shape pixels);

    [[nodiscard]] shape pixels_shape() const { return pixels_; }
    [[nodiscard]] std::size_t tap_count() const { return taps_.size(); }
    [[nodiscard]] shape tap_shape(std::size_t tap) const { return stages_[taps_[tap]].output; }
    /// The map at a tap, in the order of options.taps. Valid from forward until backward.
    [[nodiscard]] tensor_view<const T, Device> tap(std::size_t tap) const {
        return map(stages_[taps_[tap]].features, tap_shape(tap));
    }

    /// What the map is to be multiplied by to be the network's own: a power of two, 1 unless the
    /// network comes from nn::rescaled.
    [[nodiscard]] double tap_scale(std::size_t tap) const {
        return std::ldexp(1.0, stages_[taps_[tap]].exponent);
    }

    /// Bytes of arena, filters as laid out, and scratch: known before anything runs.
    [[nodiscard]] std::size_t peak_bytes() const {
        return arena_.bytes() + filter_bytes_ + scratch_bytes_;
    }
    /// Multiply-adds of one forward pass; backward takes as many again.
    [[nodiscard]] std::int64_t forward_macs() const { return macs_; }

    /// Fills the taps from pixels [1,3,H,W], planar, in [0,1].
    void forward(context<Device>& ctx, tensor_view<const float, Device> pixels);

    /// Writes dJ/dpixels, once for each forward: it reuses the memory of what forward left. For
    /// each tap, from the last layer to the first, calls add_gradient(tap, features, gradient),
    /// which adds ∂J/∂(that map) to `gradient` in place. Where numbers are narrow it may add
    /// gradient_scale times as much, which is taken out again at the pixels.
    template <class AddGradient>
    void backward(context<Device>& ctx, AddGradient&& add_gradient,
                  tensor_view<float, Device> d_pixels, double gradient_scale = 1);

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    /// A convolution with its ReLU, and perhaps the pool behind it; or a pool alone.
    struct stage {
        shape input, output;
        std::size_t convolution = none;  // in convolutions_; none for a pool
        std::size_t tap = none;
        int exponent = 0;  // the map is the network's own, divided by 2^exponent
        // Buffers in the arena.
        std::size_t features = none, gates = none, argmax = none, gradient = none;
    };

    /// Without an arena yet. like: where laid-out filters may be shared with, or null.
    features(context<Device>& ctx, const network& net, shape pixels,
             const features_options& options, const features* like);

    [[nodiscard]] std::vector<std::size_t> find_taps(const network& net,
                                                     const features_options& options) const;
    void make_stages(context<Device>& ctx, const network& net, const features_options& options,
                     std::span<const std::size_t> tap_of_layer, const features* like);
    void add_convolution(context<Device>& ctx, const filter& f, stage& s,
                         const ops::conv_options& options, const features* like);
    void make_arena() {
        arena_ = tensor<std::byte, Device>({1, 1, 1, static_cast<std::int64_t>(plan_.bytes())});
    }
    void plan_arena(const features_options& options);
    [[nodiscard]] bool keeps_map(std::size_t i, const features_options& options) const;
    [[nodiscard]] ops::pool_saved<T, Device> saved(const stage& pool, const stage& below) const;

    template <class U = T>
    [[nodiscard]] tensor_view<U, Device> map(std::size_t buffer, shape s, layout l) const {
        auto* data = const_cast<std::byte*>(arena_.data()) + plan_.offset(buffer);
        return {reinterpret_cast<U*>(data), s, l};
    }
    [[nodiscard]] tensor_view<T, Device> map(std::size_t buffer, shape s) const {
        return map(buffer, s, layout_);
    }
    using bytes_view = tensor_view<std::uint8_t, Device>;
    [[nodiscard]] bytes_view gates(const stage& s) const {
        if (s.gates == none)
            return {};
        const auto bytes = convolutions_[s.convolution].gate_bytes();
        return map<std::uint8_t>(s.gates, {1, 1, 1, bytes}, layout::nchw);
    }
    [[nodiscard]] bytes_view argmax(const stage& s) const {
        return map<std::uint8_t>(s.argmax, {1, 1, 1, ops::argmax_bytes(s.output, layout_)},
                                 layout::nchw);
    }

    shape pixels_, padded_;
    layout layout_;
    ops::pixel_transform transform_;
    ops::border border_;
    ops::pool_options pooling_;
    bool guided_;
    features_options options_;
    std::vector<stage> stages_;
    std::vector<ops::conv2d<T, Device>> convolutions_;
    std::vector<std::size_t> taps_;  // stage of each tap
    std::size_t input_ = none, d_input_ = none;
    arena_plan plan_;
    tensor<std::byte, Device> arena_;
    std::size_t filter_bytes_ = 0, scratch_bytes_ = 0;
    std::int64_t macs_ = 0;
};

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
      border_(options.border),
      pooling_(options.pooling),
      guided_(options.guided),
      options_(options) {
    if (options.taps.empty())
        throw option_error("features: no layers are asked for; name at least one, such as relu1_1");
    const auto tap_of_layer = find_taps(net, options);
    expect_pixels(net.layers, tap_of_layer.size() - 1, pixels);
    if (border_ == ops::border::replicate)
        padded_ = {1, 3, pixels.h + 2, pixels.w + 2};
    taps_.resize(options.taps.size());
    make_stages(ctx, net, options, tap_of_layer, like);
    plan_arena(options);
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
std::vector<std::size_t> features<T, Device>::find_taps(const network& net,
                                                        const features_options& options) const {
    std::vector<std::size_t> result;
    for (std::size_t t = 0; t < options.taps.size(); ++t) {
        const auto layer = find_tap(net.layers, options.taps[t]);
        result.resize(std::max(result.size(), layer + 1), none);
        if (result[layer] != none)
            throw option_error("layer " + options.taps[t] +
                               " is named twice; name each layer once");
        result[layer] = t;
    }
    return result;
}

template <class T, class Device>
void features<T, Device>::make_stages(context<Device>& ctx, const network& net,
                                      const features_options& options,
                                      std::span<const std::size_t> tap_of_layer,
                                      const features* like) {
    shape here = padded_;
    for (std::size_t i = 0; i < tap_of_layer.size(); ++i) {
        stage s{.input = here, .output = ops::pooled(here)};
        if (!net.layers[i].is_pool()) {
            const bool padded_already = i == 0 && border_ == ops::border::replicate;
            ops::conv_options conv{.geometry = {.padding = padded_already ? 0 : 1},
                                   .activation = ops::activation::relu,
                                   .pooling = pooling_,
                                   .algorithm = options.algorithm,
                                   .tf32 = options.tf32,
                                   .backward = options.backward};
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
bool features<T, Device>::keeps_map(std::size_t i, const features_options& options) const {
    if (!options.backward)
        return false;
    const auto is_pool = [&](std::size_t j) {
        return j < stages_.size() && stages_[j].convolution == none;
    };
    const bool l2 = pooling_.kind == ops::pooling::l2;
    return stages_[i].tap != none || (l2 && (is_pool(i) || is_pool(i + 1)));
}

// Stage i runs forward at step i and backward at step 2L−1−i.
template <class T, class Device>
void features<T, Device>::plan_arena(const features_options& options) {
    const int count = static_cast<int>(stages_.size());
    const auto bytes = [&](const shape& s, layout l) {
        return static_cast<std::size_t>(storage_elements(s, l)) * sizeof(T);
    };
    input_ = plan_.add(bytes(padded_, layout::nchw), 0, 0);
    for (int i = 0; i < count; ++i) {
        auto& s = stages_[static_cast<std::size_t>(i)];
        const int backward = 2 * count - 1 - i;
        const bool keep = keeps_map(static_cast<std::size_t>(i), options);
        // A tap outlives the forward pass: its reader comes after it.
        const int last = keep ? backward : s.tap != none ? count : i + 1;
        s.features = plan_.add(bytes(s.output, layout_), i, last);
        if (!options.backward)
            continue;
        s.gradient =
            plan_.add(bytes(s.output, layout_), i == count - 1 ? backward : backward - 1, backward);
        const bool is_pool = s.convolution == none;
        if (!is_pool)
            s.gates = plan_.add(static_cast<std::size_t>(convolutions_[s.convolution].gate_bytes()),
                                i, backward);
        if (is_pool && pooling_.kind == ops::pooling::max)
            s.argmax = plan_.add(static_cast<std::size_t>(ops::argmax_bytes(s.output, layout_)), i,
                                 backward);
    }
    if (options.backward)
        d_input_ = plan_.add(bytes(padded_, layout_), 2 * count - 1, 2 * count - 1);
    plan_.place();
}

template <class T, class Device>
void features<T, Device>::forward(context<Device>& ctx, tensor_view<const float, Device> pixels) {
    expect_shape("features", "pixels", pixels_, pixels.shape());
    const auto input = map(input_, padded_, layout::nchw);
    ops::normalize_pixels(ctx, transform_, border_, pixels, input);
    tensor_view<const T, Device> here = input;
    for (const auto& s : stages_) {
        const auto output = map(s.features, s.output);
        if (s.convolution == none) {
            ops::pool2d(ctx, pooling_, here, output, s.argmax == none ? bytes_view() : argmax(s));
        } else {
            convolutions_[s.convolution].forward(ctx, here, output, gates(s));
        }
        here = output;
    }
}

template <class T, class Device>
ops::pool_saved<T, Device> features<T, Device>::saved(const stage& pool, const stage& below) const {
    if (pooling_.kind == ops::pooling::max)
        return {.argmax = argmax(pool), .input = {}, .output = {}};
    if (pooling_.kind == ops::pooling::l2)
        return {.argmax = {},
                .input = map(below.features, below.output),
                .output = map(pool.features, pool.output)};
    return {};
}

template <class T, class Device>
template <class AddGradient>
void features<T, Device>::backward(context<Device>& ctx, AddGradient&& add_gradient,
                                   tensor_view<float, Device> d_pixels, double gradient_scale) {
    expect_shape("features", "d_pixels", pixels_, d_pixels.shape());
    if (d_input_ == none)
        throw option_error("features: planned for forward alone; ask for backward in its options");
    ops::fill(ctx, 0.0f, map(stages_.back().gradient, stages_.back().output));
    for (std::size_t i = stages_.size(); i-- > 0;) {
        const auto& s = stages_[i];
        const auto gradient = map(s.gradient, s.output);
        if (s.tap != none)
            add_gradient(s.tap, tap(s.tap), gradient);
        if (guided_)  // before the gates or behind them: these only pass on or stop
            ops::relu(ctx, gradient);
        const auto below = i > 0 ? map(stages_[i - 1].gradient, s.input) : map(d_input_, padded_);
        if (s.convolution == none)
            ops::pool2d_backward(ctx, pooling_, saved(s, stages_[i - 1]), gradient, below);
        else
            convolutions_[s.convolution].backward(ctx, gates(s), gradient, below);
    }
    auto transform = transform_;
    for (float& gain : transform.gain)
        gain = static_cast<float>(static_cast<double>(gain) / gradient_scale);
    ops::normalize_pixels_backward(ctx, transform, border_, map(d_input_, padded_), d_pixels);
}

}  // namespace impasto::nn
