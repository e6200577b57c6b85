#include <impasto/core/tensor.hpp>

#include <limits>
#include <type_traits>

#include <catch2/catch.hpp>

#include <impasto/core/context.hpp>

using namespace impasto;

TEST_CASE("a tensor moves and never copies by accident") {
    using map = tensor<float, cpu>;
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<map>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<map>);

    map a({1, 3, 5, 7});
    const float* data = a.data();
    map b = std::move(a);
    CHECK(b.data() == data);
    CHECK(a.empty());
    CHECK(b.shape() == shape{1, 3, 5, 7});
    CHECK(reinterpret_cast<std::uintptr_t>(data) % 64 == 0);
}

TEST_CASE("a blocked map pads its channels to whole blocks") {
    CHECK(tensor<float, cpu>({1, 3, 5, 7}, layout::nchw8c).size() == 8 * 35);
    CHECK(tensor<float, cpu>({1, 3, 5, 7}, layout::nchw16c).size() == 16 * 35);
    CHECK(tensor<float, cpu>({1, 32, 5, 7}, layout::nchw16c).size() == 32 * 35);
    CHECK(tensor<float, cpu>({1, 3, 5, 7}).size() == 105);
}

TEST_CASE("extents whose product overflows are refused") {
    const auto big = std::numeric_limits<std::int64_t>::max() / 2;
    CHECK_THROWS_AS((shape{1, 3, big, 1}.elements()), shape_error);
    CHECK_THROWS_AS((tensor<float, cpu>({1, 1, -1, 1})), shape_error);
    CHECK_THROWS_AS((tensor<float, cpu>({1, 1, 1 << 30, 1 << 30})), out_of_memory);
}

TEST_CASE("a negative number of threads is refused with the value") {
    CHECK_THROWS_WITH(context<cpu>({.threads = -3}), Catch::Matchers::Contains("threads: -3"));
    CHECK(context<cpu>({.threads = 2}).threads() == 2);
}
