#include "core/mma.cuh"

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "core/types.cuh"
#include "core/warp.cuh"
#include "simt/faults.hpp"

using namespace impasto;
using namespace impasto::kernels;

namespace {

template <class T, int Rows, int Columns>
struct matrix {
    alignas(16) T at[Rows][Columns];
};

template <class T, int Rows, int Columns>
matrix<T, Rows, Columns> random_matrix(unsigned seed) {
    std::mt19937 generator(seed);
    matrix<T, Rows, Columns> m;
    for (auto& row : m.at)
        for (auto& value : row)  // sixteenths: sums of products are exact
            value = T(static_cast<float>(static_cast<int>(generator() % 65) - 32) / 16);
    return m;
}

template <class T>
struct operands {
    matrix<T, 16, 16> a;
    matrix<T, 16, 8> b;
};

// D = A·B with A loaded row by row, and B, which lies row by row too, loaded transposed.
template <class T>
__global__ void multiply_kernel(const operands<T>* in, matrix<float, 16, 8>* out) {
    auto& shared = shared_memory<operands<T>>();
    if (threadIdx.x == 0)
        shared = *in;
    __syncthreads();
    const int lane = lane_id();
    std::uint32_t a[4], b[2];
    ldmatrix_x4(a, &shared.a.at[lane % 16][8 * (lane / 16)]);
    ldmatrix_x2_trans(b, &shared.b.at[lane % 16][0]);
    float d[4] = {1, 1, 1, 1};
    mma_m16n8k16<T>(d, a, b);
    for (int i = 0; i < 4; ++i)
        out->at[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2] = d[i];
}

// The fragments by hand, as the manual's figures show them.
__global__ void multiply_tf32_kernel(const matrix<float, 16, 8>* a, const matrix<float, 8, 8>* b,
                                     matrix<float, 16, 8>* out) {
    const int g = lane_id() / 4, t = lane_id() % 4;
    const std::uint32_t fa[4] = {to_tf32(a->at[g][t]), to_tf32(a->at[g + 8][t]),
                                 to_tf32(a->at[g][t + 4]), to_tf32(a->at[g + 8][t + 4])};
    const std::uint32_t fb[2] = {to_tf32(b->at[t][g]), to_tf32(b->at[t + 4][g])};
    float d[4] = {};
    mma_m16n8k8_tf32(d, fa, fb);
    for (int i = 0; i < 4; ++i)
        out->at[g + 8 * (i / 2)][2 * t + i % 2] = d[i];
}

struct loads {
    std::uint32_t straight[32][4], transposed[32][4];
};

__global__ void ldmatrix_kernel(loads* out) {
    struct squares {
        std::uint16_t at[4][8][8];
    };
    auto& shared = shared_memory<squares>();
    const auto lane = static_cast<unsigned>(lane_id());
    for (unsigned i = lane; i < 256; i += 32)
        shared.at[i / 64][i / 8 % 8][i % 8] = static_cast<std::uint16_t>(i);
    __syncwarp();
    ldmatrix_x4(out->straight[lane], shared.at[lane / 8][lane % 8]);
    ldmatrix_x4_trans(out->transposed[lane], shared.at[lane / 8][lane % 8]);
}

float value(float x) {
    return x;
}
template <class T>
float value(T x) {
    return static_cast<float>(x);
}

template <class A, class B>
float product(const A& a, const B& b, int row, int column, int depth) {
    float sum = 0;
    for (int k = 0; k < depth; ++k)
        sum += value(a.at[row][k]) * value(b.at[k][column]);
    return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("a 16-bit tensor-core product is the product of the matrices", "", half,
                   bfloat16) {
    const operands<TestType> in{random_matrix<TestType, 16, 16>(1),
                                random_matrix<TestType, 16, 8>(2)};
    matrix<float, 16, 8> out;
    faults::run(multiply_kernel<TestType>, 1, 32, sizeof(in), &in, &out);
    for (int row = 0; row < 16; ++row)
        for (int column = 0; column < 8; ++column)
            CHECK(out.at[row][column] == 1 + product(in.a, in.b, row, column, 16));
}

TEST_CASE("a TF32 tensor-core product is the product of the matrices") {
    const auto a = random_matrix<float, 16, 8>(3);
    const auto b = random_matrix<float, 8, 8>(4);
    matrix<float, 16, 8> out;
    faults::run(multiply_tf32_kernel, 1, 32, 0, &a, &b, &out);
    for (int row = 0; row < 16; ++row)
        for (int column = 0; column < 8; ++column)
            CHECK(out.at[row][column] == product(a, b, row, column, 8));
}

TEST_CASE("TF32 keeps ten bits of fraction, rounded to the nearest, ties away from zero") {
    const auto rounded = [](float x) { return std::bit_cast<float>(to_tf32(x)); };
    CHECK(rounded(1.0f) == 1.0f);
    CHECK(rounded(1 + 0x1p-11f) == 1 + 0x1p-10f);
    CHECK(rounded(1 + 0x1.fp-12f) == 1.0f);
    CHECK(rounded(-1 - 0x1p-11f) == -1 - 0x1p-10f);
    CHECK(rounded(std::numeric_limits<float>::infinity()) ==
          std::numeric_limits<float>::infinity());
}

TEST_CASE("ldmatrix deals four matrices to the lanes, straight or transposed") {
    loads out;
    faults::run(ldmatrix_kernel, 1, 32, 512, &out);
    for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned j = 0; j < 4; ++j) {
            const unsigned g = lane / 4, t = 2 * (lane % 4);
            const auto at = [&](unsigned row, unsigned column) {
                return 64 * j + 8 * row + column;
            };
            CHECK(out.straight[lane][j] == (at(g, t) | at(g, t + 1) << 16));
            CHECK(out.transposed[lane][j] == (at(t, g) | at(t + 1, g) << 16));
        }
}
