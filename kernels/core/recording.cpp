#include <impasto/core/recording.hpp>

#include <algorithm>
#include <deque>

#include "core/check.hpp"
#include "core/context_state.hpp"

namespace impasto {

struct recording<cuda>::entries {
    static constexpr std::size_t most = 8;

    struct entry {
        recording::key key;
        const void* scratch;              // where it lay
        cudaGraphExec_t graph = nullptr;  // null until it is recorded
    };

    [[nodiscard]] entry* find(const recording::key& k) {
        const auto found = std::ranges::find(all, k, &entry::key);
        return found == all.end() ? nullptr : &*found;
    }

    // A graph has the address of the scratch memory in it.
    void forget_other_than(const void* scratch) {
        for (const auto& e : all)
            if (e.scratch != scratch)
                destroy(e);
        std::erase_if(all, [=](const entry& e) { return e.scratch != scratch; });
    }

    ~entries() {
        for (const auto& e : all)
            destroy(e);
    }
    static void destroy(const entry& e) {
        if (e.graph != nullptr)
            cudaGraphExecDestroy(e.graph);
    }

    std::deque<entry> all;  // the oldest first
};

recording<cuda>::recording() : entries_(std::make_unique<entries>()) {}
recording<cuda>::~recording() = default;
recording<cuda>::recording(recording&&) noexcept = default;
recording<cuda>& recording<cuda>::operator=(recording&&) noexcept = default;

auto recording<cuda>::look_up(context<cuda>& ctx, const key& k) -> stage {
    entries_->forget_other_than(ctx.get().scratch.data());
    const auto* entry = entries_->find(k);
    if (entry == nullptr)
        return stage::unknown;
    return entry->graph == nullptr ? stage::seen : stage::recorded;
}

void recording<cuda>::remember(context<cuda>& ctx, const key& k) {
    auto& all = entries_->all;
    if (all.size() == entries::most) {
        entries::destroy(all.front());
        all.pop_front();
    }
    all.push_back({k, ctx.get().scratch.data()});
}

void recording<cuda>::begin(context<cuda>& ctx) {
    kernels::check(cudaStreamBeginCapture(ctx.get().stream, cudaStreamCaptureModeThreadLocal));
}

void recording<cuda>::abandon(context<cuda>& ctx) noexcept {
    cudaGraph_t graph = nullptr;
    cudaStreamEndCapture(ctx.get().stream, &graph);
    if (graph != nullptr)
        cudaGraphDestroy(graph);
}

void recording<cuda>::end(context<cuda>& ctx, const key& k) {
    cudaGraph_t graph = nullptr;
    kernels::check(cudaStreamEndCapture(ctx.get().stream, &graph));
    const auto status = cudaGraphInstantiate(&entries_->find(k)->graph, graph, 0);
    cudaGraphDestroy(graph);
    kernels::check(status);
}

void recording<cuda>::replay(context<cuda>& ctx, const key& k) {
    kernels::check(cudaGraphLaunch(entries_->find(k)->graph, ctx.get().stream));
}

}  // namespace impasto
