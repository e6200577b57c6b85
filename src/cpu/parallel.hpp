#pragma once

#include <cstdint>

#include <impasto/core/context.hpp>

namespace impasto {

/// Below this many elements, waking the threads costs more than they save.
inline constexpr std::int64_t parallel_from = 1 << 15;

/// Calls f(i) for every i in [0, n), on all threads and vectorised: no call may depend on another.
template <class F>
void for_each_index(const context<cpu>& ctx, std::int64_t n, F f) {
    const int threads = n < parallel_from ? 1 : ctx.threads();
#pragma omp parallel for simd num_threads(threads) schedule(static)
    for (std::int64_t i = 0; i < n; ++i)
        f(i);
}

}  // namespace impasto
