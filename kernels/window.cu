#include <impasto/ops/window.hpp>

#include "core/context_state.hpp"
#include "core/for_each.cuh"
#include "core/types.cuh"

// A thread owns an element of the window.

namespace impasto::ops {

template <class T, class Device>
void copy_window(context<Device>& ctx, in_view<T, Device> whole, std::int64_t row,
                 std::int64_t column, out_view<T, Device> window) {
    const auto g = detail::expect_window("copy_window", whole.shape(), whole.layout(),
                                         window.shape(), window.layout(), row, column);
    kernels::for_each_index(
        ctx.get().stream, g.count() * g.row_elements,
        [=, from = whole.data(), to = window.data()] __device__(std::int64_t i) {
            to[i] = from[g.in_whole(i / g.row_elements) + i % g.row_elements];
        });
}

template <class T, class Device>
void add_window(context<Device>& ctx, in_view<T, Device> window, std::int64_t row,
                std::int64_t column, out_view<T, Device> whole) {
    const auto g = detail::expect_window("add_window", whole.shape(), whole.layout(),
                                         window.shape(), window.layout(), row, column);
    kernels::for_each_index(
        ctx.get().stream, g.count() * g.row_elements,
        [=, from = window.data(), to = whole.data()] __device__(std::int64_t i) {
            auto& sum = to[g.in_whole(i / g.row_elements) + i % g.row_elements];
            sum =
                kernels::from_float<stored<T>>(kernels::to_float(sum) + kernels::to_float(from[i]));
        });
}

template decltype(copy_window<float, cuda>) copy_window<float, cuda>;
template decltype(add_window<float, cuda>) add_window<float, cuda>;
template decltype(copy_window<tf32, cuda>) copy_window<tf32, cuda>;
template decltype(add_window<tf32, cuda>) add_window<tf32, cuda>;
template decltype(copy_window<half, cuda>) copy_window<half, cuda>;
template decltype(add_window<half, cuda>) add_window<half, cuda>;
template decltype(copy_window<bfloat16, cuda>) copy_window<bfloat16, cuda>;
template decltype(add_window<bfloat16, cuda>) add_window<bfloat16, cuda>;

}  // namespace impasto::ops
