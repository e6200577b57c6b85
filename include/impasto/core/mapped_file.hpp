#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace impasto {

/// A whole file as memory: its pages are read on first access and can be given back. What cannot be
/// mapped, such as a pipe, is read. Truncating the file while it is mapped raises SIGBUS;
/// write_atomically never truncates.
class mapped_file {
public:
    /// Throws io_error where the file is missing, a directory or unreadable; format_error where it
    /// is empty or longer than `max_bytes`.
    mapped_file(const std::filesystem::path& path, std::size_t max_bytes);
    /// Bytes that are in memory already; `path` is their name in messages.
    mapped_file(std::filesystem::path path, std::vector<std::byte> bytes);
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
    ~mapped_file();

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// Gives the pages that lie wholly in `part` back to the system, which reads them again on the
    /// next access. Has no effect on bytes that are not mapped from the file.
    void give_back(std::span<const std::byte> part) const;

private:
    std::filesystem::path path_;
    std::vector<std::byte> buffer_;  ///< of what could not be mapped
    std::span<const std::byte> bytes_;
};

}  // namespace impasto
