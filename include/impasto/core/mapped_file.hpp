#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace impasto {

/// A memory-mapped file: pages are read on first access and can be released. Files that cannot be
/// mapped, such as pipes, are read instead. Truncating the file while it is mapped raises SIGBUS;
/// write_atomically never truncates.
class mapped_file {
public:
    /// Throws io_error if the file is missing, a directory or unreadable, and format_error if it is
    /// empty or longer than `max_bytes`.
    mapped_file(const std::filesystem::path& path, std::size_t max_bytes);
    /// Takes bytes in memory instead of a file; `path` is their name in messages.
    mapped_file(std::filesystem::path path, std::vector<std::byte> bytes);
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
    ~mapped_file();

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// Releases the pages that are entirely in `part`; the system reads them again on the next
    /// access. Has no effect if the file is not mapped.
    void give_back(std::span<const std::byte> part) const;

private:
    std::filesystem::path path_;
    std::vector<std::byte> buffer_;  ///< contents that could not be mapped
    std::span<const std::byte> bytes_;
};

}  // namespace impasto
