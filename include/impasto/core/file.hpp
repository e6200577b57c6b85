#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace impasto {

/// The whole file. Throws io_error where it is missing, a directory or unreadable; format_error
/// where it is empty or longer than `max_bytes`, of which no more is ever read or allocated.
[[nodiscard]] std::vector<std::byte> read_file(const std::filesystem::path& path,
                                               std::size_t max_bytes);

/// Writes beside `path` under a temporary name, then renames: readers see the old file or the new
/// one, and a failure leaves the old one as it was and nothing else behind. A link is followed.
/// Throws io_error.
void write_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// Throws the io_error that write_atomically would throw for the folder or for `path` itself, so
/// that a long run can fail before it starts. Creates nothing.
void expect_writable(const std::filesystem::path& path);

}  // namespace impasto
