#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <impasto/nn/network.hpp>
#include <impasto/weights/safetensors.hpp>

namespace impasto::weights {

/// Writes a network in impasto's own form: a .safetensors with tensors conv1_1.weight [out,in,3,3]
/// and conv1_1.bias [out], and with layers, preprocessing and origin as metadata.
/// float16 halves the file and rounds to 11 bits. Throws option_error where a value does not fit
/// float16, and io_error; an existing file is replaced in one step or left as it was.
void save(const std::filesystem::path& file, const nn::network& network,
          safetensors::precision stored_as = safetensors::precision::float32);

/// The error that a palette causes in the filters of one layer.
struct palette_loss {
    std::string layer;       ///< "conv1_1"
    std::size_t values = 0;  ///< of its palette, at most 256
    double error = 0;        ///< ‖filters − palette[index]‖ / ‖filters‖
};

/// As save, with eight bits for each weight, a quarter of float32's file: each layer's filters are
/// indices conv1_1.weight.index (uint8, [out,in,3,3]) into a palette conv1_1.weight.palette of at
/// most 256 float32 values, chosen by k-means; biases stay float32. Filters with no more than 256
/// distinct values a layer are stored exactly. Throws io_error.
std::vector<palette_loss> save_palettes(const std::filesystem::path& file,
                                        const nn::network& network);

}  // namespace impasto::weights
