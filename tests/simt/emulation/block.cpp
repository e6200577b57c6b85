#include <simt/block.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>

#include <simt/fiber.hpp>
#include <simt/guarded_memory.hpp>
#include <simt/warp.hpp>

thread_local simt::extent threadIdx, blockIdx, blockDim, gridDim;

namespace simt {

namespace {

enum class state { ready, at_block_barrier, at_named_barrier, in_warp_operation, finished };

struct thread {
    fiber context;
    extent index;
    simt::state state = state::ready;
    int barrier = 0;  ///< where it waits, at a named one
    std::size_t number = 0;
    copy_queue copies;
    product_queue products;
};

struct warp {
    void* arguments[warp_size] = {};
    const char* operation = nullptr;
    int arrived = 0, lanes = 0;
};

constexpr int named_barriers = 16;

order the_order = order::forward;

/// The block that runs, and the fibers that all blocks reuse.
struct block {
    std::vector<std::unique_ptr<thread>> threads;
    std::vector<warp> warps;
    std::array<int, named_barriers> arrived = {};  ///< at each named barrier
    std::size_t count = 0;
    thread* running = nullptr;
    const std::function<void()>* body = nullptr;
    std::exception_ptr failure;
    void* shared = nullptr;
    std::size_t shared_bytes = 0;
};
thread_local block the_block;

std::string name(const thread& t) {
    return "thread " + std::to_string(t.index.x) + "," + std::to_string(t.index.y) + "," +
           std::to_string(t.index.z) + " of block " + std::to_string(blockIdx.x) + "," +
           std::to_string(blockIdx.y) + "," + std::to_string(blockIdx.z);
}

warp& warp_of(const thread& t) {
    return the_block.warps[t.number / warp_size];
}

void run_thread(void* argument) {
    auto& self = *static_cast<thread*>(argument);
    try {
        (*the_block.body)();
    } catch (...) {
        the_block.failure = std::current_exception();
    }
    self.state = state::finished;
}

void wait(thread& self, state why) {
    self.state = why;
    self.context.leave();
}

void start(thread& t, std::size_t number) {
    const auto n = static_cast<unsigned>(number);
    t.number = number;
    t.index = {n % blockDim.x, n / blockDim.x % blockDim.y, n / blockDim.x / blockDim.y};
    t.state = state::ready;
    t.copies.open.clear();
    t.copies.groups.clear();
    t.products = {};
    t.context.start(run_thread, &t);
}

void prepare_block(std::size_t count) {
    auto& b = the_block;
    b.count = count;
    while (b.threads.size() < count)
        b.threads.push_back(std::make_unique<thread>());
    b.warps.assign((count + warp_size - 1) / warp_size, {});
    b.failure = nullptr;
    b.arrived = {};
    for (std::size_t i = 0; i < count; ++i) {
        start(*b.threads[i], i);
        ++warp_of(*b.threads[i]).lanes;
    }
}

/// One turn for every thread that can go on. Returns how many there were.
std::size_t run_ready_threads() {
    auto& b = the_block;
    std::size_t turns = 0;
    for (std::size_t i = 0; i < b.count; ++i) {
        auto& t = *b.threads[the_order == order::forward ? i : b.count - 1 - i];
        if (t.state != state::ready)
            continue;
        ++turns;
        b.running = &t;
        threadIdx = t.index;
        t.context.resume();
        if (b.failure)
            std::rethrow_exception(b.failure);
    }
    return turns;
}

std::size_t number_in(state s) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < the_block.count; ++i)
        n += the_block.threads[i]->state == s;
    return n;
}

const thread& first_in(state s) {
    std::size_t i = 0;
    while (the_block.threads[i]->state != s)
        ++i;
    return *the_block.threads[i];
}

[[noreturn]] void report_divergence() {
    if (number_in(state::in_warp_operation) > 0) {
        const auto& t = first_in(state::in_warp_operation);
        throw fault(name(t) + " waits in " + warp_of(t).operation +
                    ", which not all lanes of its warp reach");
    }
    if (number_in(state::at_named_barrier) > 0) {
        const auto& t = first_in(state::at_named_barrier);
        throw fault(name(t) + " waits at barrier " + std::to_string(t.barrier) +
                    ", where too few others come");
    }
    throw fault(name(first_in(state::at_block_barrier)) +
                " waits at a barrier that other threads have left without reaching");
}

/// After a round in which nobody could go on: opens the barrier, or finds out why not.
void open_barrier() {
    auto& b = the_block;
    if (number_in(state::at_block_barrier) != b.count)
        report_divergence();
    for (std::size_t i = 0; i < b.count; ++i)
        b.threads[i]->state = state::ready;
}

void run_block(std::size_t count) {
    prepare_block(count);
    while (number_in(state::finished) != count)
        if (run_ready_threads() == 0)
            open_barrier();
}

}  // namespace

void set_order(order o) {
    the_order = o;
}

void run_grid(const launch_shape& shape, const std::function<void()>& body) {
    auto& b = the_block;
    guarded_memory shared(shape.shared_bytes, 1024);
    gridDim = shape.grid;
    blockDim = shape.block;
    b.body = &body;
    b.shared = shared.data();
    b.shared_bytes = shape.shared_bytes;
    const std::size_t blocks = shape.grid.count();
    for (std::size_t i = 0; i < blocks; ++i) {
        const auto n = static_cast<unsigned>(the_order == order::forward ? i : blocks - 1 - i);
        blockIdx = {n % shape.grid.x, n / shape.grid.x % shape.grid.y,
                    n / shape.grid.x / shape.grid.y};
        shared.poison();
        run_block(shape.block.count());
        if (!shared.intact())
            throw fault("a block wrote outside its " + std::to_string(shape.shared_bytes) +
                        " bytes of shared memory");
    }
}

void* shared_memory(std::size_t bytes) {
    if (bytes > the_block.shared_bytes)
        throw fault("a kernel wants " + std::to_string(bytes) +
                    " bytes of shared memory and was launched with " +
                    std::to_string(the_block.shared_bytes));
    return the_block.shared;
}

void block_barrier() {
    wait(*the_block.running, state::at_block_barrier);
}

void named_barrier_arrive(int id, int threads) {
    auto& b = the_block;
    if (id < 0 || id >= named_barriers || threads % warp_size != 0)
        throw fault(name(*b.running) + " asks for barrier " + std::to_string(id) + " of " +
                    std::to_string(threads) + " threads; there are 16, of whole warps");
    if (++b.arrived[static_cast<std::size_t>(id)] < threads)
        return;
    b.arrived[static_cast<std::size_t>(id)] = 0;
    for (std::size_t i = 0; i < b.count; ++i) {
        auto& t = *b.threads[i];
        if (t.state == state::at_named_barrier && t.barrier == id)
            t.state = state::ready;
    }
    b.running->barrier = -1;  // has opened it: need not wait
}

void named_barrier_sync(int id, int threads) {
    auto& self = *the_block.running;
    self.barrier = id;
    named_barrier_arrive(id, threads);
    if (self.barrier == id)
        wait(self, state::at_named_barrier);
}

void expect_aligned(const void* address, std::size_t alignment) {
    if (reinterpret_cast<std::uintptr_t>(address) % alignment != 0)
        throw fault(name(*the_block.running) + " takes " + std::to_string(alignment) +
                    " bytes from an address that is no multiple of it");
}

copy_queue& this_threads_copies() {
    return the_block.running->copies;
}

product_queue& this_threads_products() {
    return the_block.running->products;
}

std::vector<float>& product_queue::sums_of(float* home, std::size_t count) {
    for (auto& kept : sums)
        if (kept.home == home)
            return kept.values;
    auto& kept = sums.emplace_back(kept_sums{home, {home, home + count}});
    std::fill_n(home, count, std::numeric_limits<float>::quiet_NaN());
    return kept.values;
}

void product_queue::give_back() {
    for (const auto& kept : sums)
        std::copy(kept.values.begin(), kept.values.end(), kept.home);
    sums.clear();
}

// ---- Warps --------------------------------------------------------------------------------------

int lane() {
    return static_cast<int>(the_block.running->number % warp_size);
}

bool arrive(const char* operation, void* argument) {
    auto& self = *the_block.running;
    auto& w = warp_of(self);
    if (w.arrived > 0 && std::string(operation) != w.operation)
        throw fault(name(self) + " is in " + operation + ", others of its warp in " + w.operation);
    w.operation = operation;
    w.arguments[lane()] = argument;
    if (++w.arrived == w.lanes)
        return true;
    wait(self, state::in_warp_operation);
    return false;
}

lanes& arrived() {
    return warp_of(*the_block.running).arguments;
}

void release_warp() {
    auto& self = *the_block.running;
    auto& w = warp_of(self);
    w.arrived = 0;
    const std::size_t first = self.number / warp_size * warp_size;
    for (int i = 0; i < w.lanes; ++i) {
        auto& t = *the_block.threads[first + static_cast<std::size_t>(i)];
        if (t.state == state::in_warp_operation)
            t.state = state::ready;
    }
}

std::uint32_t ballot(bool predicate) {
    struct {
        bool brought;
        std::uint32_t taken;
    } mine{predicate, 0};
    using slot = decltype(mine);
    collective("ballot", mine, [](lanes& all) {
        std::uint32_t bits = 0;
        for (int i = 0; i < warp_size; ++i)
            if (all[i] != nullptr && static_cast<slot*>(all[i])->brought)
                bits |= 1u << i;
        for (void* lane : all)
            if (lane != nullptr)
                static_cast<slot*>(lane)->taken = bits;
    });
    return mine.taken;
}

void warp_barrier() {
    int nothing = 0;
    collective("__syncwarp", nothing, [](lanes&) {});
}

}  // namespace simt
