#pragma once

#include <span>
#include <string>
#include <vector>

#include <impasto/weights/archive.hpp>

/// HDF5 files as far as Keras writes them: groups of numeric datasets, each in one piece. A reader
/// of our own, because the HDF5 library asks for gigabytes at the word of a few kilobytes. Source:
/// The HDF Group, "HDF5 File Format Specification Version 3.0".
namespace impasto::weights::hdf5 {

[[nodiscard]] bool is_hdf5(std::span<const std::byte> bytes);

/// Every dataset, by its path from the root ("block1_conv1/kernel:0"), in the order of the links.
/// Datasets in pieces or compressed are listed, and refused when they are read. Throws format_error
/// also on soft and external links, groups that contain themselves, more than 64 levels, and more
/// than 10000 objects.
[[nodiscard]] std::vector<entry> datasets(std::span<const std::byte> bytes,
                                          const std::string& file);

}  // namespace impasto::weights::hdf5
