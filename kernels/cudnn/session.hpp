#pragma once

#include <deque>
#include <utility>

#include <impasto/core/context.hpp>

#include "cudnn/plan.hpp"

namespace impasto::kernels {

/// What a context keeps of cuDNN: a handle bound to its stream, and each plan that was sought, for
/// the networks of a run convolve the same shapes.
class cudnn_session {
public:
    /// The context's, made when first asked for. Throws cuda_error where there is no cuDNN 9.
    [[nodiscard]] static cudnn_session& of(context<cuda>& ctx);

    explicit cudnn_session(cudaStream_t stream);
    ~cudnn_session();
    cudnn_session(const cudnn_session&) = delete;
    cudnn_session& operator=(const cudnn_session&) = delete;

    [[nodiscard]] cudnnHandle_t handle() const { return handle_; }
    /// The quickest, found by timing those that cuDNN proposes; it lives as long as the session.
    /// Throws option_error where there is none.
    [[nodiscard]] const cudnn_plan& plan_for(context<cuda>& ctx, const cudnn_problem& problem);

private:
    cudnnHandle_t handle_ = nullptr;
    std::deque<std::pair<cudnn_problem, cudnn_plan>> plans_;
};

}  // namespace impasto::kernels
