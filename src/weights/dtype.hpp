#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <impasto/weights/archive.hpp>

/// The element types of the .safetensors format, by the names that its headers have for them.
namespace impasto::weights::safetensors {

struct dtype {
    std::string_view name;
    std::int64_t bytes;
    element_type type = element_type::other;
};
inline constexpr dtype known_dtypes[] = {{"F32", 4, element_type::float32},
                                         {"F16", 2, element_type::float16},
                                         {"BF16", 2, element_type::bfloat16},
                                         {"F64", 8, element_type::float64},
                                         {"I8", 1},
                                         {"I16", 2},
                                         {"I32", 4},
                                         {"I64", 8},
                                         {"U8", 1, element_type::uint8},
                                         {"U16", 2},
                                         {"U32", 4},
                                         {"U64", 8},
                                         {"BOOL", 1},
                                         {"F8_E4M3", 1},
                                         {"F8_E5M2", 1}};

/// Of one element; 0 for a name that the format does not have.
[[nodiscard]] inline std::size_t bytes_of(std::string_view name) {
    const auto known = std::ranges::find(known_dtypes, name, &dtype::name);
    return known == std::end(known_dtypes) ? 0 : static_cast<std::size_t>(known->bytes);
}

}  // namespace impasto::weights::safetensors
