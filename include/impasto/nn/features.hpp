#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <impasto/core/arena_plan.hpp>
#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/nn/view.hpp>
#include <impasto/ops/gram.hpp>
#include <impasto/ops/relu.hpp>
#include <impasto/ops/vector.hpp>

namespace impasto::nn {

struct features_options {
    std::vector<std::string> taps;  ///< "relu4_2", "pool3", …; any order, each once
    nn::view view{};
    bool backward = true;  ///< false: forward alone, and the memory of forward alone
    /// Backward stops negative gradients at every ReLU: what excites a unit, not what inhibits it.
    /// Not the gradient of anything. Source: Springenberg et al. 2015, section 3.4.
    bool guided = false;
};

/// A network at work on pictures of one size. Planned once: every buffer lies in one arena, which
/// is taken when forward is first called, and a loop of forward and backward allocates nothing.
/// Only the layers up to the last tap exist.
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
        : features(ctx, net, pixels, options, nullptr) {}

    /// Plans anew for pixels of another size; net must be the network of before. Filters stay laid
    /// out where they serve again, and the arena stays where it is large enough, so that this costs
    /// little beside a forward pass. What forward left is lost. Throws shape_error for too small a
    /// picture, and then nothing has changed.
    void resize(context<Device>& ctx, const network& net, shape pixels);
    /// A plan for another size beside this one, which shares the filters laid out.
    [[nodiscard]] features sized(context<Device>& ctx, const network& net, shape pixels) const {
        return features(ctx, net, pixels, options_, this);
    }
    /// Takes over the memory of another plan, of which nothing is needed any longer.
    void take_memory(features& from) { arena_ = std::move(from.arena_); }

    [[nodiscard]] shape pixels_shape() const { return pixels_; }
    [[nodiscard]] std::size_t tap_count() const { return taps_.size(); }
    [[nodiscard]] shape tap_shape(std::size_t tap) const { return stages_[taps_[tap]].output; }
    /// The map at a tap, in the order of options.taps. Valid from forward until backward; the first
    /// layer's, where it is to be recomputed, only while forward shows it.
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
        return std::max(arena_.bytes(), plan_.bytes()) + filter_bytes_ + scratch_bytes_;
    }
    /// Multiply-adds of one forward pass; backward takes as many again.
    [[nodiscard]] std::int64_t forward_macs() const { return macs_; }

    /// Fills the taps from pixels [1,3,H,W], planar, in [0,1]. Shows each as soon as it is filled:
    /// visit(tap, features).
    template <class Visit>
    void forward(context<Device>& ctx, tensor_view<const float, Device> pixels, Visit&& visit);
    void forward(context<Device>& ctx, tensor_view<const float, Device> pixels) {
        forward(ctx, pixels, [](std::size_t, tensor_view<const T, Device>) {});
    }

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

    /// like: where laid-out filters may be shared with, or null.
    features(context<Device>& ctx, const network& net, shape pixels,
             const features_options& options, const features* like);

    [[nodiscard]] std::vector<std::size_t> find_taps(const network& net) const;
    void make_stages(context<Device>& ctx, const network& net,
                     std::span<const std::size_t> tap_of_layer, const features* like);
    void add_convolution(context<Device>& ctx, const filter& f, stage& s,
                         const ops::conv_options& options, const features* like);
    void take_memory(context<Device>& ctx);
    void plan_arena();
    [[nodiscard]] bool recomputes(std::size_t i) const {
        return options_.view.recompute && options_.backward && i == 0 && stages_[i].tap != none &&
               l2_pool_at(i) == none;
    }
    [[nodiscard]] std::size_t l2_pool_at(std::size_t i) const;
    [[nodiscard]] int adds_gradient(std::size_t i) const;
    [[nodiscard]] int goes_back(std::size_t i) const { return adds_gradient(i) + 1; }
    [[nodiscard]] int last_read_of_map(std::size_t i) const;
    void pool(context<Device>& ctx, const stage& s, tensor_view<const T, Device> input,
              tensor_view<T, Device> output) const;
    [[nodiscard]] ops::pool_saved<T, Device> saved(const stage& pool, const stage& below) const;
    [[nodiscard]] tensor_view<const T, Device> first_again(context<Device>& ctx) const {
        const auto result = map(first_again_, stages_.front().output);
        convolutions_.front().forward(ctx, map(input_, padded_, input_layout()), result);
        return result;
    }

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
    [[nodiscard]] layout input_layout() const { return convolutions_.front().input_layout(); }
    [[nodiscard]] bytes_view argmax(const stage& s) const {
        return map<std::uint8_t>(s.argmax, {1, 1, 1, ops::argmax_bytes(s.output, layout_)},
                                 layout::nchw);
    }

    shape pixels_, padded_;
    layout layout_;
    ops::pixel_transform transform_;
    features_options options_;
    std::vector<stage> stages_;
    std::vector<ops::conv2d<T, Device>> convolutions_;
    std::vector<std::size_t> taps_;  // stage of each tap
    std::size_t input_ = none, d_input_ = none, first_again_ = none;
    arena_plan plan_;
    tensor<std::byte, Device> arena_;
    std::size_t filter_bytes_ = 0, scratch_bytes_ = 0;
    std::int64_t macs_ = 0;
};

template <class T, class Device>
template <class Visit>
void features<T, Device>::forward(context<Device>& ctx, tensor_view<const float, Device> pixels,
                                  Visit&& visit) {
    expect_shape("features", "pixels", pixels_, pixels.shape());
    take_memory(ctx);
    const auto input = map(input_, padded_, input_layout());
    ops::normalize_pixels(ctx, transform_, options_.view.border, pixels, input);
    tensor_view<const T, Device> here = input;
    for (const auto& s : stages_) {
        const auto output = map(s.features, s.output);
        if (s.convolution == none) {
            pool(ctx, s, here, output);
        } else {
            convolutions_[s.convolution].forward(ctx, here, output, gates(s));
        }
        here = output;
        if (s.tap != none)
            visit(s.tap, here);
    }
}

template <class T, class Device>
void features<T, Device>::pool(context<Device>& ctx, const stage& s,
                               tensor_view<const T, Device> input,
                               tensor_view<T, Device> output) const {
    const auto which = s.argmax == none ? bytes_view() : argmax(s);
    if constexpr (std::is_same_v<T, float> && std::is_same_v<Device, cuda>)
        ops::pool2d(ctx, options_.view.pooling, input, output, which,
                    options_.view.precision == precision::tf32);
    else
        ops::pool2d(ctx, options_.view.pooling, input, output, which);
}

template <class T, class Device>
ops::pool_saved<T, Device> features<T, Device>::saved(const stage& pool, const stage& below) const {
    if (options_.view.pooling.kind == ops::pooling::max)
        return {.argmax = argmax(pool), .input = {}, .output = {}};
    if (options_.view.pooling.kind == ops::pooling::l2)
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
            add_gradient(s.tap, recomputes(i) ? first_again(ctx) : tap(s.tap), gradient);
        if (options_.guided)  // before the gates or behind them: these only pass on or stop
            ops::relu(ctx, gradient);
        const auto below = i > 0 ? map(stages_[i - 1].gradient, s.input) : map(d_input_, padded_);
        if (s.convolution == none)
            ops::pool2d_backward(ctx, options_.view.pooling, saved(s, stages_[i - 1]), gradient,
                                 below);
        else
            convolutions_[s.convolution].backward(ctx, gates(s), gradient, below);
    }
    auto transform = transform_;
    for (float& gain : transform.gain)
        gain = static_cast<float>(static_cast<double>(gain) / gradient_scale);
    ops::normalize_pixels_backward(ctx, transform, options_.view.border, map(d_input_, padded_),
                                   d_pixels);
}

}  // namespace impasto::nn

#include <impasto/nn/features_plan.hpp>
