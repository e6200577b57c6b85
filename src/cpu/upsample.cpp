#include <impasto/ops/upsample.hpp>

#include <algorithm>

#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

/// Rows of all planes of the smaller map, of `width` pixels of `block` channels.
struct small_rows {
    std::int64_t count, width, block;

    explicit small_rows(tensor_view<const float, cpu> map)
        : count(channel_blocks(map.shape().c, map.layout()) * map.shape().h),
          width(map.shape().w),
          block(channel_block(map.layout())) {}
};

}  // namespace

template <class T, class Device>
void upsample(context<Device>& ctx, std::int64_t factor, in_view<T, Device> input,
              out_view<T, Device> output) {
    detail::expect_upsample("upsample", factor, input, output);
    const small_rows rows(input);
    const auto long_row = rows.width * factor * rows.block;
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t row = 0; row < rows.count; ++row) {
        const T* from = input.data() + row * rows.width * rows.block;
        T* const first = output.data() + row * factor * long_row;
        for (std::int64_t x = 0; x < rows.width * factor; ++x)
            std::copy_n(from + x / factor * rows.block, rows.block, first + x * rows.block);
        for (std::int64_t copy = 1; copy < factor; ++copy)
            std::copy_n(first, long_row, first + copy * long_row);
    }
}

template <class T, class Device>
void upsample_backward(context<Device>& ctx, std::int64_t factor, in_view<T, Device> d_output,
                       out_view<T, Device> d_input) {
    detail::expect_upsample("upsample_backward", factor, d_input, d_output);
    const small_rows rows(d_input);
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t row = 0; row < rows.count; ++row) {
        T* const to = d_input.data() + row * rows.width * rows.block;
        std::fill_n(to, rows.width * rows.block, T(0));
        const T* from = d_output.data() + row * factor * rows.width * factor * rows.block;
        for (std::int64_t copy = 0; copy < factor; ++copy)
            for (std::int64_t x = 0; x < rows.width * factor; ++x, from += rows.block)
                for (std::int64_t k = 0; k < rows.block; ++k)
                    to[x / factor * rows.block + k] += from[k];
    }
}

template decltype(upsample<float, cpu>) upsample<float, cpu>;
template decltype(upsample_backward<float, cpu>) upsample_backward<float, cpu>;

}  // namespace impasto::ops
