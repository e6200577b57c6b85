#include "cudnn/plan.hpp"

#include <algorithm>
#include <array>

#include <impasto/core/error.hpp>

namespace impasto::kernels {

namespace {

constexpr std::int64_t input_id = 1, filter_id = 2, output_id = 3;

/// Channels innermost; of filters, which are [out,in,k,k], the input's channels.
cudnn_descriptor tensor_of(std::int64_t id, cudnnDataType_t type, const shape& s) {
    cudnn_descriptor d(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    d.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, {type})
        .set_numbers(CUDNN_ATTR_TENSOR_DIMENSIONS, {s.n, s.c, s.h, s.w})
        .set_numbers(CUDNN_ATTR_TENSOR_STRIDES, {s.c * s.h * s.w, 1, s.c * s.w, s.c})
        .set_numbers(CUDNN_ATTR_TENSOR_UNIQUE_ID, {id})
        .set_numbers(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, {16})
        .finish();
    return d;
}

cudnn_descriptor geometry(std::int64_t padding) {
    cudnn_descriptor d(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    d.set_numbers(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {2})
        .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, {CUDNN_DATA_FLOAT})
        .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE,
             {CUDNN_CROSS_CORRELATION})
        .set_numbers(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, {padding, padding})
        .set_numbers(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, {padding, padding})
        .set_numbers(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, {1, 1})
        .set_numbers(CUDNN_ATTR_CONVOLUTION_DILATIONS, {1, 1})
        .finish();
    return d;
}

cudnn_descriptor operation_of(const cudnn_problem& p, const cudnn_descriptor& input,
                              const cudnn_descriptor& filters, const cudnn_descriptor& output) {
    const auto convolution = geometry(p.padding);
    if (p.to == cudnn_direction::forward) {
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

}  // namespace

cudnn_descriptor graph_of(cudnnHandle_t handle, const cudnn_problem& p) {
    const auto input = tensor_of(input_id, p.type, p.input);
    const auto filters = tensor_of(filter_id, p.type, p.filters);
    const auto output = tensor_of(output_id, p.type, p.output);
    const auto operation = operation_of(p, input, filters, output);
    cudnn_descriptor d(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    d.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation)
        .set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, {handle})
        .finish();
    return d;
}

std::vector<cudnn_descriptor> engines_of(const cudnn_descriptor& graph,
                                         cudnnBackendHeurMode_t mode) try {
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
} catch (const cuda_error&) {
    return {};
}

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

cudnn_plan::cudnn_plan(cudnnHandle_t handle, const cudnn_descriptor& engine)
    : execution_(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
    execution_.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, engine)
        .set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, {handle})
        .finish();
    const auto bytes = execution_.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
    workspace_bytes_ = static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1));
}

void cudnn_plan::run(cudnnHandle_t handle, const operands& on, const void* workspace) const {
    cudnn_descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
             {on.input, on.filters, on.output})
        .set_numbers(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, {input_id, filter_id, output_id})
        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, {workspace})
        .finish();
    check_cudnn(cudnn_library::get().execute(handle, execution_.get(), pack.get()), "execute");
}

}  // namespace impasto::kernels
