#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/mat_source.hpp"

/// MATLAB's files of level 5, compressed or not: what save -v6 and -v7 write. A reader of our own,
/// because matio allocates gigabytes that a file of a few hundred bytes claims.
/// Source: The MathWorks, "MAT-File Format", R2019a, chapter 1.
namespace impasto::formats::mat {

/// How the numbers of an array are stored: MATLAB packs doubles that are whole into fewer bytes.
enum class storage : std::uint8_t {
    int8 = 1,
    uint8 = 2,
    int16 = 3,
    uint16 = 4,
    int32 = 5,
    uint32 = 6,
    float32 = 7,
    float64 = 9,
};

/// A numeric array or a text at the end of a path through structs and cells.
struct value {
    std::string path;                     ///< "layers{0}.weights{1}", counted from 0
    std::vector<std::int64_t> extents{};  ///< the first moves fastest
    storage stored_as = storage::float32;
    content numbers{};
    std::string text{};  ///< of a char array, which has no numbers
};

/// All arrays up to the size of a VGG's largest filter; larger ones (the classifier's), sparse and
/// complex ones and objects are skipped. Throws format_error, also for what inflates to more than
/// two gigabytes; lengths are compared with what the rest of the file can hold before memory is
/// allocated. The values point into `file`.
[[nodiscard]] std::vector<value> parse(const mapped_file& file);

}  // namespace impasto::formats::mat
