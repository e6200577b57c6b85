#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/nn/features_plan.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/nn/stages.hpp>

namespace impasto::nn {

/// A network at work on pictures of one size. Planned once: every buffer lies in one arena, which
/// is taken when forward is first called, and a loop of forward and backward allocates nothing.
/// Only the layers that a tap depends on exist.
///
/// Backward needs whole maps at the taps and at instance norms alone; elsewhere a bit an element
/// says where the gradient passes. Where nothing taps a map before its pool, the map is never
/// written.
template <class T, class Device>
class features {
public:
    /// pixels: [1,3,H,W]. Throws option_error for a tap that the network lacks or that is named
    /// twice, for a graph that nn::check refuses and, on CUDA, for an operation without a kernel;
    /// and shape_error, with the smallest size that works, for too small a picture, and for
    /// parameters that do not fit the graph.
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
        return features(ctx, net, pixels, plan().options(), this);
    }
    /// Takes over the memory of another plan, of which nothing is needed any longer.
    void take_memory(features& from) { memory_.take_from(from.memory_); }

    [[nodiscard]] shape pixels_shape() const { return plan().pixels(); }
    [[nodiscard]] std::size_t tap_count() const { return plan().options().taps.size(); }
    [[nodiscard]] shape tap_shape(std::size_t tap) const { return plan().at_tap(tap).output; }
    /// The map at a tap, in the order of options.taps. Valid from forward until backward; the first
    /// layer's, where it is to be recomputed, only while forward shows it.
    [[nodiscard]] tensor_view<const stored<T>, Device> tap(std::size_t tap) const {
        return memory_.output(plan().at_tap(tap));
    }

    /// What the map is to be multiplied by to be the network's own: a power of two, 1 unless the
    /// network comes from nn::rescaled.
    [[nodiscard]] double tap_scale(std::size_t tap) const {
        return std::ldexp(1.0, plan().at_tap(tap).exponent);
    }

    /// Bytes of arena, filters as laid out, and scratch: known before anything runs.
    [[nodiscard]] std::size_t peak_bytes() const {
        return memory_.bytes() + stages_.parameter_bytes() + stages_.scratch_bytes();
    }
    /// Multiply-adds of one forward pass; backward takes as many again.
    [[nodiscard]] std::int64_t forward_macs() const { return stages_.forward_macs(); }

    /// Fills the taps from pixels [1,3,H,W], planar, in [0,1]. Shows each as soon as it is filled:
    /// visit(tap, features).
    template <class Visit>
    void forward(context<Device>& ctx, tensor_view<const float, Device> pixels, Visit&& visit);
    void forward(context<Device>& ctx, tensor_view<const float, Device> pixels) {
        forward(ctx, pixels, [](std::size_t, tensor_view<const stored<T>, Device>) {});
    }

    /// Writes dJ/dpixels, once for each forward: it reuses the memory of what forward left. For
    /// each tap, from the last layer to the first, calls add_gradient(tap, features, gradient),
    /// which adds ∂J/∂(that map) to `gradient` in place. Where numbers are narrow it may add
    /// gradient_scale times as much, which is taken out again at the pixels.
    template <class AddGradient>
    void backward(context<Device>& ctx, AddGradient&& add_gradient,
                  tensor_view<float, Device> d_pixels, double gradient_scale = 1);

    /// With options.parameters, what backward wrote: gradients of the filters and biases of the
    /// network's convolution i, and of the scale and shift of its instance norm i. gradient_scale
    /// is not taken out of them. Throws option_error where the plan has none.
    [[nodiscard]] const filter_gradients<Device>& filter_gradient(std::size_t i) const {
        return planned(stages_.d_filters(), i);
    }
    [[nodiscard]] const affine_on<Device>& norm_gradient(std::size_t i) const {
        return planned(stages_.d_norms(), i);
    }

private:
    /// like: where laid-out filters may be shared with, or null.
    features(context<Device>& ctx, const network& net, shape pixels,
             const features_options& options, const features* like)
        : features(ctx, net,
                   features_plan(net, options, pixels, &ops::conv2d<T, Device>::fuses_pooling),
                   like) {}
    features(context<Device>& ctx, const network& net, features_plan plan, const features* like)
        : stages_(ctx, net, checked(plan), like ? &like->stages_ : nullptr),
          memory_(placed(std::move(plan), ctx.feature_layout(), stages_.input_layout()),
                  ctx.feature_layout(), stages_.input_layout()),
          transform_(transform_of(net.input)) {}

    [[nodiscard]] static const features_plan& checked(const features_plan& plan) {
        if constexpr (!std::is_same_v<Device, cpu>)
            plan.expect_cuda_kernels();
        return plan;
    }
    [[nodiscard]] static features_plan placed(features_plan plan, layout maps, layout input) {
        plan.place(sizeof(stored<T>), maps, input);
        return plan;
    }
    template <class Gradients>
    [[nodiscard]] static const auto& planned(const Gradients& gradients, std::size_t i) {
        if (i >= gradients.size())
            throw option_error("features: no gradients of parameters " + std::to_string(i) +
                               " are planned; ask for parameters in the options");
        return gradients[i];
    }
    [[nodiscard]] const features_plan& plan() const { return memory_.plan(); }

    stages<T, Device> stages_;
    stage_memory<T, Device> memory_;
    ops::pixel_transform transform_;
};

template <class T, class Device>
void features<T, Device>::resize(context<Device>& ctx, const network& net, shape pixels) {
    auto next = sized(ctx, net, pixels);
    next.take_memory(*this);
    *this = std::move(next);
}

template <class T, class Device>
template <class Visit>
void features<T, Device>::forward(context<Device>& ctx, tensor_view<const float, Device> pixels,
                                  Visit&& visit) {
    expect_shape("features", "pixels", pixels_shape(), pixels.shape());
    ctx.reserve(stages_.scratch_bytes());
    memory_.allocate();
    ops::normalize_pixels<T>(ctx, transform_, plan().options().view.border, pixels,
                             memory_.input());
    for (const auto& s : plan().stages()) {
        stages_.forward(ctx, memory_, s);
        if (s.tap != plan().none)
            visit(s.tap, tensor_view<const stored<T>, Device>(memory_.output(s)));
    }
}

template <class T, class Device>
template <class AddGradient>
void features<T, Device>::backward(context<Device>& ctx, AddGradient&& add_gradient,
                                   tensor_view<float, Device> d_pixels, double gradient_scale) {
    expect_shape("features", "d_pixels", pixels_shape(), d_pixels.shape());
    const auto& options = plan().options();
    if (!options.backward)
        throw option_error("features: planned for forward alone; ask for backward in its options");
    for (std::size_t i = plan().stages().size(); i-- > 0;) {
        const auto& s = plan().stages()[i];
        const auto gradient = memory_.gradient(s);
        if (s.readers.empty())
            ops::fill<T>(ctx, 0.0f, gradient);
        if (s.tap != plan().none)
            add_gradient(s.tap,
                         plan().recomputes(i) ? stages_.first_again(ctx, memory_) : tap(s.tap),
                         gradient);
        if (options.guided && plan().has_relu(s))  // before the gates: these only pass on or stop
            ops::relu<T>(ctx, gradient);
        stages_.backward(ctx, memory_, s);
    }
    auto transform = transform_;
    for (float& gain : transform.gain)
        gain = static_cast<float>(static_cast<double>(gain) / gradient_scale);
    ops::normalize_pixels_backward<T>(ctx, transform, options.view.border, memory_.d_input(),
                                      d_pixels);
}

}  // namespace impasto::nn
