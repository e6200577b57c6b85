#include <simt/mma.hpp>

#include <bit>
#include <cstring>
#include <string>

#include <impasto/core/half.hpp>
#include <simt/warp.hpp>

namespace simt {

namespace {

struct operands {
    float* d;
    const std::uint32_t *a, *b;
};

/// The matrices that the lanes hold between them.
template <int Depth>
struct matrices {
    float a[16][Depth], b[Depth][8], d[16][8];
};

template <int Depth>
void multiply_add(matrices<Depth>& m) {
    for (int row = 0; row < 16; ++row) {
        double sum[8] = {};
        for (int k = 0; k < Depth; ++k)
            for (int column = 0; column < 8; ++column)
                sum[column] +=
                    static_cast<double>(m.a[row][k]) * static_cast<double>(m.b[k][column]);
        for (int column = 0; column < 8; ++column)
            m.d[row][column] =
                static_cast<float>(static_cast<double>(m.d[row][column]) + sum[column]);
    }
}

template <int Depth, class Move>
void for_each_d(lanes& all, matrices<Depth>& m, Move move) {
    for (int lane = 0; lane < warp_size; ++lane)
        for (int i = 0; i < 4; ++i)
            move(static_cast<operands*>(all[lane])->d[i],
                 m.d[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2]);
}

template <int Depth, class Gather>
void mma(const char* operation, operands mine, Gather gather) {
    collective(operation, mine, [&](lanes& all) {
        matrices<Depth> m;
        for (int lane = 0; lane < warp_size; ++lane) {
            if (all[lane] == nullptr)
                throw fault(std::string(operation) + " by a warp that has not all its lanes");
            gather(m, *static_cast<operands*>(all[lane]), lane / 4, lane % 4);
        }
        for_each_d(all, m, [](float& lanes, float& matrix) { matrix = lanes; });
        multiply_add(m);
        for_each_d(all, m, [](float& lanes, float& matrix) { lanes = matrix; });
    });
}

template <class T>
float unpack(std::uint32_t pair, int which) {
    return static_cast<float>(T::from_bits(static_cast<std::uint16_t>(pair >> (16 * which))));
}

float tf32(std::uint32_t bits) {
    return std::bit_cast<float>(bits & 0xffffe000u);
}

}  // namespace

template <class T>
void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    mma<16>("mma_m16n8k16", {d, a, b}, [](auto& m, const operands& o, int group, int t) {
        for (int i = 0; i < 2; ++i)
            for (int half = 0; half < 2; ++half) {
                const int k = 2 * t + i + 8 * half;
                m.a[group][k] = unpack<T>(o.a[2 * half], i);
                m.a[group + 8][k] = unpack<T>(o.a[2 * half + 1], i);
                m.b[k][group] = unpack<T>(o.b[half], i);
            }
    });
}
template void mma_m16n8k16<impasto::half>(float (&)[4], const std::uint32_t (&)[4],
                                          const std::uint32_t (&)[2]);
template void mma_m16n8k16<impasto::bfloat16>(float (&)[4], const std::uint32_t (&)[4],
                                              const std::uint32_t (&)[2]);

void mma_m16n8k8_tf32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    mma<8>("mma_m16n8k8", {d, a, b}, [](auto& m, const operands& o, int group, int t) {
        for (int half = 0; half < 2; ++half) {
            const int k = t + 4 * half;
            m.a[group][k] = tf32(o.a[2 * half]);
            m.a[group + 8][k] = tf32(o.a[2 * half + 1]);
            m.b[k][group] = tf32(o.b[half]);
        }
    });
}

template <int Matrices>
void ldmatrix(const char* operation, std::uint32_t (&r)[Matrices], const void* row,
              bool transpose) {
    if (lane() < 8 * Matrices)
        expect_aligned(row, 16);
    struct {
        std::uint32_t* r;
        const void* row;
    } mine{r, row};
    using slot = decltype(mine);
    collective(operation, mine, [&](lanes& all) {
        for (int j = 0; j < Matrices; ++j) {
            std::uint16_t matrix[8][8];
            for (int i = 0; i < 8; ++i)
                std::memcpy(matrix[i], static_cast<slot*>(all[8 * j + i])->row, 16);
            for (int to = 0; to < warp_size; ++to) {
                const int g = to / 4, t = 2 * (to % 4);
                const std::uint32_t low = transpose ? matrix[t][g] : matrix[g][t];
                const std::uint32_t high = transpose ? matrix[t + 1][g] : matrix[g][t + 1];
                static_cast<slot*>(all[to])->r[j] = low | high << 16;
            }
        }
    });
}
template void ldmatrix<2>(const char*, std::uint32_t (&)[2], const void*, bool);
template void ldmatrix<4>(const char*, std::uint32_t (&)[4], const void*, bool);

}  // namespace simt
