#include <simt/wgmma.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include <impasto/core/half.hpp>
#include <simt/block.hpp>
#include <simt/warp.hpp>

namespace simt {

namespace {

constexpr int row_bytes = 128, chunk_bytes = 16, k_bytes = 32;

/// The swizzle is one of addresses: a row's place among eight is in bits 7 to 9, and moves bits 4
/// to 6.
const std::byte* swizzled(const std::byte* at) {
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    const auto moved = address ^ (address >> 7 & 7) << 4;
    return at + (static_cast<std::ptrdiff_t>(moved) - static_cast<std::ptrdiff_t>(address));
}

template <class T>
constexpr int depth = k_bytes / static_cast<int>(sizeof(T));

/// 32 bytes of K of one row.
template <class T>
void read_row(const matrix_rows& rows, int row, double (&values)[depth<T>]) {
    T read[depth<T>];
    for (int chunk = 0; chunk < k_bytes; chunk += chunk_bytes) {
        const std::byte* at =
            rows.first + row / 8 * rows.group_stride + row % 8 * row_bytes + chunk;
        std::memcpy(reinterpret_cast<char*>(read) + chunk, swizzled(at), chunk_bytes);
    }
    for (int k = 0; k < depth<T>; ++k) {
        auto value = static_cast<float>(read[k]);
        if constexpr (sizeof(T) == 4)  // TF32
            value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xffffe000u);
        values[k] = static_cast<double>(value);
    }
}

/// What one thread holds of D: two rows of its warp's sixteen, two columns of every eight.
template <class T>
void multiply(float* d, int columns, const matrix_rows& a, const matrix_rows& b, int thread) {
    const int row = thread / warp_size * 16 + thread % warp_size / 4;
    double left[2][depth<T>], right[depth<T>];
    read_row<T>(a, row, left[0]);
    read_row<T>(a, row + 8, left[1]);
    for (int i = 0; i < columns / 4; ++i) {
        read_row<T>(b, i / 2 * 8 + thread % 4 * 2 + i % 2, right);
        for (int half_row = 0; half_row < 2; ++half_row) {
            double sum = 0;
            for (int k = 0; k < depth<T>; ++k)
                sum += left[half_row][k] * right[k];
            const int at = i / 2 * 4 + half_row * 2 + i % 2;
            d[at] = static_cast<float>(static_cast<double>(d[at]) + sum);
        }
    }
}

}  // namespace

template <class T>
void wgmma(float* d, int columns, const matrix_rows& a, const matrix_rows& b) {
    if (threadIdx.x / 128 * 128 + 128 > blockDim.count())
        throw fault("wgmma by a warpgroup that has not all its threads");
    expect_aligned(a.first, k_bytes);
    expect_aligned(b.first, k_bytes);
    auto& queue = this_threads_products();
    const int thread = static_cast<int>(threadIdx.x % 128);
    // Kept aside: whoever reads D too early gets NaN.
    auto& kept = queue.sums_of(d, static_cast<std::size_t>(columns / 2));
    queue.open.push_back([=, sums = &kept] { multiply<T>(sums->data(), columns, a, b, thread); });
}

void wgmma_commit() {
    auto& queue = this_threads_products();
    queue.groups.push_back(std::exchange(queue.open, {}));
}

void wgmma_wait(int groups_left) {
    auto& queue = this_threads_products();
    while (queue.groups.size() > static_cast<std::size_t>(groups_left)) {
        for (const auto& product : queue.groups.front())
            product();
        queue.groups.pop_front();
    }
    if (queue.groups.empty() && queue.open.empty())
        queue.give_back();
}

template void wgmma<impasto::half>(float*, int, const matrix_rows&, const matrix_rows&);
template void wgmma<impasto::bfloat16>(float*, int, const matrix_rows&, const matrix_rows&);
template void wgmma<float>(float*, int, const matrix_rows&, const matrix_rows&);

}  // namespace simt
