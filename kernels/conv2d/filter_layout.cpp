#include "conv2d/filter_layout.hpp"

#include <algorithm>

namespace impasto::kernels {

std::vector<float> simt_filter_layout(const filter_source& filters, std::int64_t columns) {
    std::vector<float> result(
        static_cast<std::size_t>(filters.taps() * filters.inputs() * columns));
    for (std::int64_t tap = 0; tap < filters.taps(); ++tap)
        for (std::int64_t in = 0; in < filters.inputs(); ++in)
            for (std::int64_t out = 0; out < filters.outputs(); ++out)
                result[static_cast<std::size_t>((tap * filters.inputs() + in) * columns + out)] =
                    filters.at(out, in, tap);
    return result;
}

template <class T>
std::vector<T> mma_filter_layout(const filter_source& filters, std::int64_t rows, int row_bytes) {
    const auto values = row_bytes / static_cast<std::int64_t>(sizeof(T));
    const auto blocks = (filters.inputs() + values - 1) / values;
    std::vector<T> result(static_cast<std::size_t>(blocks * filters.taps() * rows * values), T(0));
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t block = 0; block < blocks; ++block)
        for (std::int64_t out = 0; out < filters.outputs(); ++out)
            for (std::int64_t tap = 0; tap < filters.taps(); ++tap) {
                T* row = result.data() + ((block * filters.taps() + tap) * rows + out) * values;
                const auto first = block * values;
                const auto count = std::min(values, filters.inputs() - first);
                for (std::int64_t i = 0; i < count; ++i)
                    row[i] = T(filters.at(out, first + i, tap));
            }
    return result;
}

template <class T>
std::vector<T> pixel_filter_layout(const filter_source& filters, std::int64_t rows) {
    constexpr std::int64_t depth = 32;
    constexpr auto values = 64 / static_cast<std::int64_t>(sizeof(T));
    std::vector<T> result(static_cast<std::size_t>(depth * rows), T(0));
    for (std::int64_t out = 0; out < filters.outputs(); ++out)
        for (std::int64_t tap = 0; tap < filters.taps(); ++tap)
            for (std::int64_t in = 0; in < filters.inputs(); ++in) {
                const auto k = tap * filters.inputs() + in;
                result[static_cast<std::size_t>((k / values * rows + out) * values + k % values)] =
                    T(filters.at(out, in, tap));
            }
    return result;
}

template <class T>
tensor<T, cpu> nhwc_filter_layout(const filter_source& filters) {
    tensor<T, cpu> result(filters.weights.shape(), layout::nhwc);
    T* next = result.data();
    for (std::int64_t out = 0; out < filters.outputs(); ++out)
        for (std::int64_t tap = 0; tap < filters.taps(); ++tap)
            for (std::int64_t in = 0; in < filters.inputs(); ++in)
                *next++ = T(filters.at(out, in, tap));
    return result;
}

template std::vector<float> mma_filter_layout(const filter_source&, std::int64_t, int);
template std::vector<half> mma_filter_layout(const filter_source&, std::int64_t, int);
template std::vector<bfloat16> mma_filter_layout(const filter_source&, std::int64_t, int);
template std::vector<float> pixel_filter_layout(const filter_source&, std::int64_t);
template std::vector<half> pixel_filter_layout(const filter_source&, std::int64_t);
template std::vector<bfloat16> pixel_filter_layout(const filter_source&, std::int64_t);
template tensor<float, cpu> nhwc_filter_layout(const filter_source&);
template tensor<half, cpu> nhwc_filter_layout(const filter_source&);
template tensor<bfloat16, cpu> nhwc_filter_layout(const filter_source&);

}  // namespace impasto::kernels
