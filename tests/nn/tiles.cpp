#include <impasto/nn/tiles.hpp>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

using namespace impasto;
using Catch::Contains;
using nn::tile_side;

TEST_CASE("tiles overlap by what a unit sees and start at multiples of four strides") {
    constexpr nn::receptive_field field{24, 4, -10};
    using ranges = std::vector<nn::tile_range>;
    CHECK(tile_side(field, 100, 100) == ranges{{0, 100}});
    CHECK(tile_side(field, 101, 100) == ranges{{0, 88}, {64, 101}});
    CHECK(tile_side(field, 180, 100) == ranges{{0, 88}, {64, 152}, {128, 180}});
    CHECK_THROWS_WITH(tile_side(field, 1000, 39), Contains("39") && Contains("at least 40"));
    CHECK(tile_side(field, 41, 40) == ranges{{0, 40}, {16, 41}});
}
