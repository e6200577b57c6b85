#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <impasto/core/mapped_file.hpp>

/// Reads zip archives in memory. Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.
namespace impasto::formats::zip {

struct member {
    std::string name;  ///< as the archive has it; never used as a path
    bool deflated = false;
    std::uint32_t checksum = 0;
    std::uint64_t packed = 0;  ///< bytes in the archive
    std::uint64_t size = 0;    ///< bytes once unpacked, as the archive claims
    std::uint64_t offset = 0;  ///< of its local header
};

/// How a member, an entry of the directory and the end record begin, and the bytes of each without
/// its names and comments.
inline constexpr std::uint32_t local_signature = 0x04034b50, entry_signature = 0x02014b50,
                               end_signature = 0x06054b50;
inline constexpr std::size_t local_size = 30, entry_size = 46, end_size = 22;

/// CRC-32, as zip has it.
[[nodiscard]] std::uint32_t checksum_of(std::span<const std::byte> bytes);

[[nodiscard]] bool is_zip(std::span<const std::byte> bytes);

/// The most bytes that a member with filters may claim: numbers of filters hardly compress, so a
/// member with a much better ratio holds something else.
[[nodiscard]] std::size_t plausible_size(const member& m);

/// The directory of an archive, with the extensions for 4 GiB and more. Throws format_error on
/// addresses outside the bytes, on members that share bytes, are encrypted, or packed by
/// something other than deflate.
class reader {
public:
    /// `file` is the name in messages. `bytes` must outlive the reader.
    reader(std::span<const std::byte> bytes, std::string file);
    /// Keeps the file open, and gives its pages back as soon as they are inflated.
    explicit reader(std::shared_ptr<const mapped_file> file);

    [[nodiscard]] const std::vector<member>& members() const { return members_; }
    /// Null where there is no such member.
    [[nodiscard]] const member* find(std::string_view name) const;

    /// A member's bytes as they lie in the archive.
    [[nodiscard]] std::span<const std::byte> packed(const member& m) const;
    /// The first bytes of a member, `limit` at most: no more is allocated, whatever it claims.
    [[nodiscard]] std::vector<std::byte> begin_of(const member& m, std::size_t limit) const;
    /// A whole member, its checksum checked. Throws format_error where it has more than `limit`.
    [[nodiscard]] std::vector<std::byte> unpack(const member& m, std::size_t limit) const;
    /// The same for a member of out.size() bytes.
    void unpack_into(const member& m, std::span<std::byte> out) const;
    /// Throws where a member claims more.
    void expect_at_most(const member& m, std::size_t limit) const;

    [[noreturn]] void refuse(const std::string& what) const;

private:
    void fill(const member& m, std::span<std::byte> out) const;
    void expect_checksum(const member& m, std::span<const std::byte> bytes) const;
    struct directory {
        std::uint64_t count, begin;
    };
    [[nodiscard]] directory find_directory() const;
    [[nodiscard]] std::size_t read_member(std::size_t at);
    [[nodiscard]] std::span<const std::byte> slice(std::uint64_t begin, std::uint64_t size) const;
    template <class Integer>
    [[nodiscard]] Integer get(std::uint64_t at) const;

    std::span<const std::byte> bytes_;
    std::string file_;
    std::shared_ptr<const mapped_file> mapping_;  ///< may be null
    std::vector<member> members_;
};

}  // namespace impasto::formats::zip
