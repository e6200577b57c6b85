#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/nn/features_plan.hpp>
#include <impasto/ops/relu.hpp>

namespace impasto::nn {

/// A plan's arena on a device, and the views of its buffers. Views of buffers that a stage does not
/// have are empty.
template <class T, class Device>
class stage_memory {
public:
    using stage = features_plan::stage;
    using map_view = tensor_view<stored<T>, Device>;
    using bytes_view = tensor_view<std::uint8_t, Device>;

    /// plan: placed.
    stage_memory(features_plan plan, layout maps, layout input)
        : plan_(std::move(plan)), maps_(maps), input_layout_(input) {}

    [[nodiscard]] const features_plan& plan() const { return plan_; }
    [[nodiscard]] std::size_t bytes() const { return std::max(arena_.bytes(), plan_.bytes()); }

    void allocate() {
        if (arena_.bytes() >= plan_.bytes())
            return;
        arena_ = {};  // before the next is asked for
        arena_ = tensor<std::byte, Device>({1, 1, 1, static_cast<std::int64_t>(plan_.bytes())});
    }
    void take_from(stage_memory& other) { arena_ = std::move(other.arena_); }

    [[nodiscard]] map_view input() const {
        return at<stored<T>>(plan_.input(), plan_.padded(), input_layout_);
    }
    [[nodiscard]] map_view d_input() const {
        return at<stored<T>>(plan_.d_input(), plan_.padded(), maps_);
    }
    [[nodiscard]] map_view output(const stage& s) const {
        return at<stored<T>>(s.features, s.output, maps_);
    }
    [[nodiscard]] map_view gradient(const stage& s) const {
        return at<stored<T>>(s.gradient, s.output, maps_);
    }
    [[nodiscard]] map_view first_again() const {
        return at<stored<T>>(plan_.first_again(), plan_.stages().front().output, maps_);
    }

    /// The k-th map that a stage reads, and its gradient.
    [[nodiscard]] map_view input_of(const stage& s, std::size_t k) const {
        return s.inputs[k] == graph::picture ? input() : output(plan_.stages()[s.inputs[k]]);
    }
    [[nodiscard]] map_view gradient_of_input(const stage& s, std::size_t k) const {
        return s.inputs[k] == graph::picture ? d_input() : gradient(plan_.stages()[s.inputs[k]]);
    }
    /// A stage's share of the gradient of its only input, where other stages have theirs.
    [[nodiscard]] map_view share(const stage& s) const {
        return at<stored<T>>(s.share, s.input, maps_);
    }
    /// The input as a convolution of three channels reads it, where it is not the picture.
    [[nodiscard]] map_view planar(const stage& s) const {
        return at<stored<T>>(s.planar, s.input, layout::nchw);
    }
    [[nodiscard]] bytes_view gates(const stage& s) const {
        return bytes_at(s.gates, ops::relu_mask_bytes(s.map, maps_));
    }
    [[nodiscard]] bytes_view argmax(const stage& s) const {
        return bytes_at(s.argmax, ops::argmax_bytes(s.output, maps_));
    }
    [[nodiscard]] tensor_view<float, Device> statistics(const stage& s) const {
        return at<float>(s.statistics, {1, 2, 1, s.output.c}, layout::nchw);
    }

private:
    template <class U>
    [[nodiscard]] tensor_view<U, Device> at(std::size_t buffer, const shape& s, layout l) const {
        if (buffer == features_plan::none)
            return {};
        auto* data = const_cast<std::byte*>(arena_.data()) + plan_.offset(buffer);
        return {reinterpret_cast<U*>(data), s, l};
    }
    [[nodiscard]] bytes_view bytes_at(std::size_t buffer, std::int64_t bytes) const {
        return at<std::uint8_t>(buffer, {1, 1, 1, bytes}, layout::nchw);
    }

    features_plan plan_;
    layout maps_, input_layout_;
    tensor<std::byte, Device> arena_;
};

}  // namespace impasto::nn
