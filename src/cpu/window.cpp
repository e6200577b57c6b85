#include <impasto/ops/window.hpp>

#include <algorithm>
#include <functional>

#include "cpu/parallel.hpp"

namespace impasto::ops {

namespace {

/// Calls use(window row, row of the whole, elements) for each of them, on all threads.
template <class Use>
void for_each_row(const context<cpu>& ctx, const detail::window_rows& g, Use use) {
    const int threads = g.count() * g.row_elements < parallel_from ? 1 : ctx.threads();
#pragma omp parallel for num_threads(threads)
    for (std::int64_t i = 0; i < g.count(); ++i)
        use(i * g.row_elements, g.in_whole(i), g.row_elements);
}

}  // namespace

template <class T, class Device>
void copy_window(context<Device>& ctx, in_view<T, Device> whole, std::int64_t row,
                 std::int64_t column, out_view<T, Device> window) {
    const auto g = detail::expect_window("copy_window", whole.shape(), whole.layout(),
                                         window.shape(), window.layout(), row, column);
    for_each_row(ctx, g, [=](std::int64_t to, std::int64_t from, std::int64_t count) {
        std::copy_n(whole.data() + from, count, window.data() + to);
    });
}

template <class T, class Device>
void add_window(context<Device>& ctx, in_view<T, Device> window, std::int64_t row,
                std::int64_t column, out_view<T, Device> whole) {
    const auto g = detail::expect_window("add_window", whole.shape(), whole.layout(),
                                         window.shape(), window.layout(), row, column);
    for_each_row(ctx, g, [=](std::int64_t from, std::int64_t to, std::int64_t count) {
        auto* sum = whole.data() + to;
        std::transform(sum, sum + count, window.data() + from, sum, std::plus<>());
    });
}

template decltype(copy_window<float, cpu>) copy_window<float, cpu>;
template decltype(add_window<float, cpu>) add_window<float, cpu>;

}  // namespace impasto::ops
