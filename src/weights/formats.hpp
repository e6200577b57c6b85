#pragma once

#include <memory>
#include <span>

#include <impasto/weights/archive.hpp>

/// One pair of functions for each format: whether bytes are a file of it, judged by its first bytes
/// or its directory, and its tensors. `is_…` takes any bytes and throws nothing; `open_…` throws
/// format_error.
namespace impasto::weights {

using file_pointer = std::shared_ptr<const mapped_file>;

[[nodiscard]] bool is_safetensors(std::span<const std::byte> bytes);
[[nodiscard]] archive open_safetensors(const file_pointer& file);

[[nodiscard]] bool is_pytorch(std::span<const std::byte> bytes);
[[nodiscard]] archive open_pytorch(const file_pointer& file);

[[nodiscard]] bool is_numpy(std::span<const std::byte> bytes);
[[nodiscard]] archive open_numpy(const file_pointer& file);

[[nodiscard]] bool is_mat(std::span<const std::byte> bytes);
[[nodiscard]] archive open_mat(const file_pointer& file);

[[nodiscard]] bool is_hdf5(std::span<const std::byte> bytes);
[[nodiscard]] archive open_hdf5(const file_pointer& file);
/// A zip archive with such a file in it.
[[nodiscard]] bool is_keras(std::span<const std::byte> bytes);
[[nodiscard]] archive open_keras(const file_pointer& file);
/// The part of a file that is an HDF5 file.
[[nodiscard]] archive open_hdf5(const file_pointer& file, std::span<const std::byte> bytes);

[[nodiscard]] bool is_caffe(std::span<const std::byte> bytes);
[[nodiscard]] archive open_caffe(const file_pointer& file);

[[nodiscard]] bool is_onnx(std::span<const std::byte> bytes);
[[nodiscard]] archive open_onnx(const file_pointer& file);

}  // namespace impasto::weights
