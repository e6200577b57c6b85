#include "cuda/cudnn_convolution.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/ops/transfer.hpp>

#include "core/context_state.hpp"
#include "cuda/cudnn.hpp"
#include "cuda/support/device.hpp"
#include "cuda/support/timer.hpp"

namespace impasto::bench {

namespace {

constexpr std::int64_t input_id = 1, filter_id = 2, output_id = 3;

template <class T>
constexpr cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
template <>
constexpr cudnnDataType_t data_type<half> = CUDNN_DATA_HALF;
template <>
constexpr cudnnDataType_t data_type<bfloat16> = CUDNN_DATA_BFLOAT16;

/// One for the process: it goes with the one context.
cudnnHandle_t handle(context<cuda>& ctx) {
    static const cudnnHandle_t made = [&] {
        cudnnHandle_t h = nullptr;
        check_cudnn(cudnn_library::get().create(&h), "cudnnCreate");
        check_cudnn(cudnn_library::get().set_stream(h, ctx.get().stream), "cudnnSetStream");
        return h;
    }();
    return made;
}

/// Channels innermost; of filters, which are [out,in,3,3], the input's channels.
template <class T>
cudnn_descriptor tensor_of(std::int64_t id, const shape& s) {
    cudnn_descriptor d(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    d.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, {data_type<T>})
        .set_numbers(CUDNN_ATTR_TENSOR_DIMENSIONS, {s.n, s.c, s.h, s.w})
        .set_numbers(CUDNN_ATTR_TENSOR_STRIDES, {s.c * s.h * s.w, 1, s.c * s.w, s.c})
        .set_numbers(CUDNN_ATTR_TENSOR_UNIQUE_ID, {id})
        .set_numbers(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, {16})
        .finish();
    return d;
}

cudnn_descriptor geometry() {
    cudnn_descriptor d(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    d.set_numbers(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {2})
        .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, {CUDNN_DATA_FLOAT})
        .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE,
             {CUDNN_CROSS_CORRELATION})
        .set_numbers(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, {1, 1})
        .set_numbers(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, {1, 1})
        .set_numbers(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, {1, 1})
        .set_numbers(CUDNN_ATTR_CONVOLUTION_DILATIONS, {1, 1})
        .finish();
    return d;
}

enum class direction { forward, backward_data };

cudnn_descriptor operation_of(direction to, const cudnn_descriptor& input,
                              const cudnn_descriptor& filters, const cudnn_descriptor& output) {
    const auto convolution = geometry();
    if (to == direction::forward) {
        cudnn_descriptor d(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
        d.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, input)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, filters)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, output)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, {1.0f})
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, {0.0f})
            .finish();
        return d;
    }
    cudnn_descriptor d(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR);
    d.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, input)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, filters)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, output)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_FLOAT, {1.0f})
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_FLOAT, {0.0f})
        .finish();
    return d;
}

cudnn_descriptor graph_of(context<cuda>& ctx, const cudnn_descriptor& operation) {
    cudnn_descriptor d(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    d.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation)
        .set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, {handle(ctx)})
        .finish();
    return d;
}

/// The engines that cuDNN proposes for a graph, the likeliest first.
std::vector<cudnn_descriptor> engines_of(const cudnn_descriptor& graph,
                                         cudnnBackendHeurMode_t mode) {
    constexpr std::size_t most = 12;
    cudnn_descriptor search(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    search.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
        .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, {mode})
        .finish();
    std::vector<cudnn_descriptor> engines;
    std::array<cudnnBackendDescriptor_t, most> slots{};
    for (auto& slot : slots)
        slot = engines.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR).get();
    std::int64_t found = 0;
    check_cudnn(cudnn_library::get().get_attribute(
                    search.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                    static_cast<std::int64_t>(most), &found, slots.data()),
                "look for engines");
    while (engines.size() > static_cast<std::size_t>(found))
        engines.pop_back();
    return engines;
}

/// Whether its products have fewer digits than float32.
bool rounds_inputs(const cudnn_descriptor& configuration) {
    const auto& library = cudnn_library::get();
    cudnn_descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    auto slot = engine.get();
    std::int64_t count = 0;
    check_cudnn(library.get_attribute(configuration.get(), CUDNN_ATTR_ENGINECFG_ENGINE,
                                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &slot),
                "get engine");
    std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
    check_cudnn(
        library.get_attribute(slot, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                              notes.size(), &count, notes.data()),
        "get numerical notes");
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
        if (notes[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
            notes[i] == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)
            return true;
    return false;
}

/// One plan with its workspace.
struct plan {
    cudnn_descriptor execution;
    tensor<char, cuda> workspace;

    plan(context<cuda>& ctx, const cudnn_descriptor& engine)
        : execution(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
        execution.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, engine)
            .set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, {handle(ctx)})
            .finish();
        const auto bytes = execution.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
        workspace = tensor<char, cuda>({1, 1, 1, std::max<std::int64_t>(bytes, 1)});
    }

    void run(context<cuda>& ctx, const void* input, const void* filters, const void* output) const {
        cudnn_descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
        pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
                 {input, filters, output})
            .set_numbers(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, {input_id, filter_id, output_id})
            .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR,
                 {static_cast<const void*>(workspace.data())})
            .finish();
        check_cudnn(cudnn_library::get().execute(handle(ctx), execution.get(), pack.get()),
                    "execute");
    }
};

}  // namespace

template <class T>
struct cudnn_convolution<T>::plans {
    context<cuda>* ctx;
    shape input, output;
    bool tf32;
    tensor<T, cuda> filters;
    std::optional<plan> forward, backward;

    /// A plan of this engine; none where it rounds and must not, or does not work here after all.
    std::optional<plan> plan_of(const cudnn_descriptor& engine) const try {
        if (std::same_as<T, float> && !tf32 && rounds_inputs(engine))
            return {};
        return plan(*ctx, engine);
    } catch (const error&) {
        return {};
    }

    /// The quickest of those that cuDNN proposes and can make.
    plan quickest(direction to) const {
        const auto graph = graph_of(*ctx, operation_of(to, tensor_of<T>(input_id, input),
                                                       tensor_of<T>(filter_id, filters.shape()),
                                                       tensor_of<T>(output_id, output)));
        const auto x = random_map<T>(*ctx, input), y = random_map<T>(*ctx, output);
        timer clock(*ctx);
        std::optional<plan> best;
        double least = std::numeric_limits<double>::infinity();
        // What it falls back to, slow engines without tensor cores among them, only for want of
        // others.
        for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
            if (best)
                break;
            for (const auto& engine : engines_of(graph, mode)) {
                auto candidate = plan_of(engine);
                if (!candidate)
                    continue;
                const double seconds =
                    clock.least([&] { candidate->run(*ctx, x.data(), filters.data(), y.data()); });
                if (seconds < least) {
                    least = seconds;
                    best = std::move(candidate);
                }
            }
        }
        if (!best)
            throw cuda_error("cuDNN has no plan for this convolution");
        return std::move(*best);
    }

    /// Made when first run.
    const plan& planned(direction to) {
        auto& p = to == direction::forward ? forward : backward;
        if (!p)
            p = quickest(to);
        return *p;
    }
};

template <class T>
cudnn_convolution<T>::cudnn_convolution(context<cuda>& ctx, tensor_view<const float, cpu> weights,
                                        shape input, bool tf32)
    : plans_(std::make_unique<plans>()) {
    plans_->ctx = &ctx;
    plans_->input = input;
    plans_->output = {1, weights.shape().n, input.h, input.w};
    plans_->tf32 = tf32;
    tensor<float, cuda> planar(weights.shape());
    ops::upload(ctx, weights, planar.view());
    plans_->filters = tensor<T, cuda>(weights.shape(), layout::nhwc);
    ops::reorder(ctx, planar, plans_->filters);
    ctx.synchronize();
}

template <class T>
cudnn_convolution<T>::~cudnn_convolution() = default;
template <class T>
cudnn_convolution<T>::cudnn_convolution(cudnn_convolution&&) noexcept = default;
template <class T>
cudnn_convolution<T>& cudnn_convolution<T>::operator=(cudnn_convolution&&) noexcept = default;

template <class T>
void cudnn_convolution<T>::forward(tensor_view<const T, cuda> input,
                                   tensor_view<T, cuda> output) const {
    expect_shape("cudnn", "input", plans_->input, input.shape());
    expect_shape("cudnn", "output", plans_->output, output.shape());
    plans_->planned(direction::forward)
        .run(*plans_->ctx, input.data(), plans_->filters.data(), output.data());
}

template <class T>
void cudnn_convolution<T>::backward_data(tensor_view<const T, cuda> d_output,
                                         tensor_view<T, cuda> d_input) const {
    expect_shape("cudnn", "d_output", plans_->output, d_output.shape());
    expect_shape("cudnn", "d_input", plans_->input, d_input.shape());
    plans_->planned(direction::backward_data)
        .run(*plans_->ctx, d_input.data(), plans_->filters.data(), d_output.data());
}

template class cudnn_convolution<float>;
template class cudnn_convolution<half>;
template class cudnn_convolution<bfloat16>;

}  // namespace impasto::bench
