#pragma once

// The only definition of the version; CMakeLists.txt reads it from here.
#define IMPASTO_VERSION_MAJOR 0
#define IMPASTO_VERSION_MINOR 1
#define IMPASTO_VERSION_PATCH 0

namespace impasto {

inline constexpr const char* version = "0.1.0";

}  // namespace impasto
