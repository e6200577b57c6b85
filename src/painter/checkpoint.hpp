#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <impasto/nn/network.hpp>
#include <impasto/ops/state.hpp>
#include <impasto/painter/brief.hpp>
#include <impasto/painter/options.hpp>

namespace impasto::painter_detail {

/// Identifies a painting: hashes of "photo", "paintings" and "network", and "options" as text.
using identity = std::map<std::string, std::string>;

[[nodiscard]] identity identity_of(const nn::network& network, const brief& what,
                                   const stylize_options& options);

/// Throws format_error, which names the first difference, unless both are the same.
void expect_same(const identity& expected, const identity& found);

/// The contents of a file with a saved painting.
struct checkpoint {
    identity of;
    saved_state state;
};

/// The file is a .safetensors, and its metadata are the identity. Throws io_error, and format_error
/// with the name of the file.
void write(const std::filesystem::path& file, const checkpoint& kept);
[[nodiscard]] checkpoint read_checkpoint(const std::filesystem::path& file);

}  // namespace impasto::painter_detail
