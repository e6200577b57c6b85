#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <impasto/weights/archive.hpp>

/// The .safetensors format: 8 bytes with the length of a JSON header, little-endian; the header
/// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, …, "__metadata__": {text: text}};
/// then the tensors' bytes. Source: github.com/huggingface/safetensors, README, "Format".
namespace impasto::weights::safetensors {

/// Reads the header of a whole file in memory; the entries point into `bytes`. Throws
/// format_error on a header longer than the file or 100 MB, bad JSON, names
/// that occur twice, an unknown dtype, sizes that disagree with shapes, and bytes that belong to no
/// tensor or to two. (The format forbids holes too.)
[[nodiscard]] archive parse(std::span<const std::byte> bytes, std::string file);

enum class precision { float32, float16 };

struct named_values {
    std::string name;
    std::vector<std::int64_t> extents;
    std::span<const float> values;
};

/// A tensor whose bytes are written as they are.
struct named_bytes {
    std::string name;
    std::string dtype;  ///< "F32", "U8", …
    std::vector<std::int64_t> extents;
    std::span<const std::byte> bytes;
};

/// The bytes of a file that holds `tensors` in this order; the header is padded so that they start
/// at a multiple of 8. Throws shape_error where extents and number of values disagree.
[[nodiscard]] std::vector<std::byte> serialize(std::span<const named_values> tensors,
                                               const std::map<std::string, std::string>& metadata,
                                               precision stored_as);

/// As above, for tensors that are encoded already. Throws shape_error where extents, dtype and
/// number of bytes disagree, and option_error for a dtype that the format does not have.
[[nodiscard]] std::vector<std::byte> serialize(std::span<const named_bytes> tensors,
                                               const std::map<std::string, std::string>& metadata);

/// Writes serialize's bytes in one piece: see write_atomically. Throws io_error.
void write(const std::filesystem::path& file, std::span<const named_values> tensors,
           const std::map<std::string, std::string>& metadata = {},
           precision stored_as = precision::float32);

}  // namespace impasto::weights::safetensors
