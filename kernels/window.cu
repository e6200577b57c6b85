#include <impasto/ops/window.hpp>

#include "core/context_state.hpp"
#include "core/for_each.cuh"
#include "core/types.cuh"

// A thread owns an element of the window.

namespace impasto::ops {

template <class T, class Device>
void copy_window(context<Device>& ctx, tensor_view<const T, Device> whole, std::int64_t row,
                 std::int64_t column, std::type_identity_t<tensor_view<T, Device>> window) {
    const auto g = detail::expect_window("copy_window", whole.shape(), whole.layout(),
                                         window.shape(), window.layout(), row, column);
    kernels::for_each_index(
        ctx.get().stream, g.count() * g.row_elements,
        [=, from = whole.data(), to = window.data()] __device__(std::int64_t i) {
            to[i] = from[g.in_whole(i / g.row_elements) + i % g.row_elements];
        });
}

template <class T, class Device>
void add_window(context<Device>& ctx, tensor_view<const T, Device> window, std::int64_t row,
                std::int64_t column, std::type_identity_t<tensor_view<T, Device>> whole) {
    const auto g = detail::expect_window("add_window", whole.shape(), whole.layout(),
                                         window.shape(), window.layout(), row, column);
    kernels::for_each_index(
        ctx.get().stream, g.count() * g.row_elements,
        [=, from = window.data(), to = whole.data()] __device__(std::int64_t i) {
            T& sum = to[g.in_whole(i / g.row_elements) + i % g.row_elements];
            sum = kernels::from_float<T>(kernels::to_float(sum) + kernels::to_float(from[i]));
        });
}

template void copy_window(context<cuda>&, tensor_view<const float, cuda>, std::int64_t,
                          std::int64_t, tensor_view<float, cuda>);
template void copy_window(context<cuda>&, tensor_view<const half, cuda>, std::int64_t,
                          std::int64_t, tensor_view<half, cuda>);
template void copy_window(context<cuda>&, tensor_view<const bfloat16, cuda>, std::int64_t,
                          std::int64_t, tensor_view<bfloat16, cuda>);
template void add_window(context<cuda>&, tensor_view<const float, cuda>, std::int64_t,
                         std::int64_t, tensor_view<float, cuda>);
template void add_window(context<cuda>&, tensor_view<const half, cuda>, std::int64_t, std::int64_t,
                         tensor_view<half, cuda>);
template void add_window(context<cuda>&, tensor_view<const bfloat16, cuda>, std::int64_t,
                         std::int64_t, tensor_view<bfloat16, cuda>);

}  // namespace impasto::ops
