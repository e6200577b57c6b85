#include "cudnn/session.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include <impasto/core/error.hpp>
#include <impasto/core/tensor.hpp>

#include "core/check.hpp"
#include "core/context_state.hpp"

namespace impasto::kernels {

namespace {

using device_bytes = tensor<std::byte, cuda>;

device_bytes allocated(std::size_t bytes) {
    return device_bytes({1, 1, 1, static_cast<std::int64_t>(bytes)});
}

/// Where plans are tried: operands of their own, and a clock on the GPU.
class trial {
public:
    trial(context<cuda>& ctx, const cudnn_problem& p)
        : ctx_(ctx),
          input_(operand(p.input, p.type)),
          filters_(operand(p.filters, p.type)),
          output_(operand(p.output, p.type)) {
        for (auto& mark : marks_)
            check(cudaEventCreate(&mark));
    }
    ~trial() {
        for (auto mark : marks_)
            cudaEventDestroy(mark);
    }
    trial(const trial&) = delete;
    trial& operator=(const trial&) = delete;

    /// Milliseconds of one run, the least of a few.
    float time(cudnnHandle_t handle, const cudnn_plan& plan) {
        constexpr int runs = 5;
        const auto stream = ctx_.get().stream;
        const auto workspace = allocated(plan.workspace_bytes());
        const auto run = [&] {
            plan.run(handle, {input_.data(), filters_.data(), output_.data()}, workspace.data());
        };
        float least = std::numeric_limits<float>::infinity();
        for (int i = 0; i < runs; ++i) {
            run();  // the GPU has work while the host enqueues what is timed
            check(cudaEventRecord(marks_[0], stream));
            run();
            check(cudaEventRecord(marks_[1], stream));
            ctx_.synchronize();
            float milliseconds = 0;
            check(cudaEventElapsedTime(&milliseconds, marks_[0], marks_[1]));
            least = std::min(least, milliseconds);
        }
        return least;
    }

private:
    device_bytes operand(const shape& s, cudnnDataType_t type) const {
        constexpr int small_number = 0x3c;  // in every byte, and it is one in every type
        const std::size_t size = type == CUDNN_DATA_FLOAT ? 4 : 2;
        auto result = allocated(static_cast<std::size_t>(s.elements()) * size);
        check(cudaMemsetAsync(result.data(), small_number, result.bytes(), ctx_.get().stream));
        return result;
    }

    context<cuda>& ctx_;
    device_bytes input_, filters_, output_;
    cudaEvent_t marks_[2] = {};
};

std::string words_of(const cudnn_problem& p) {
    const char* type = p.type == CUDNN_DATA_HALF       ? "float16"
                       : p.type == CUDNN_DATA_BFLOAT16 ? "bfloat16"
                       : p.tf32                        ? "tf32"
                                                       : "float32";
    return to_string(p.input) + " by filters " + to_string(p.filters) + " with padding " +
           std::to_string(p.padding) + " in " + type +
           (p.to == cudnn_direction::forward ? ", forward" : ", backward");
}

cudnn_plan quickest(context<cuda>& ctx, cudnnHandle_t handle, const cudnn_problem& p) {
    const auto graph = graph_of(handle, p);
    trial trials(ctx, p);
    std::optional<cudnn_plan> best;
    float least = std::numeric_limits<float>::infinity();
    const auto consider = [&](const cudnn_descriptor& engine) {
        if (p.type == CUDNN_DATA_FLOAT && !p.tf32 && rounds_inputs(engine))
            return;
        cudnn_plan candidate(handle, engine);
        const float milliseconds = trials.time(handle, candidate);
        if (milliseconds < least) {
            least = milliseconds;
            best = std::move(candidate);
        }
    };
    // What it falls back to, slow engines without tensor cores among them, only for want of others.
    for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
        if (best)
            break;
        for (const auto& engine : engines_of(graph, mode)) {
            try {
                consider(engine);
            } catch (const error&) {
                continue;  // proposed, and does not work here after all
            }
        }
    }
    ctx.synchronize();  // where the GPU has failed, that is the reason
    if (!best)
        throw option_error("conv_engine: cuDNN has no plan for " + words_of(p) + "; take native");
    return std::move(*best);
}

}  // namespace

cudnn_session& cudnn_session::of(context<cuda>& ctx) {
    auto& session = ctx.get().cudnn;
    if (session == nullptr)
        session = std::make_shared<cudnn_session>(ctx.get().stream);
    return *session;
}

cudnn_session::cudnn_session(cudaStream_t stream) {
    const auto& library = cudnn_library::get();
    check_cudnn(library.create(&handle_), "cudnnCreate");
    check_cudnn(library.set_stream(handle_, stream), "cudnnSetStream");
}

cudnn_session::~cudnn_session() {
    plans_.clear();
    cudnn_library::get().destroy(handle_);
}

const cudnn_plan& cudnn_session::plan_for(context<cuda>& ctx, const cudnn_problem& problem) {
    const auto known = std::ranges::find(plans_, problem, [](const auto& p) { return p.first; });
    if (known != plans_.end())
        return known->second;
    return plans_.emplace_back(problem, quickest(ctx, handle_, problem)).second;
}

}  // namespace impasto::kernels
