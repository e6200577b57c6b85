#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace impasto {

/// Reads a whole file. Throws io_error if it is missing, a directory or unreadable, and
/// format_error if it is empty or longer than `max_bytes`; at most `max_bytes` are allocated.
[[nodiscard]] std::vector<std::byte> read_file(const std::filesystem::path& path,
                                               std::size_t max_bytes);

/// Writes a temporary file in the folder of `path` and renames it: readers see the old or the new
/// file, and a failure leaves the old file unchanged and no temporary file. Symbolic links are
/// followed. Throws io_error.
void write_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// Throws io_error if write_atomically could not write to `path` or its folder, so that a long run
/// can fail before it starts. Creates no files.
void expect_writable(const std::filesystem::path& path);

}  // namespace impasto
