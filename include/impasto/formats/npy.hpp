#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

/// NumPy's files, for float32 arrays in C order, which other programs can plot and compare.
/// Source: numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0; an .npz is
/// a zip archive that holds one "key.npy" for each array, here always stored, never compressed.
namespace impasto::formats::npy {

struct array_view {
    std::vector<std::int64_t> extents;
    std::span<const float> values;
};

struct array {
    std::vector<std::int64_t> extents;
    std::vector<float> values;
};

/// Throws shape_error where extents and number of values disagree, and io_error; an existing file
/// is replaced in one step or left as it was.
void write(const std::filesystem::path& file, const array_view& values);

/// As write, for arrays by key. Throws option_error where the archive would pass zip's 4 GiB, or a
/// key is empty or has a slash. The same arrays make the same bytes: no time is stored.
void write_archive(const std::filesystem::path& file,
                   const std::map<std::string, array_view>& arrays);

/// Reads little-endian float32 in C order and nothing else. Throws io_error and format_error.
[[nodiscard]] array read(const std::filesystem::path& file);

/// As read, for the arrays of an .npz, compressed or not; checksums are checked.
[[nodiscard]] std::map<std::string, array> read_archive(const std::filesystem::path& file);

}  // namespace impasto::formats::npy
