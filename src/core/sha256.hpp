#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace impasto {

/// The hash that tells files apart, piece by piece. Source: NIST, FIPS 180-4, 6.2.
class sha256 {
public:
    void add(std::span<const std::byte> bytes);
    /// 64 hexadecimal digits, in lower case, of all that was added. Ends the calculation.
    [[nodiscard]] std::string finish();

private:
    static constexpr std::size_t block_size = 64;
    using block = std::span<const std::byte, block_size>;

    void mix(block bytes);

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::byte, block_size> rest_{};  ///< what does not fill a block yet
    std::uint64_t size_ = 0;
};

}  // namespace impasto
