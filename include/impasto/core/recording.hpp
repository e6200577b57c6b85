#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include <impasto/core/context.hpp>

namespace impasto {

/// Work that is enqueued again and again, such as an iteration: on a GPU it is recorded once as a
/// graph and then replayed with one call, on the CPU it is simply done.
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
    /// Everything that a piece of work depends on besides what lies in memory: addresses, factors.
    using key = std::array<std::size_t, 3>;

    recording();
    ~recording();
    recording(recording&&) noexcept;
    recording& operator=(recording&&) noexcept;

    /// Enqueues work(): itself where the key is new, which also brings scratch memory to its size;
    /// recorded where it comes again. The last few keys are remembered, until the context's scratch
    /// memory moves. work() may neither wait for the device nor allocate.
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
