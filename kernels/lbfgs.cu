#include "lbfgs.cuh"

#include <algorithm>
#include <limits>
#include <string>

#include <impasto/ops/lbfgs.hpp>

#include "core/context_state.hpp"
#include "core/launch.cuh"
#include "core/reduce.cuh"

// L-BFGS keeps 2·m vectors and reads each of them twice an iteration: once for its products with g
// and with the newest y, once for its part in the direction. Both kernels stream, 16 bytes a thread
// and access. Products are formed of four elements in float and summed in double, in a fixed order.

namespace impasto::kernels {

namespace {

constexpr int threads = reduction_threads;
constexpr int group = 4;  ///< pairs that a block of products takes: they share g and y

struct pair_shared {
    double sums[3][warp_size];
};

/// Writes the pair to the free slot and leaves partial sums of s·y, s·s and y·y. A thread owns
/// every (grid)th four elements.
__global__ void __launch_bounds__(threads)
    lbfgs_store_kernel(const lbfgs_ring* ring, lbfgs_rows rows, const float* s, const float* y,
                       double* partials) {
    auto& shared = shared_memory<pair_shared>();
    const int slot = ring->next;
    double sums[3] = {};
    const auto step = static_cast<std::int64_t>(gridDim.x) * threads * 4;
    for (auto at = (static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x) * 4;
         at < rows.elements; at += step) {
        const auto count = rows.elements - at;
        const quad a = load_quad(s + at, count), b = load_quad(y + at, count);
        store_quad(rows.s(slot) + at, a, count);
        store_quad(rows.y(slot) + at, b, count);
        sums[0] += dot(a, b);
        sums[1] += dot(a, a);
        sums[2] += dot(b, b);
    }
    for (int i = 0; i < 3; ++i) {
        const double sum = block_reduce(sums[i], shared.sums[i]);
        if (threadIdx.x == 0)
            partials[i * static_cast<int>(gridDim.x) + static_cast<int>(blockIdx.x)] = sum;
    }
}

/// One block: takes what was stored as the newest pair, if its curvature is positive beyond float's
/// rounding.
__global__ void __launch_bounds__(threads)
    lbfgs_accept_kernel(lbfgs_ring* ring, int slots, const double* partials, int count,
                        double* size) {
    auto& shared = shared_memory<pair_shared>();
    double sums[3] = {};
    for (int i = 0; i < 3; ++i) {
        for (int k = static_cast<int>(threadIdx.x); k < count; k += threads)
            sums[i] += partials[i * count + k];
        sums[i] = block_reduce(sums[i], shared.sums[i]);
    }
    if (threadIdx.x != 0)
        return;
    constexpr double rounding = std::numeric_limits<float>::epsilon();
    if (sums[0] > rounding * sqrt(sums[1] * sums[2])) {
        ring->next = ring->next + 1 == slots ? 0 : ring->next + 1;
        ring->size = ring->size + 1 == slots ? ring->size : ring->size + 1;
    }
    *size = ring->size;
}

__global__ void lbfgs_clear_kernel(lbfgs_ring* ring, double* size) {
    *ring = {0, 0};
    *size = 0;
}

struct products_shared {
    double sums[group * 4][warp_size];
};

/// A block owns a run of elements and four pairs, a thread every 256th four of the run.
__global__ void __launch_bounds__(threads)
    lbfgs_products_kernel(const lbfgs_ring* from, lbfgs_rows rows, std::int64_t run, const float* g,
                          lbfgs_partials partials) {
    auto& shared = shared_memory<products_shared>();
    const lbfgs_ring ring = *from;
    const int first_age = static_cast<int>(blockIdx.y) * group;
    if (first_age >= ring.size)
        return;
    const auto begin = blockIdx.x * run;
    const auto end = begin + run < rows.elements ? begin + run : rows.elements;
    const float* newest = rows.y(rows.slot(ring, 0));
    int slots[group];
#pragma unroll
    for (int i = 0; i < group; ++i)  // the last pair stands in for those that there are not
        slots[i] = rows.slot(ring, first_age + i < ring.size ? first_age + i : ring.size - 1);

    double sums[group][4] = {};
    for (auto at = begin + static_cast<std::int64_t>(threadIdx.x) * 4; at < end;
         at += threads * 4) {
        const auto count = end - at;
        const quad x = load_quad(g + at, count), y = load_quad(newest + at, count);
#pragma unroll
        for (int i = 0; i < group; ++i) {
            const quad a = load_quad(rows.s(slots[i]) + at, count);
            const quad b = load_quad(rows.y(slots[i]) + at, count);
            sums[i][0] += dot(a, x);
            sums[i][1] += dot(b, x);
            sums[i][2] += dot(a, y);
            sums[i][3] += dot(b, y);
        }
    }
#pragma unroll
    for (int i = 0; i < group; ++i)
#pragma unroll
        for (int which = 0; which < 4; ++which) {
            const double sum = block_reduce(sums[i][which], shared.sums[i * 4 + which]);
            if (threadIdx.x == 0 && first_age + i < ring.size)
                partials.of(slots[i], which)[blockIdx.x] = sum;
        }
}

/// d ← Σ factors · rows: a thread owns four elements and walks over the pairs, summing in double.
__global__ void __launch_bounds__(threads)
    lbfgs_combine_kernel(const lbfgs_ring* from, lbfgs_rows rows, const double* factors,
                         const float* g, float* d) {
    const auto at = (static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x) * 4;
    if (at >= rows.elements)
        return;
    const lbfgs_ring ring = *from;
    const auto count = rows.elements - at;
    double sums[4] = {};
    const auto add = [&](double factor, const float* row) {
        const quad x = load_quad(row + at, count);
#pragma unroll
        for (int i = 0; i < 4; ++i)
            sums[i] += factor * static_cast<double>(x.values[i]);
    };
    add(factors[2 * rows.slots], g);
    for (int age = 0; age < ring.size; ++age) {
        const int slot = rows.slot(ring, age);
        add(factors[2 * slot], rows.s(slot));
        add(factors[2 * slot + 1], rows.y(slot));
    }
    quad result;
#pragma unroll
    for (int i = 0; i < 4; ++i)
        result.values[i] = static_cast<float>(sums[i]);
    store_quad(d + at, result, count);
}

/// Runs of elements for the products: a function of the size alone, at most 64.
std::int64_t run_of(std::int64_t elements) {
    constexpr std::int64_t shortest = threads * 4 * 4, most = 64;
    const auto run = std::max(shortest, ceil_div(elements, most));
    return ceil_div<std::int64_t>(run, 4) * 4;
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

using namespace kernels;

namespace {

std::int64_t padded(const shape& x) {
    return ceil_div<std::int64_t>(x.elements(), 4) * 4;
}

lbfgs_ring* ring_of(tensor<int, cuda>& ring) {
    return reinterpret_cast<lbfgs_ring*>(ring.data());
}

lbfgs_rows rows_of(const tensor<float, cuda>& rows, const shape& x) {
    const auto& s = rows.shape();
    return {const_cast<float*>(rows.data()), x.elements(), s.w, static_cast<int>(s.h / 2)};
}

int validated(std::size_t capacity) {
    if (capacity < 1 || capacity > 1000)
        throw option_error("L-BFGS: a history of " + std::to_string(capacity) +
                           " pairs is not in [1, 1000]");
    return static_cast<int>(capacity);
}

}  // namespace

lbfgs_pairs::lbfgs_pairs(context<cuda>& ctx, const shape& x, std::size_t capacity)
    : x_(x),
      capacity_(validated(capacity)),
      stride_(padded(x)),
      rows_({1, 1, 2 * (capacity_ + 1), stride_}),
      ring_({1, 1, 1, 2}),
      products_({1, 2, capacity_ + 1, capacity_ + 1}),
      factors_({1, 1, 1, 2 * (capacity_ + 1) + 1}),
      count_(ctx, 1) {
    const auto runs = ceil_div(x.elements(), run_of(x.elements()));
    const auto numbers = std::max<std::int64_t>(std::int64_t{4} * (capacity_ + 1) * runs,
                                                std::int64_t{3} * reduction_blocks(x.elements()));
    ctx.reserve(static_cast<std::size_t>(numbers) * sizeof(double));
    clear(ctx);
}

void lbfgs_pairs::clear(context<cuda>& ctx) {
    most_ = 0;
    pending_ = false;
    launch(lbfgs_clear_kernel, 1, 1, 0, ctx.get().stream, ring_of(ring_), count_.slots(0).data());
}

void lbfgs_pairs::push(context<cuda>& ctx, tensor_view<const float, cuda> s,
                       tensor_view<const float, cuda> y) {
    expect_shape("L-BFGS", "s", x_, s.shape());
    expect_shape("L-BFGS", "y", x_, y.shape());
    if (pending_)
        multiply(ctx, s);
    pending_ = true;
    most_ = std::min(most_ + 1, capacity_);
    const int blocks = reduction_blocks(x_.elements());
    auto* partials = ctx.get().scratch_as<double>(ctx, 3 * blocks);
    const auto stream = ctx.get().stream;
    launch(lbfgs_store_kernel, blocks, threads, sizeof(pair_shared), stream, ring_of(ring_),
           rows_of(rows_, x_), s.data(), y.data(), partials);
    launch(lbfgs_accept_kernel, 1, threads, sizeof(pair_shared), stream, ring_of(ring_),
           capacity_ + 1, partials, blocks, count_.slots(0).data());
}

void lbfgs_pairs::direction(context<cuda>& ctx, tensor_view<const float, cuda> g,
                            tensor_view<float, cuda> d) {
    expect_shape("L-BFGS", "g", x_, g.shape());
    expect_shape("L-BFGS", "d", x_, d.shape());
    multiply(ctx, g);
    pending_ = false;
    const auto rows = rows_of(rows_, x_);
    launch(lbfgs_combine_kernel,
           static_cast<unsigned>(ceil_div<std::int64_t>(rows.elements, threads * 4)), threads, 0,
           ctx.get().stream, ring_of(ring_), rows, factors_.data(), g.data(), d.data());
}

void lbfgs_pairs::multiply(context<cuda>& ctx, tensor_view<const float, cuda> g) {
    const auto rows = rows_of(rows_, x_);
    const int slots = rows.slots;
    const auto run = run_of(rows.elements);
    const int runs = static_cast<int>(ceil_div(rows.elements, run));
    const lbfgs_partials partials{ctx.get().scratch_as<double>(ctx, std::int64_t{4} * slots * runs),
                                  runs};
    const lbfgs_products products{products_.data(), products_.data() + slots * slots, slots};
    const auto stream = ctx.get().stream;
    if (most_ > 0)
        launch(lbfgs_products_kernel,
               dim3(static_cast<unsigned>(runs), static_cast<unsigned>(ceil_div(most_, group))),
               threads, sizeof(products_shared), stream, ring_of(ring_), rows, run, g.data(),
               partials);
    lbfgs_solve(stream, ring_of(ring_), rows, partials, products, factors_.data());
}

std::size_t lbfgs_pairs::size(context<cuda>& ctx) const {
    return static_cast<std::size_t>(count_.read(ctx)[0]);
}

}  // namespace impasto::ops
