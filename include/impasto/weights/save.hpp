#pragma once

#include <filesystem>

#include <impasto/nn/network.hpp>
#include <impasto/weights/safetensors.hpp>

namespace impasto::weights {

/// Writes a network in impasto's normal form: a .safetensors with tensors conv1_1.weight
/// [out,in,3,3] and conv1_1.bias [out], and with metadata that say all that load needs to know.
/// float16 halves the file and rounds to 11 bits. Throws option_error where a value does not fit
/// float16, and io_error; an existing file is replaced in one step or left as it was.
void save(const std::filesystem::path& file, const nn::network& network,
          safetensors::precision stored_as = safetensors::precision::float32);

}  // namespace impasto::weights
