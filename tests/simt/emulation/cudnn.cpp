// cuDNN's convolution in plain loops: what kernels/cudnn is on a machine that has it.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <simt/block.hpp>

#include "conv2d/filter_layout.hpp"
#include "core/context_state.hpp"
#include "cudnn/convolution.hpp"
#include "ops/checks.hpp"

namespace impasto::kernels {

namespace {

template <class T>
class emulated_convolution final : public cudnn_convolution<T> {
    using element = stored<T>;

public:
    emulated_convolution(tensor_view<const float, cpu> weights, const shape& input,
                         const ops::conv_options& options)
        : padding_(options.geometry.padding),
          input_(input),
          output_(ops::detail::convolved(weights.shape(), input, options.geometry)),
          filters_(nhwc_filter_layout<element>({weights})) {}

    [[nodiscard]] std::size_t filter_bytes() const override { return filters_.bytes(); }
    [[nodiscard]] std::size_t scratch_bytes() const override { return 1000; }

    void forward(context<cuda>& ctx, const element* input, element* output) const override {
        enqueue(ctx, input, output, [=, this] {
            for_each_pixel(output_, [&](std::int64_t y, std::int64_t x) {
                for (std::int64_t k = 0; k < output_.c; ++k)
                    output[place(output_, y, x, k)] =
                        element(static_cast<float>(sum(input, y, x, k)));
            });
        });
    }

    void backward_data(context<cuda>& ctx, const element* d_output,
                       element* d_input) const override {
        enqueue(ctx, d_output, d_input, [=, this] {
            for_each_pixel(input_, [&](std::int64_t y, std::int64_t x) {
                for (std::int64_t c = 0; c < input_.c; ++c)
                    d_input[place(input_, y, x, c)] =
                        element(static_cast<float>(sum_back(d_output, y, x, c)));
            });
        });
    }

private:
    /// Spoils the workspace first, as a plan may that uses it.
    template <class Work>
    void enqueue(context<cuda>& ctx, const element* from, const element* to, Work work) const {
        simt::expect_aligned(from, 16);
        simt::expect_aligned(to, 16);
        const auto bytes = scratch_bytes();
        auto* workspace = ctx.get().template scratch_as<std::byte>(ctx, std::int64_t(bytes));
        simt::enqueue(ctx.get().stream, [=] {
            std::memset(workspace, 0xff, bytes);
            work();
        });
    }

    template <class F>
    static void for_each_pixel(const shape& s, F f) {
        for (std::int64_t y = 0; y < s.h; ++y)
            for (std::int64_t x = 0; x < s.w; ++x)
                f(y, x);
    }
    static std::int64_t place(const shape& s, std::int64_t y, std::int64_t x, std::int64_t c) {
        return (y * s.w + x) * s.c + c;
    }
    static bool contains(const shape& s, std::int64_t y, std::int64_t x) {
        return y >= 0 && y < s.h && x >= 0 && x < s.w;
    }
    [[nodiscard]] const element* filter(std::int64_t k, std::int64_t row,
                                        std::int64_t column) const {
        const auto& f = filters_.shape();
        return filters_.data() + ((k * f.h + row) * f.w + column) * f.c;
    }
    static double product(element a, element b) {
        return static_cast<double>(static_cast<float>(a)) * static_cast<float>(b);
    }

    double sum(const element* input, std::int64_t y, std::int64_t x, std::int64_t k) const {
        double total = 0;
        for_each_pixel(filters_.shape(), [&](std::int64_t row, std::int64_t column) {
            const auto from_y = y + row - padding_, from_x = x + column - padding_;
            if (contains(input_, from_y, from_x))
                for (std::int64_t c = 0; c < input_.c; ++c)
                    total +=
                        product(input[place(input_, from_y, from_x, c)], filter(k, row, column)[c]);
        });
        return total;
    }
    double sum_back(const element* d_output, std::int64_t y, std::int64_t x, std::int64_t c) const {
        double total = 0;
        for_each_pixel(filters_.shape(), [&](std::int64_t row, std::int64_t column) {
            const auto from_y = y - row + padding_, from_x = x - column + padding_;
            if (contains(output_, from_y, from_x))
                for (std::int64_t k = 0; k < output_.c; ++k)
                    total += product(d_output[place(output_, from_y, from_x, k)],
                                     filter(k, row, column)[c]);
        });
        return total;
    }

    std::int64_t padding_;
    shape input_, output_;
    tensor<element, cpu> filters_;
};

}  // namespace

void expect_cudnn() {}

template <class T>
std::unique_ptr<cudnn_convolution<T>> plan_cudnn_convolution(context<cuda>&,
                                                             tensor_view<const float, cpu> weights,
                                                             const shape& input,
                                                             const ops::conv_options& options) {
    return std::make_unique<emulated_convolution<T>>(weights, input, options);
}

template std::unique_ptr<cudnn_convolution<float>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<tf32>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<half>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<bfloat16>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);

}  // namespace impasto::kernels
