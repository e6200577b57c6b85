#pragma once

#include <span>
#include <string>

#include <impasto/nn/network.hpp>
#include <impasto/weights/archive.hpp>
#include <impasto/weights/weights.hpp>

namespace impasto::weights {

/// How a file calls its tensors.
enum class naming {
    by_position,  ///< features.0.weight: torchvision; the number counts ReLUs and pools too
    by_layer,     ///< conv1_1.weight: Caffe's models and impasto's
};

/// A table that a file's tensors fill, from the first layer on.
struct recognised {
    nn::topology topology;
    std::span<const nn::layer> layers;  ///< up to the last layer before a missing convolution
    naming names;
};

/// Finds the deepest known topology whose first convolutions are those of the file. Tensors of
/// other names (classifier.*, fc6.*) do not matter. Throws format_error that names the first tensor
/// in the way of the nearest match.
[[nodiscard]] recognised recognise(const archive& source);

/// What a convolution's tensors are called: stem_of + ".weight" and ".bias".
[[nodiscard]] std::string stem_of(std::span<const nn::layer> layers, std::size_t position,
                                  naming names);

/// The shapes that a convolution's tensors must have.
[[nodiscard]] shape weight_shape(const nn::layer& convolution);
[[nodiscard]] shape bias_shape(const nn::layer& convolution);

/// The input of a network: what the caller or the file's metadata says, or else what the origin is
/// known for. Throws format_error on metadata that cannot be read.
[[nodiscard]] nn::preprocessing choose_preprocessing(const archive& source, naming names,
                                                     const load_options& options);
[[nodiscard]] bool has_impasto_metadata(const archive& source);

/// Recognises, checks and widens everything. Throws format_error.
[[nodiscard]] nn::network to_network(const archive& source, const load_options& options);

}  // namespace impasto::weights
