#pragma once

// Catch2 3 under the name and with the spellings of Catch2 2, in which the tests are written.
#include <cstddef>
#include <string>

#include <catch2/catch_all.hpp>

namespace Catch {

namespace Matchers {
template <std::size_t N>
auto Contains(const char (&text)[N]) {
    return ContainsSubstring(text);
}
inline auto Contains(const std::string& text) {
    return ContainsSubstring(text);
}
}  // namespace Matchers

using Matchers::Contains;

}  // namespace Catch

using Catch::Approx;
