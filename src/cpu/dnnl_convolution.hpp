#pragma once

#include <cstddef>

#include <dnnl.hpp>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/conv2d.hpp>

namespace impasto::cpu_detail {

/// What oneDNN needs to know of a direct convolution.
struct dnnl_convolution_spec {
    tensor_view<const float, cpu> weights;  ///< [out,in,kh,kw]
    tensor_view<const float, cpu> bias;     ///< may be empty
    shape input, output;
    layout input_layout, output_layout;
    ops::conv_geometry geometry;
    bool relu;
};

/// A oneDNN convolution, planned once. Running it allocates nothing of ours.
class dnnl_convolution {
public:
    dnnl_convolution() = default;

    /// like: one of the same filters in the same direction, whose memory is shared where this one
    /// wants them laid out alike.
    [[nodiscard]] static dnnl_convolution forward(context<cpu>& ctx,
                                                  const dnnl_convolution_spec& spec,
                                                  const dnnl_convolution* like = nullptr);
    [[nodiscard]] static dnnl_convolution backward_data(context<cpu>& ctx,
                                                        const dnnl_convolution_spec& spec,
                                                        const dnnl_convolution* like = nullptr);

    [[nodiscard]] bool empty() const { return !primitive_; }
    [[nodiscard]] std::size_t filter_bytes() const;
    [[nodiscard]] std::size_t scratch_bytes() const;

    void run(context<cpu>& ctx, const float* from, float* to) const;

private:
    /// What both directions have: the primitive, its filters as it wants them, its scratch.
    [[nodiscard]] static dnnl_convolution planned(context<cpu>& ctx, dnnl::primitive primitive,
                                                  tensor_view<const float, cpu> weights,
                                                  const dnnl::memory::desc& weights_layout,
                                                  const dnnl::memory::desc& scratch,
                                                  const dnnl_convolution* like);

    dnnl::primitive primitive_;
    dnnl::memory weights_, bias_, from_, to_, scratch_;
    int from_argument_ = 0, to_argument_ = 0;
};

/// Gradients of the filters and the bias, planned for one call: oneDNN keeps what it compiled.
class dnnl_backward_weights {
public:
    /// Of spec.weights and spec.bias only the extents are read.
    dnnl_backward_weights(context<cpu>& ctx, const dnnl_convolution_spec& spec);

    [[nodiscard]] std::size_t scratch_bytes() const;

    /// d_weights: [out,in,kh,kw]; d_bias: empty where spec.bias was.
    void run(context<cpu>& ctx, const float* input, const float* d_output,
             tensor_view<float, cpu> d_weights, tensor_view<float, cpu> d_bias) const;

private:
    dnnl::convolution_backward_weights::primitive_desc description_;
};

}  // namespace impasto::cpu_detail
