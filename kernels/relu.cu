#include <impasto/ops/relu.hpp>

#include "core/context_state.hpp"
#include "core/elementwise.hpp"
#include "core/launch.cuh"
#include "core/octet.cuh"

// A thread owns eight neighbours in memory: 16 bytes of a 16-bit map, one byte of a mask. Nothing
// is shared and nothing summed; each element is read once and written once.

namespace impasto::kernels {

namespace {

constexpr int threads = elementwise_threads;

/// A mask in nhwc has `row` bytes a pixel; those past the last channel are zero.
struct mask_rows {
    unsigned bytes;
    int row, channels;
};

/// gradient ← itself where features > 0, elsewhere 0. The two may be the same: that is the ReLU.
template <class T>
__global__ void __launch_bounds__(threads)
    keep_positive_kernel(std::int64_t elements, const T* features, T* gradient) {
    const auto at = (static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x) * octet::size;
    if (at >= elements)
        return;
    const int count = octet_count(elements - at);
    const octet x = load_octet(features + at, count);
    octet d = load_octet(gradient + at, count);
#pragma unroll
    for (int i = 0; i < octet::size; ++i)
        d[i] = x[i] > 0 ? d[i] : 0;
    store_octet(gradient + at, d, count);
}

template <class T>
__global__ void __launch_bounds__(threads)
    relu_mask_kernel(mask_rows rows, const T* features, std::uint8_t* mask) {
    const unsigned at = blockIdx.x * threads + threadIdx.x;
    if (at >= rows.bytes)
        return;
    const octet_place place(at, rows.row, rows.channels);
    const octet x = load_octet(features + place.first, place.count);
    unsigned byte = 0;
#pragma unroll
    for (int i = 0; i < octet::size; ++i)
        byte |= static_cast<unsigned>(x[i] > 0) << i;
    mask[at] = static_cast<std::uint8_t>(byte);
}

template <class T>
__global__ void __launch_bounds__(threads)
    apply_mask_kernel(mask_rows rows, const std::uint8_t* mask, T* gradient) {
    const unsigned at = blockIdx.x * threads + threadIdx.x;
    if (at >= rows.bytes)
        return;
    const octet_place place(at, rows.row, rows.channels);
    const unsigned byte = mask[at];
    octet d = load_octet(gradient + place.first, place.count);
#pragma unroll
    for (int i = 0; i < octet::size; ++i)
        d[i] = (byte >> i & 1u) != 0 ? d[i] : 0;
    store_octet(gradient + place.first, d, place.count);
}

template <class T>
void keep_positive(context<cuda>& ctx, const T* features, std::int64_t elements, T* gradient) {
    if (elements > 0)
        launch(keep_positive_kernel<T>, blocks_for(ceil_div<std::int64_t>(elements, octet::size)),
               threads, 0, ctx.get().stream, elements, features, gradient);
}

mask_rows rows_of(const char* operation, const shape& features, layout order, const shape& mask) {
    expect_layout(operation, "features", layout::nhwc, order);
    const auto bytes = ops::relu_mask_bytes(features, order);
    expect_shape(operation, "mask", {1, 1, 1, bytes}, mask);
    return {.bytes = index_of(operation, bytes),
            .row = static_cast<int>((features.c + 31) / 32 * 4),
            .channels = static_cast<int>(features.c)};
}

template <class T>
void make_mask(context<cuda>& ctx, tensor_view<const T, cuda> features,
               tensor_view<std::uint8_t, cuda> mask) {
    const auto rows = rows_of("relu_mask", features.shape(), features.layout(), mask.shape());
    if (rows.bytes > 0)
        launch(relu_mask_kernel<T>, blocks_for(rows.bytes), threads, 0, ctx.get().stream, rows,
               features.data(), mask.data());
}

template <class T>
void apply_mask(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> mask,
                tensor_view<T, cuda> gradient) {
    const auto rows = rows_of("relu_backward", gradient.shape(), gradient.layout(), mask.shape());
    if (rows.bytes > 0)
        launch(apply_mask_kernel<T>, blocks_for(rows.bytes), threads, 0, ctx.get().stream, rows,
               mask.data(), gradient.data());
}

template <class T>
void backward(context<cuda>& ctx, tensor_view<const T, cuda> features,
              tensor_view<T, cuda> gradient) {
    expect_shape("relu_backward", "gradient", features.shape(), gradient.shape());
    expect_layout("relu_backward", "gradient", features.layout(), gradient.layout());
    keep_positive(ctx, features.data(), gradient.size(), gradient.data());
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

void relu_mask(context<cuda>& ctx, tensor_view<const float, cuda> features,
               tensor_view<std::uint8_t, cuda> mask) {
    kernels::make_mask(ctx, features, mask);
}
void relu_backward(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> mask,
                   tensor_view<float, cuda> gradient) {
    kernels::apply_mask(ctx, mask, gradient);
}
void relu_backward(context<cuda>& ctx, tensor_view<const float, cuda> features,
                   tensor_view<float, cuda> gradient) {
    kernels::backward(ctx, features, gradient);
}
void relu(context<cuda>& ctx, tensor_view<float, cuda> x) {
    kernels::keep_positive<float>(ctx, x.data(), x.size(), x.data());
}

void relu_mask(context<cuda>& ctx, tensor_view<const half, cuda> features,
               tensor_view<std::uint8_t, cuda> mask) {
    kernels::make_mask(ctx, features, mask);
}
void relu_backward(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> mask,
                   tensor_view<half, cuda> gradient) {
    kernels::apply_mask(ctx, mask, gradient);
}
void relu_backward(context<cuda>& ctx, tensor_view<const half, cuda> features,
                   tensor_view<half, cuda> gradient) {
    kernels::backward(ctx, features, gradient);
}
void relu(context<cuda>& ctx, tensor_view<half, cuda> x) {
    kernels::keep_positive<half>(ctx, x.data(), x.size(), x.data());
}

void relu_mask(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
               tensor_view<std::uint8_t, cuda> mask) {
    kernels::make_mask(ctx, features, mask);
}
void relu_backward(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> mask,
                   tensor_view<bfloat16, cuda> gradient) {
    kernels::apply_mask(ctx, mask, gradient);
}
void relu_backward(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
                   tensor_view<bfloat16, cuda> gradient) {
    kernels::backward(ctx, features, gradient);
}
void relu(context<cuda>& ctx, tensor_view<bfloat16, cuda> x) {
    kernels::keep_positive<bfloat16>(ctx, x.data(), x.size(), x.data());
}

}  // namespace impasto::ops
