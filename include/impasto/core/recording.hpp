#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include <impasto/core/context.hpp>

namespace impasto {

/// Repeated work, such as an iteration. On a GPU it is recorded once as a CUDA graph and replayed
/// with one call; on the CPU it is executed every time.
template <class Device>
class recording;

template <>
class recording<cpu> {
public:
    template <class Key, class Work>
    void run(context<cpu>&, const Key&, Work&& work) {
        work();
    }
};

template <>
class recording<cuda> {
public:
    /// Everything that the work depends on except the contents of memory: addresses, factors.
    using key = std::array<std::size_t, 3>;

    recording();
    ~recording();
    recording(recording&&) noexcept;
    recording& operator=(recording&&) noexcept;

    /// Enqueues work(). It is called directly for a new key, which also reserves scratch memory,
    /// recorded the second time, and replayed after that. The last few keys are remembered until
    /// the scratch memory of the context moves. work() must not wait for the device or allocate.
    template <class Work>
    void run(context<cuda>& ctx, const key& k, Work&& work) {
        switch (look_up(ctx, k)) {
            case stage::unknown:
                work();
                remember(ctx, k);
                return;
            case stage::seen:
                begin(ctx);
                try {
                    work();
                } catch (...) {
                    abandon(ctx);
                    throw;
                }
                end(ctx, k);
                break;
            case stage::recorded:
                break;
        }
        replay(ctx, k);
    }

private:
    enum class stage { unknown, seen, recorded };
    struct entries;

    [[nodiscard]] stage look_up(context<cuda>& ctx, const key& k);
    void remember(context<cuda>& ctx, const key& k);
    void begin(context<cuda>& ctx);
    void abandon(context<cuda>& ctx) noexcept;
    void end(context<cuda>& ctx, const key& k);
    void replay(context<cuda>& ctx, const key& k);

    std::unique_ptr<entries> entries_;
};

}  // namespace impasto
