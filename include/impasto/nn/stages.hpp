#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <impasto/nn/stage_memory.hpp>
#include <impasto/ops/conv2d_backward_filter.hpp>
#include <impasto/ops/gram.hpp>
#include <impasto/ops/instance_norm.hpp>
#include <impasto/ops/upsample.hpp>
#include <impasto/ops/vector.hpp>

namespace impasto::nn {

/// One convolution's gradients, extents as in nn::filter.
template <class Device>
struct filter_gradients {
    tensor<float, Device> weights, bias;
};

/// One instance norm's parameters or their gradients, as in nn::affine.
template <class Device>
struct affine_on {
    tensor<float, Device> scale, shift;
};

/// The operations of a plan's stages: filters laid out, and each stage forward and backward.
template <class T, class Device>
class stages {
public:
    using stage = features_plan::stage;
    using memory = stage_memory<T, Device>;

    /// like: where laid-out filters may be shared with, or null. Throws as features does.
    stages(context<Device>& ctx, const network& net, const features_plan& plan, const stages* like);

    /// What the first convolution reads.
    [[nodiscard]] layout input_layout() const { return convolutions_.front().input_layout(); }
    /// Of filters and other parameters as laid out, and their gradients.
    [[nodiscard]] std::size_t parameter_bytes() const { return parameter_bytes_; }
    [[nodiscard]] std::size_t scratch_bytes() const { return scratch_bytes_; }
    [[nodiscard]] std::int64_t forward_macs() const { return macs_; }

    /// Fills the output of s from those of its inputs.
    void forward(context<Device>& ctx, const memory& m, const stage& s) const {
        std::visit([&](const auto& operation) { run(ctx, m, s, operation); },
                   m.plan().operation(s));
    }
    /// Takes the gradient of s, which serves as working memory, to those of its inputs.
    void backward(context<Device>& ctx, const memory& m, const stage& s);
    /// The first stage's map, computed again.
    [[nodiscard]] tensor_view<const stored<T>, Device> first_again(context<Device>& ctx,
                                                                   const memory& m) const {
        convolutions_.front().forward(ctx, m.input(), m.first_again());
        return m.first_again();
    }

    /// What backward left, in the order of the network's filters and norms; empty for those that
    /// the plan leaves out.
    [[nodiscard]] const std::vector<filter_gradients<Device>>& d_filters() const {
        return d_filters_;
    }
    [[nodiscard]] const std::vector<affine_on<Device>>& d_norms() const { return d_norms_; }

private:
    static constexpr bool on_cpu = std::is_same_v<Device, cpu>;

    void add_convolution(context<Device>& ctx, const filter& f, const stage& s, const stages* like);
    void add_norm(const affine& a, const stage& s);
    void add_gradients(context<Device>& ctx, const features_plan& plan);

    void run(context<Device>&, const memory&, const stage&, const op::convolution&) const;
    void run(context<Device>&, const memory&, const stage&, const op::pool&) const;
    void run(context<Device>&, const memory&, const stage&, const op::relu&) const;
    template <class CpuOperation>
    void run(context<Device>&, const memory&, const stage&, const CpuOperation&) const;
    void go_back(context<Device>&, const memory&, const stage&, const op::convolution&);
    void go_back(context<Device>&, const memory&, const stage&, const op::pool&);
    void go_back(context<Device>&, const memory&, const stage&, const op::relu&);
    template <class CpuOperation>
    void go_back(context<Device>&, const memory&, const stage&, const CpuOperation&);

    /// Where the gradient of the only input goes.
    [[nodiscard]] static tensor_view<stored<T>, Device> below(const memory& m, const stage& s) {
        return s.share == features_plan::none ? m.gradient_of_input(s, 0) : m.share(s);
    }
    [[nodiscard]] static tensor_view<stored<T>, Device> convolved_input(const memory& m,
                                                                        const stage& s) {
        return s.planar == features_plan::none ? m.input_of(s, 0) : m.planar(s);
    }

    std::vector<ops::conv2d<T, Device>> convolutions_;
    std::vector<affine_on<Device>> norms_;
    std::vector<filter_gradients<Device>> d_filters_;
    std::vector<affine_on<Device>> d_norms_;
    std::size_t parameter_bytes_ = 0, scratch_bytes_ = 0;
    std::int64_t macs_ = 0;
};

template <class T, class Device>
stages<T, Device>::stages(context<Device>& ctx, const network& net, const features_plan& plan,
                          const stages* like) {
    for (const auto& s : plan.stages()) {
        if (std::holds_alternative<op::convolution>(plan.operation(s)))
            add_convolution(ctx, net.filters[s.parameters], s, like);
        else if (s.parameters != plan.none)
            add_norm(net.norms[s.parameters], s);
        if (s.tap != plan.none)
            scratch_bytes_ = std::max(scratch_bytes_, ops::gram_scratch_bytes(ctx, s.output));
    }
    if constexpr (on_cpu)
        if (plan.options().parameters && plan.options().backward)
            add_gradients(ctx, plan);
}

template <class T, class Device>
void stages<T, Device>::add_convolution(context<Device>& ctx, const filter& f, const stage& s,
                                        const stages* like) {
    const auto& conv = convolutions_.emplace_back(
        ctx, f.weights.view(), f.bias.empty() ? tensor_view<const float, cpu>() : f.bias.view(),
        s.input, s.conv, like ? &like->convolutions_[s.local] : nullptr);
    parameter_bytes_ += conv.filter_bytes();
    scratch_bytes_ = std::max(scratch_bytes_, conv.scratch_bytes(ctx));
    macs_ += f.weights.size() * s.map.pixels();
}

template <class T, class Device>
void stages<T, Device>::add_norm(const affine& a, const stage& s) {
    const shape extents{1, s.output.c, 1, 1};
    if constexpr (on_cpu) {
        auto& norm = norms_.emplace_back(
            affine_on<Device>{tensor<float, Device>(extents), tensor<float, Device>(extents)});
        std::copy(a.scale.begin(), a.scale.end(), norm.scale.begin());
        std::copy(a.shift.begin(), a.shift.end(), norm.shift.begin());
        parameter_bytes_ += norm.scale.bytes() + norm.shift.bytes();
    }
}

template <class T, class Device>
void stages<T, Device>::add_gradients(context<Device>& ctx, const features_plan& plan) {
    for (const auto& s : plan.stages()) {
        if (s.parameters == plan.none)
            continue;
        const shape channels{1, s.output.c, 1, 1};
        if (const auto* c = std::get_if<op::convolution>(&plan.operation(s))) {
            const shape extents{c->out_channels, c->in_channels, s.conv.geometry.kernel,
                                s.conv.geometry.kernel};
            d_filters_.resize(std::max(d_filters_.size(), s.parameters + 1));
            auto& d = d_filters_[s.parameters];
            d = {tensor<float, Device>(extents), tensor<float, Device>(channels)};
            parameter_bytes_ += d.weights.bytes() + d.bias.bytes();
            const auto bytes = ops::conv2d_backward_filter_scratch_bytes(
                ctx, s.conv.geometry, s.input, convolutions_[s.local].input_layout(), extents);
            scratch_bytes_ = std::max(scratch_bytes_, bytes);
        } else {
            d_norms_.resize(std::max(d_norms_.size(), s.parameters + 1));
            auto& d = d_norms_[s.parameters];
            d = {tensor<float, Device>(channels), tensor<float, Device>(channels)};
            parameter_bytes_ += d.scale.bytes() + d.shift.bytes();
        }
    }
}

template <class T, class Device>
void stages<T, Device>::run(context<Device>& ctx, const memory& m, const stage& s,
                            const op::convolution&) const {
    if constexpr (on_cpu)
        if (s.planar != features_plan::none)
            ops::reorder<T>(ctx, m.input_of(s, 0), m.planar(s));
    convolutions_[s.local].forward(ctx, convolved_input(m, s), m.output(s), m.gates(s));
}

template <class T, class Device>
void stages<T, Device>::run(context<Device>& ctx, const memory& m, const stage& s,
                            const op::pool&) const {
    const auto& view = m.plan().options().view;
    ops::pool2d<T>(ctx, view.pooling, m.input_of(s, 0), m.output(s), m.argmax(s));
}

template <class T, class Device>
void stages<T, Device>::run(context<Device>& ctx, const memory& m, const stage& s,
                            const op::relu&) const {
    ops::copy<T>(ctx, m.input_of(s, 0), m.output(s));
    ops::relu<T>(ctx, m.output(s));
    if (s.gates != features_plan::none)
        ops::relu_mask<T>(ctx, m.output(s), m.gates(s));
}

template <class T, class Device>
template <class CpuOperation>
void stages<T, Device>::run(context<Device>& ctx, const memory& m, const stage& s,
                            const CpuOperation& operation) const {
    if constexpr (!on_cpu) {
        return;  // expect_cuda_kernels has refused it
    } else if constexpr (std::is_same_v<CpuOperation, op::upsample>) {
        ops::upsample<T>(ctx, operation.factor, m.input_of(s, 0), m.output(s));
    } else if constexpr (std::is_same_v<CpuOperation, op::instance_norm>) {
        const auto& norm = norms_[s.local];
        ops::instance_norm<T>(ctx, operation.epsilon, m.input_of(s, 0), norm.scale, norm.shift,
                              m.output(s), m.statistics(s));
    } else {
        static_assert(std::is_same_v<CpuOperation, op::add>);
        ops::add_scaled(ctx, m.input_of(s, 0), 1, m.input_of(s, 1), m.output(s));
    }
}

template <class T, class Device>
void stages<T, Device>::backward(context<Device>& ctx, const memory& m, const stage& s) {
    std::visit([&](const auto& operation) { go_back(ctx, m, s, operation); },
               m.plan().operation(s));
    if constexpr (on_cpu)
        if (s.share != features_plan::none)
            ops::axpy(ctx, 1, m.share(s), m.gradient_of_input(s, 0));
}

template <class T, class Device>
void stages<T, Device>::go_back(context<Device>& ctx, const memory& m, const stage& s,
                                const op::convolution& operation) {
    const auto& conv = convolutions_[s.local];
    const bool relu = operation.activation == ops::activation::relu;
    if constexpr (on_cpu)
        if (!d_filters_.empty()) {
            if (relu)  // once more in conv.backward, which changes nothing
                ops::relu_backward<T>(ctx, m.gates(s), m.gradient(s));
            auto& d = d_filters_[s.parameters];
            ops::conv2d_backward_filter<T>(ctx, s.conv.geometry, convolved_input(m, s),
                                           m.gradient(s), d.weights, d.bias);
        }
    if (relu)
        conv.backward(ctx, m.gates(s), m.gradient(s), below(m, s));
    else
        conv.backward_data(ctx, m.gradient(s), below(m, s));
}

template <class T, class Device>
void stages<T, Device>::go_back(context<Device>& ctx, const memory& m, const stage& s,
                                const op::pool&) {
    const auto& pooling = m.plan().options().view.pooling;
    const bool l2 = pooling.kind == ops::pooling::l2;
    const ops::pool_saved<T, Device> saved{
        .argmax = m.argmax(s),
        .input = l2 ? m.input_of(s, 0) : tensor_view<stored<T>, Device>(),
        .output = l2 ? m.output(s) : tensor_view<stored<T>, Device>()};
    ops::pool2d_backward<T>(ctx, pooling, saved, m.gradient(s), below(m, s));
}

template <class T, class Device>
void stages<T, Device>::go_back(context<Device>& ctx, const memory& m, const stage& s,
                                const op::relu&) {
    ops::copy<T>(ctx, m.gradient(s), below(m, s));
    ops::relu_backward<T>(ctx, m.gates(s), below(m, s));
}

template <class T, class Device>
template <class CpuOperation>
void stages<T, Device>::go_back(context<Device>& ctx, const memory& m, const stage& s,
                                const CpuOperation& operation) {
    if constexpr (!on_cpu) {
        return;  // expect_cuda_kernels has refused it
    } else if constexpr (std::is_same_v<CpuOperation, op::upsample>) {
        ops::upsample_backward<T>(ctx, operation.factor, m.gradient(s), below(m, s));
    } else if constexpr (std::is_same_v<CpuOperation, op::instance_norm>) {
        ops::instance_norm_gradients<T, Device> d{below(m, s), {}, {}};
        if (!d_norms_.empty())
            d = {d.input, d_norms_[s.parameters].scale, d_norms_[s.parameters].shift};
        ops::instance_norm_backward<T>(ctx, {m.input_of(s, 0), m.statistics(s)},
                                       norms_[s.local].scale, m.gradient(s), d);
    } else {
        static_assert(std::is_same_v<CpuOperation, op::add>);
        for (std::size_t k = 0; k < 2; ++k)
            if (s.adds[k])
                ops::axpy(ctx, 1, m.gradient(s), m.gradient_of_input(s, k));
            else
                ops::copy<T>(ctx, m.gradient(s), m.gradient_of_input(s, k));
    }
}

}  // namespace impasto::nn
