#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <impasto/formats/element_type.hpp>

/// HDF5 files as far as Keras writes them: groups of numeric datasets, each in one piece. A reader
/// of our own, because the HDF5 library allocates gigabytes that a file of kilobytes claims.
/// Source: The HDF Group, "HDF5 File Format Specification Version 3.0".
namespace impasto::formats::hdf5 {

[[nodiscard]] bool is_hdf5(std::span<const std::byte> bytes);

struct dataset {
    std::string path;  ///< from the root: "block1_conv1/kernel:0"
    element_type type = element_type::other;
    std::vector<std::int64_t> extents{};
    std::span<const std::byte> bytes{};
    /// Throws format_error where the dataset is in pieces or compressed; else empty.
    std::function<std::vector<std::byte>()> unpack{};
};

/// Every dataset, in the order of the links. Datasets in pieces or compressed are listed, and
/// refused when they are read. Throws format_error also on soft and external links, groups that
/// contain themselves, more than 64 levels, and more than 10000 objects.
[[nodiscard]] std::vector<dataset> datasets(std::span<const std::byte> bytes,
                                            const std::string& file);

}  // namespace impasto::formats::hdf5
