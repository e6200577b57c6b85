#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/core/shape.hpp>

#include "cudnn/library.hpp"

/// A convolution in the words of cuDNN's graph API: a graph of one operation, the engines that
/// cuDNN proposes for it, and plans, which are engines made ready to run.
namespace impasto::kernels {

enum class cudnn_direction { forward, backward_data };

/// What cuDNN is asked for. Maps are in nhwc, filters [out,in,k,k] likewise, with the input's
/// channels innermost.
struct cudnn_problem {
    cudnn_direction to;
    cudnnDataType_t type;
    shape input, filters, output;
    std::int64_t padding;
    bool tf32;  ///< whether products of float may have fewer digits than float32

    friend bool operator==(const cudnn_problem&, const cudnn_problem&) = default;
};

[[nodiscard]] cudnn_descriptor graph_of(cudnnHandle_t handle, const cudnn_problem& problem);

/// The engines that cuDNN proposes for a graph, the likeliest first; none where it knows none.
[[nodiscard]] std::vector<cudnn_descriptor> engines_of(const cudnn_descriptor& graph,
                                                       cudnnBackendHeurMode_t mode);

/// Whether an engine's products have fewer digits than float32.
[[nodiscard]] bool rounds_inputs(const cudnn_descriptor& engine);

class cudnn_plan {
public:
    struct operands {
        const void *input, *filters, *output;
    };

    /// Throws cuda_error where the engine does not work here after all.
    cudnn_plan(cudnnHandle_t handle, const cudnn_descriptor& engine);

    [[nodiscard]] std::size_t workspace_bytes() const { return workspace_bytes_; }
    /// Enqueues on the handle's stream. workspace: on the device, at least workspace_bytes.
    void run(cudnnHandle_t handle, const operands& on, const void* workspace) const;

private:
    cudnn_descriptor execution_;
    std::size_t workspace_bytes_ = 0;
};

}  // namespace impasto::kernels
