#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

/// A GPU's threads on the CPU. A block's threads are fibers: one runs until it waits, then the
/// next. Blocks run one after the other.
namespace simt {

/// What a kernel did wrong: a barrier that not all threads reach, memory that is not its own.
class fault : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct extent {
    unsigned x = 1, y = 1, z = 1;
    [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(x) * y * z; }
};

/// The order in which blocks, and a block's threads, take their turns. A kernel whose threads
/// synchronise as they must gives the same result in both.
enum class order { forward, reversed };
void set_order(order o);

/// Calls run() in both orders and returns the first result; throws fault where they disagree.
template <class Run>
auto run_both_orders(Run run) {
    set_order(order::reversed);
    const auto reversed = run();
    set_order(order::forward);
    auto forward = run();
    if (!(forward == reversed))
        throw fault("the result depends on the order in which threads run: a barrier is missing");
    return forward;
}

/// Runs body once for each thread of each block.
struct launch_shape {
    extent grid, block;
    std::size_t shared_bytes = 0;
};
void run_grid(const launch_shape& shape, const std::function<void()>& body);

/// ---- Of the thread that runs ----

/// The block's shared memory: exactly what the launch gave, filled with 0xff before the block
/// starts (NaN in every floating-point format). Throws fault where the kernel wants more.
[[nodiscard]] void* shared_memory(std::size_t bytes);

/// __syncthreads
void block_barrier();

/// Barrier `id` of the sixteen that a block has, for `threads` of its threads: bar.arrive and
/// bar.sync. It opens when as many have come; who only arrives goes on at once.
void named_barrier_arrive(int id, int threads);
void named_barrier_sync(int id, int threads);

void expect_aligned(const void* address, std::size_t alignment);

/// A thread's copies that have been asked for and not yet been made.
struct pending_copy {
    void* to;
    const void* from;
    std::size_t bytes;
    bool valid;
};
struct copy_queue {
    std::vector<pending_copy> open;                ///< not yet in a group
    std::deque<std::vector<pending_copy>> groups;  ///< the oldest first
};
[[nodiscard]] copy_queue& this_threads_copies();

/// A thread's part of wgmma's products that have been asked for and not yet been formed, and the
/// sums that they are added to: kept here, and NaN where the kernel has them, while any is left.
struct product_queue {
    using product = std::function<void()>;
    struct kept_sums {
        float* home;
        std::vector<float> values;
    };

    [[nodiscard]] std::vector<float>& sums_of(float* home, std::size_t count);
    void give_back();

    std::vector<product> open;                ///< not yet in a group
    std::deque<std::vector<product>> groups;  ///< the oldest first
    std::deque<kept_sums> sums;
};
[[nodiscard]] product_queue& this_threads_products();

}  // namespace simt

// CUDA's names for where the running thread stands. constinit: without it each use would ask first
// whether they are initialised, which UndefinedBehaviorSanitizer takes for a null pointer.
extern constinit thread_local simt::extent threadIdx, blockIdx, blockDim, gridDim;
