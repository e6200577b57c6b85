#include <impasto/ops/relu.hpp>

#include "core/context_state.hpp"
#include "core/elementwise.hpp"
#include "core/launch.cuh"
#include "core/octet.cuh"
#include "ops/checks.hpp"

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

mask_rows rows_of(const char* operation, const shape& features) {
    return {.bytes = index_of(operation, ops::relu_mask_bytes(features, layout::nhwc)),
            .row = static_cast<int>((features.c + 31) / 32 * 4),
            .channels = static_cast<int>(features.c)};
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

template <class T, class Device>
void relu_mask(context<Device>& ctx, in_view<T, Device> features,
               out_view<std::uint8_t, Device> mask) {
    using namespace kernels;
    detail::expect_relu_mask("relu_mask", features, mask);
    const auto rows = rows_of("relu_mask", features.shape());
    if (rows.bytes > 0)
        launch(relu_mask_kernel<stored<T>>, blocks_for(rows.bytes), threads, 0, ctx.get().stream,
               rows, features.data(), mask.data());
}

template <class T, class Device>
void relu_backward(context<Device>& ctx, in_view<std::uint8_t, Device> mask,
                   out_view<T, Device> gradient) {
    using namespace kernels;
    detail::expect_relu_mask("relu_backward", gradient, mask);
    const auto rows = rows_of("relu_backward", gradient.shape());
    if (rows.bytes > 0)
        launch(apply_mask_kernel<stored<T>>, blocks_for(rows.bytes), threads, 0, ctx.get().stream,
               rows, mask.data(), gradient.data());
}

template <class T, class Device>
void relu_backward(context<Device>& ctx, in_view<T, Device> features,
                   out_view<T, Device> gradient) {
    detail::expect_relu_backward(features, gradient);
    kernels::keep_positive(ctx, features.data(), gradient.size(), gradient.data());
}

template <class T, class Device>
void relu(context<Device>& ctx, out_view<T, Device> x) {
    kernels::keep_positive<stored<T>>(ctx, x.data(), x.size(), x.data());
}

template <class T>
using by_mask = void(context<cuda>&, in_view<std::uint8_t, cuda>, out_view<T, cuda>);
template <class T>
using by_map = void(context<cuda>&, in_view<T, cuda>, out_view<T, cuda>);

template decltype(relu_mask<float, cuda>) relu_mask<float, cuda>;
template decltype(relu_mask<tf32, cuda>) relu_mask<tf32, cuda>;
template decltype(relu_mask<half, cuda>) relu_mask<half, cuda>;
template decltype(relu_mask<bfloat16, cuda>) relu_mask<bfloat16, cuda>;
template by_mask<float> relu_backward<float>;
template by_mask<tf32> relu_backward<tf32>;
template by_mask<half> relu_backward<half>;
template by_mask<bfloat16> relu_backward<bfloat16>;
template by_map<float> relu_backward<float>;
template by_map<tf32> relu_backward<tf32>;
template by_map<half> relu_backward<half>;
template by_map<bfloat16> relu_backward<bfloat16>;
template decltype(relu<float, cuda>) relu<float, cuda>;
template decltype(relu<tf32, cuda>) relu<tf32, cuda>;
template decltype(relu<half, cuda>) relu<half, cuda>;
template decltype(relu<bfloat16, cuda>) relu<bfloat16, cuda>;

}  // namespace impasto::ops
