#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <impasto/ops/pool2d.hpp>
#include <impasto/ops/views.hpp>

namespace impasto::ops {

struct conv_geometry {
    std::int64_t kernel = 3;
    std::int64_t stride = 1;
    std::int64_t padding = 1;  ///< zeros on each side
};

enum class activation { none, relu };

/// fastest: per layer what is quickest on this machine, by a fixed rule (Winograd F(4×4,3×3), Lavin
/// & Gray 2016, where it applies); direct: sums in plain order, nearest to exact arithmetic.
enum class conv_algorithm { fastest, direct };

/// Whose convolutions: impasto's own, or on CUDA, for comparison, those of NVIDIA's cuDNN 9, where
/// the library was built with its headers and finds it. cudnn times what cuDNN proposes when a
/// convolution is planned, and takes the quickest; it fuses neither activation nor pool.
enum class conv_engine { native, cudnn };

/// How a convolution is computed.
struct conv_method {
    conv_algorithm algorithm = conv_algorithm::fastest;
    conv_engine engine = conv_engine::native;
};

struct conv_options {
    conv_geometry geometry{};
    ops::activation activation = activation::none;  ///< fused into forward
    /// A pool behind the ReLU: forward writes the pooled map alone. See fuses_pooling.
    std::optional<pool_options> pooling{};
    conv_method method{};
    bool backward = true;  ///< false: plan forward alone, with half the filters' memory
};

/// A convolution planned for one size of input: the filters are laid out once, forward and flipped.
/// T: float on the CPU; on CUDA float, half, bfloat16 or tf32, whose products, by tensor cores,
/// have ten bits of fraction, to which what forward writes is rounded too.
/// Source: Dumoulin & Visin 2016; cross-correlation, as all networks mean it.
template <class T, class Device>
class conv2d {
public:
    /// weights: [out,in,kh,kw] on the host; bias: [1,out,1,1] on the host, or empty for none;
    /// input: [1,in,H,W]. Throws shape_error where they disagree or the output would be empty, and
    /// option_error for a pool that cannot be fused or, on CUDA, for a stride other than 1 and for
    /// filters larger than 3×3. With engine cudnn: option_error on the CPU, in a build without
    /// cuDNN, and for a shape that cuDNN has no plan for; cuda_error where its library is not
    /// found.
    ///
    /// like: a convolution with the same filters, bias and options, for an input of another size.
    /// What it laid out is shared where this one can use it too; that may outlive the other.
    conv2d(context<Device>& ctx, tensor_view<const float, cpu> weights,
           tensor_view<const float, cpu> bias, shape input, conv_options options = {},
           const conv2d* like = nullptr);
    ~conv2d();
    conv2d(conv2d&&) noexcept;
    conv2d& operator=(conv2d&&) noexcept;

    /// Whether this device can pool where it convolves, with these options: never L2 pools, whose
    /// backward pass needs the map that was not written, and never with cuDNN.
    [[nodiscard]] static bool fuses_pooling(shape input, const conv_options& options);

    [[nodiscard]] shape input_shape() const;
    /// Of what forward writes: the pooled map where a pool is fused.
    [[nodiscard]] shape output_shape() const;
    /// What forward reads: planar for three channels (pixels), else the context's feature layout,
    /// which cuDNN reads always.
    [[nodiscard]] layout input_layout() const;
    /// Bytes of the gates: a bit for each element of the map before pooling, padding included.
    [[nodiscard]] std::int64_t gate_bytes() const;
    /// Bytes that the filters occupy as laid out, and scratch that a call uses.
    [[nodiscard]] std::size_t filter_bytes() const;
    [[nodiscard]] std::size_t scratch_bytes(const context<Device>& ctx) const;

    /// output = pool(activation(weights ⋆ input + bias)). Feature layout out; may not alias input.
    /// gates: [1,1,1,gate_bytes], or empty where no backward pass follows. In the order of
    /// ops::relu_mask, a bit says whether the gradient passes there: where the ReLU let its input
    /// through and, behind a maximum, where the first maximum of the window stood.
    void forward(context<Device>& ctx, in_view<T, Device> input, out_view<T, Device> output,
                 out_view<std::uint8_t, Device> gates = {}) const;

    /// forward taken back: d_output, of forward's output, goes through the pool and the activation
    /// by the gates that forward left, and through the transposed convolution. Feature layout in
    /// and out. d_output may serve as working memory. Throws option_error where it was planned for
    /// forward alone.
    void backward(context<Device>& ctx, in_view<std::uint8_t, Device> gates,
                  out_view<T, Device> d_output, out_view<T, Device> d_input) const;

    /// d_input = the transposed convolution of d_output: no pool, no activation, no bias.
    void backward_data(context<Device>& ctx, in_view<T, Device> d_output,
                       out_view<T, Device> d_input) const;

private:
    struct plan;
    std::unique_ptr<plan> plan_;
};

}  // namespace impasto::ops
