#include "core/sha256.hpp"

#include <algorithm>
#include <bit>

namespace impasto {

namespace {

/// The first 32 bits behind the point of the cube roots of the first 64 primes.
constexpr std::uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

}  // namespace

void sha256::mix(block bytes) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t i = 0; i < 16; ++i)
        w[i] = std::to_integer<std::uint32_t>(bytes[4 * i]) << 24 |
               std::to_integer<std::uint32_t>(bytes[4 * i + 1]) << 16 |
               std::to_integer<std::uint32_t>(bytes[4 * i + 2]) << 8 |
               std::to_integer<std::uint32_t>(bytes[4 * i + 3]);
    for (std::size_t i = 16; i < w.size(); ++i) {
        const auto a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) +
               (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < w.size(); ++i) {
        const auto t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                        ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
        const auto t2 =
            (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> mixed{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state_.size(); ++i)
        state_[i] += mixed[i];
}

void sha256::add(std::span<const std::byte> bytes) {
    const std::size_t filled = size_ % block_size;
    size_ += bytes.size();
    if (filled > 0) {
        const std::size_t part = std::min(block_size - filled, bytes.size());
        std::ranges::copy(bytes.first(part), rest_.begin() + static_cast<std::ptrdiff_t>(filled));
        bytes = bytes.subspan(part);
        if (filled + part < block_size)
            return;
        mix(rest_);
    }
    for (; bytes.size() >= block_size; bytes = bytes.subspan(block_size))
        mix(bytes.first<block_size>());
    std::ranges::copy(bytes, rest_.begin());
}

std::string sha256::finish() {
    const std::uint64_t bits = size_ * 8;
    std::array<std::byte, block_size> padding{std::byte{0x80}};
    const std::size_t filled = size_ % block_size;
    add(std::span(padding).first((filled < 56 ? 56 : 120) - filled));
    std::array<std::byte, 8> length;
    for (std::size_t i = 0; i < length.size(); ++i)
        length[i] = static_cast<std::byte>(bits >> (56 - 8 * i));
    add(length);
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (const std::uint32_t word : state_)
        for (int shift = 28; shift >= 0; shift -= 4)
            text += digits[word >> shift & 15];
    return text;
}

}  // namespace impasto
