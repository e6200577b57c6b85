#pragma once

#include <cstdint>

#include "core/types.cuh"

/// What the kernels of L-BFGS share: where pairs and their products lie.
namespace impasto::kernels {

struct lbfgs_ring {
    int size;  ///< filled slots
    int next;  ///< the slot that the next pair goes to; never a filled one
};

/// The pairs in a ring of `slots`, one more than are kept, so that one is always free: a pair can
/// be written before it is known whether it is any good.
struct lbfgs_rows {
    float* data;
    std::int64_t elements, stride;
    int slots;

    [[nodiscard]] __device__ float* s(int slot) const { return data + 2 * slot * stride; }
    [[nodiscard]] __device__ float* y(int slot) const { return data + (2 * slot + 1) * stride; }
    /// Slot of the pair that is `age` pushes old; 0 is the newest.
    [[nodiscard]] __device__ int slot(const lbfgs_ring& ring, int age) const {
        const int slot = ring.next - 1 - age;
        return slot < 0 ? slot + slots : slot;
    }
};

/// Products of slots with slots. s·y is known where s is not newer than y.
struct lbfgs_products {
    double *s_dot_y, *y_dot_y;
    int slots;

    // Row by y: threads that walk along s touch neighbours.
    [[nodiscard]] __device__ double& sy(int s, int y) const { return s_dot_y[y * slots + s]; }
    [[nodiscard]] __device__ double& yy(int a, int b) const { return y_dot_y[a * slots + b]; }
};

/// Four neighbours of a vector, of which `count` exist; the rest are zero.
struct quad {
    float values[4];
};

[[nodiscard]] __device__ inline bool is_whole(const float* at, std::int64_t count) {
    return count >= 4 && reinterpret_cast<std::uintptr_t>(at) % 16 == 0;
}

[[nodiscard]] __device__ inline quad load_quad(const float* from, std::int64_t count) {
    if (is_whole(from, count)) {
        const auto v = load_vec16(from);
        return {v[0], v[1], v[2], v[3]};
    }
    quad result;
#pragma unroll
    for (int i = 0; i < 4; ++i)
        result.values[i] = i < count ? from[i] : 0;
    return result;
}

__device__ inline void store_quad(float* to, const quad& value, std::int64_t count) {
    if (is_whole(to, count)) {
        store_vec16(
            to, vec16<float>{value.values[0], value.values[1], value.values[2], value.values[3]});
        return;
    }
#pragma unroll
    for (int i = 0; i < 4; ++i)
        if (i < count)
            to[i] = value.values[i];
}

[[nodiscard]] __device__ inline double dot(const quad& a, const quad& b) {
    return static_cast<double>((a.values[0] * b.values[0] + a.values[1] * b.values[1]) +
                               (a.values[2] * b.values[2] + a.values[3] * b.values[3]));
}

/// The products of every pair with two vectors, as partial sums over runs of elements.
struct lbfgs_partials {
    double* data;  ///< [slots][4][runs]: s·g, y·g, s·y', y·y' with y' the newest y
    int runs;

    [[nodiscard]] __device__ double* of(int slot, int which) const {
        return data + (static_cast<std::int64_t>(slot) * 4 + which) * runs;
    }
};

/// Reduces the partial sums, brings the products up to date, and writes the factors of every row,
/// and at the end of g, in −H·g. One block.
void lbfgs_solve(cudaStream_t stream, const lbfgs_ring* ring, const lbfgs_rows& rows,
                 const lbfgs_partials& partials, const lbfgs_products& products, double* factors);

}  // namespace impasto::kernels
