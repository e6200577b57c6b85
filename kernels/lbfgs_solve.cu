#include "core/launch.cuh"
#include "core/shared.cuh"
#include "core/warp.cuh"
#include "lbfgs.cuh"

// −H·g from inner products, Byrd, Nocedal & Schnabel 1994, eq. 3.1. With S and Y the pairs from the
// oldest to the newest, R the upper triangle of SᵀY, D its diagonal and γ = s·y / y·y of the
// newest:
//
//   u = R⁻¹·Sᵀg     v = R⁻ᵀ·((D + γYᵀY)·u − γYᵀg)     H·g = γg + S·v − γY·u
//
// One block, all numbers in double. A triangular system is solved 32 unknowns at a time: the first
// warp solves the square on the diagonal, a lane an unknown, and hands each result to the others by
// a shuffle; then all threads take the 32 out of what is left. Vectors are kept by age.

namespace impasto::kernels {

namespace {

constexpr int threads = 256, most_pairs = 1024;

struct solve_shared {
    double u[most_pairs], v[most_pairs];
    double yg[most_pairs];
};

/// Σ over the runs of one product, by one warp.
[[nodiscard]] __device__ double total(const double* partials, int runs) {
    double sum = 0;
    for (int run = lane_id(); run < runs; run += warp_size)
        sum += partials[run];
    return warp_sum(sum);
}

__device__ void finish_products(const lbfgs_ring& ring, const lbfgs_rows& rows,
                                const lbfgs_partials& partials, const lbfgs_products& products,
                                solve_shared& shared) {
    const int newest = rows.slot(ring, 0);
    for (int age = static_cast<int>(threadIdx.x) / warp_size; age < ring.size;
         age += threads / warp_size) {
        const int slot = rows.slot(ring, age);
        const double sg = total(partials.of(slot, 0), partials.runs);
        const double yg = total(partials.of(slot, 1), partials.runs);
        const double sy = total(partials.of(slot, 2), partials.runs);
        const double yy = total(partials.of(slot, 3), partials.runs);
        if (lane_id() == 0) {
            shared.u[age] = sg;
            shared.yg[age] = yg;
            products.sy(slot, newest) = sy;
            products.yy(slot, newest) = products.yy(newest, slot) = yy;
        }
    }
    __syncthreads();
}

/// x ← L⁻¹·x for the lower triangle element(row, column), of `size` unknowns; unknown k is
/// x[at(k)].
template <class Element, class At>
__device__ void solve_lower(int size, Element element, At at, double* x) {
    const int thread = static_cast<int>(threadIdx.x);
    for (int first = 0; first < size; first += warp_size) {
        if (thread < warp_size) {
            const int row = first + thread;
            const bool exists = row < size;
            double left = exists ? x[at(row)] : 0;
            const double inverse = exists ? 1 / element(row, row) : 1;
            for (int k = 0; k < warp_size; ++k) {
                const double found = shuffle(left * inverse, k);
                if (exists && row > first + k)
                    left -= element(row, first + k) * found;
            }
            if (exists)
                x[at(row)] = left * inverse;
        }
        __syncthreads();
        for (int row = first + warp_size + thread; row < size; row += threads) {
            double left = x[at(row)];
            for (int k = 0; k < warp_size; ++k)
                left -= element(row, first + k) * x[at(first + k)];
            x[at(row)] = left;
        }
        __syncthreads();
    }
}

__global__ void __launch_bounds__(threads)
    lbfgs_solve_kernel(const lbfgs_ring* from, lbfgs_rows rows, lbfgs_partials partials,
                       lbfgs_products products, double* factors) {
    auto& shared = shared_memory<solve_shared>();
    const lbfgs_ring ring = *from;
    const int size = ring.size, thread = static_cast<int>(threadIdx.x);
    double* factor_of_g = factors + 2 * rows.slots;
    if (size == 0) {
        if (thread == 0)
            *factor_of_g = -1;
        return;
    }
    finish_products(ring, rows, partials, products, shared);
    const auto slot = [&](int age) { return rows.slot(ring, age); };
    const double gamma = products.sy(slot(0), slot(0)) / products.yy(slot(0), slot(0));

    // R from its last row up is a lower triangle by age.
    solve_lower(
        size, [&](int i, int j) { return products.sy(slot(i), slot(j)); }, [](int k) { return k; },
        shared.u);
    for (int i = thread; i < size; i += threads) {
        double yyu = 0;
        for (int j = 0; j < size; ++j)
            yyu += products.yy(slot(j), slot(i)) * shared.u[j];
        shared.v[i] = products.sy(slot(i), slot(i)) * shared.u[i] + gamma * (yyu - shared.yg[i]);
    }
    __syncthreads();
    const auto age = [&](int k) { return size - 1 - k; };
    solve_lower(
        size, [&](int i, int j) { return products.sy(slot(age(j)), slot(age(i))); }, age, shared.v);

    for (int i = thread; i < size; i += threads) {
        factors[2 * slot(i)] = -shared.v[i];
        factors[2 * slot(i) + 1] = gamma * shared.u[i];
    }
    if (thread == 0)
        *factor_of_g = -gamma;
}

}  // namespace

void lbfgs_solve(cudaStream_t stream, const lbfgs_ring* ring, const lbfgs_rows& rows,
                 const lbfgs_partials& partials, const lbfgs_products& products, double* factors) {
    launch(lbfgs_solve_kernel, 1, threads, sizeof(solve_shared), stream, ring, rows, partials,
           products, factors);
}

}  // namespace impasto::kernels
