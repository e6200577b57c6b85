#include "cudnn/convolution.hpp"

#include <algorithm>
#include <type_traits>

#include <impasto/ops/transfer.hpp>

#include "conv2d/filter_layout.hpp"
#include "core/context_state.hpp"
#include "cudnn/library.hpp"
#include "cudnn/session.hpp"
#include "ops/checks.hpp"

namespace impasto::kernels {

namespace {

template <class T>
constexpr cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
template <>
constexpr cudnnDataType_t data_type<half> = CUDNN_DATA_HALF;
template <>
constexpr cudnnDataType_t data_type<bfloat16> = CUDNN_DATA_BFLOAT16;

template <class T>
class planned_convolution final : public cudnn_convolution<T> {
public:
    planned_convolution(context<cuda>& ctx, tensor_view<const float, cpu> weights,
                        const shape& input, const ops::conv_options& options)
        : filters_(weights.shape(), layout::nhwc) {
        ops::upload(ctx, nhwc_filter_layout<stored<T>>({weights}).view(), filters_.view());
        cudnn_problem problem{
            .to = cudnn_direction::forward,
            .type = data_type<T>,
            .input = input,
            .filters = weights.shape(),
            .output = ops::detail::convolved(weights.shape(), input, options.geometry),
            .padding = options.geometry.padding,
            .tf32 = std::is_same_v<T, tf32>};
        forward_ = &cudnn_session::of(ctx).plan_for(ctx, problem);
        if (!options.backward)
            return;
        problem.to = cudnn_direction::backward_data;
        backward_ = &cudnn_session::of(ctx).plan_for(ctx, problem);
    }

    [[nodiscard]] std::size_t filter_bytes() const override { return filters_.bytes(); }
    [[nodiscard]] std::size_t scratch_bytes() const override {
        return std::max(forward_->workspace_bytes(),
                        backward_ != nullptr ? backward_->workspace_bytes() : 0);
    }

    void forward(context<cuda>& ctx, const stored<T>* input, stored<T>* output) const override {
        run(ctx, *forward_, input, output);
    }
    void backward_data(context<cuda>& ctx, const stored<T>* d_output,
                       stored<T>* d_input) const override {
        run(ctx, *backward_, d_input, d_output);
    }

private:
    void run(context<cuda>& ctx, const cudnn_plan& plan, const stored<T>* input,
             const stored<T>* output) const {
        const auto bytes = static_cast<std::int64_t>(plan.workspace_bytes());
        plan.run(cudnn_session::of(ctx).handle(), {input, filters_.data(), output},
                 ctx.get().scratch_as<std::byte>(ctx, bytes));
    }

    tensor<stored<T>, cuda> filters_;
    const cudnn_plan *forward_ = nullptr, *backward_ = nullptr;  // the session's
};

}  // namespace

template <class T>
std::unique_ptr<cudnn_convolution<T>> plan_cudnn_convolution(context<cuda>& ctx,
                                                             tensor_view<const float, cpu> weights,
                                                             const shape& input,
                                                             const ops::conv_options& options) {
    return std::make_unique<planned_convolution<T>>(ctx, weights, input, options);
}

template std::unique_ptr<cudnn_convolution<float>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<tf32>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<half>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<bfloat16>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);

void expect_cudnn() {
    static_cast<void>(cudnn_library::get());
}

}  // namespace impasto::kernels
