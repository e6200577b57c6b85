#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <impasto/nn/network.hpp>
#include <impasto/ops/state.hpp>
#include <impasto/painter/brief.hpp>
#include <impasto/painter/options.hpp>

namespace impasto::painter_detail {

/// What tells paintings apart: "photo", "paintings", "network" by their hashes, "options" in words.
using identity = std::map<std::string, std::string>;

[[nodiscard]] identity identity_of(const nn::network& network, const brief& what,
                                   const stylize_options& options);

/// Throws format_error, which says what differs, unless both are the same.
void expect_same(const identity& expected, const identity& found);

/// A painting as it lies in a file.
struct checkpoint {
    identity of;
    saved_state state;
};

/// A .safetensors file; its metadata are the identity. Throws io_error, and format_error with the
/// file's name.
void write(const std::filesystem::path& file, const checkpoint& kept);
[[nodiscard]] checkpoint read_checkpoint(const std::filesystem::path& file);

}  // namespace impasto::painter_detail
