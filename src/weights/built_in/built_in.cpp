#include <cstddef>

#include <impasto/weights/safetensors.hpp>
#include <impasto/weights/weights.hpp>

#include "weights/recognise.hpp"

// Made by impasto_embed() of cmake/embed.cmake.
extern "C" const std::byte impasto_small_vgg[], impasto_small_vgg_end[];

namespace impasto::weights {

nn::network built_in() {
    return to_network(safetensors::parse({impasto_small_vgg, impasto_small_vgg_end}, "built-in"),
                      {});
}

}  // namespace impasto::weights
