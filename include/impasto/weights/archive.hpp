#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <impasto/core/mapped_file.hpp>
#include <impasto/formats/element_type.hpp>

/// The content of a weight file before its network is recognised: tensors by name.
namespace impasto::weights {

enum class file_format : std::uint8_t { safetensors, pytorch, numpy, matlab, hdf5, caffe, onnx };

/// "PyTorch"
[[nodiscard]] std::string_view name_of(file_format);

using formats::element_type;

/// A tensor as the file stores it.
struct entry {
    std::string name{};
    element_type type = element_type::float32;
    std::vector<std::int64_t> extents{};
    std::vector<std::int64_t> strides{};  ///< in elements, none negative; empty: C order, no gaps
    /// Little-endian, from the tensor's first element on; more may follow. Need not be aligned.
    std::span<const std::byte> bytes{};
    /// Set where the file has the tensor compressed or in pieces: returns its bytes. Called for
    /// each read, so that no more than one tensor is unpacked at a time. Throws format_error.
    std::function<std::vector<std::byte>()> unpack{};
    /// Of uint8 elements: the values that they index, at most 256, all finite. Without a palette
    /// they are integers, which `read` refuses.
    std::vector<float> palette{};
};

struct archive {
    std::string file;  ///< its name in messages
    file_format format = file_format::safetensors;
    std::map<std::string, std::string> metadata{};
    std::vector<entry> entries{};
    std::shared_ptr<const mapped_file> mapping{};  ///< owns the bytes that entries point to

    /// Null where the archive has no such tensor.
    [[nodiscard]] const entry* find(std::string_view name) const;
};

/// Recognises the format by the file's content, not by its name. Throws io_error, and format_error
/// where the format is unknown. A tensor that the file stores as indices and a palette of values is
/// one entry, under the name that the two have in common.
[[nodiscard]] archive open(const std::filesystem::path& file);
[[nodiscard]] archive open(std::shared_ptr<const mapped_file> file);

/// The values in C order, widened or rounded to float, all finite. `out` has as many elements as
/// the entry. Throws format_error, naming file and tensor; checks that extents, strides and bytes
/// agree, so that the readers of formats need not.
void read(const archive& source, const entry& tensor, std::span<float> out);

}  // namespace impasto::weights
