#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace impasto {

[[nodiscard]] inline std::string_view characters(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace impasto
