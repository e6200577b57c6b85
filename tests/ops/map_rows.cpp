#include <impasto/ops/map_rows.hpp>

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using Catch::Matchers::Contains;

TEST_CASE(
    "the largest values of a window's rows, and single rows of it, are those of a plain loop") {
    context<cpu> ctx({.threads = 3});
    for (const auto order : feature_layouts)
        for (const auto& s : odd_shapes) {
            CAPTURE(to_string(s), to_string(order));
            const auto m = random_map(s.c, s.h, s.w, 1);
            const auto map = to_tensor(ctx, m, order);
            const ops::map_window window{s.h / 3, s.w / 2, s.h - s.h / 3, s.w - s.w / 2};
            auto maxima = filled({1, s.c, window.rows, 1}, order, not_a_number);
            ops::row_maxima(ctx, map, window, 4, maxima);
            const auto found = to_map(ctx, maxima);
            std::vector<ops::channel_row> wanted;
            for (std::int64_t k = s.c - 1; k >= 0; k -= 3)
                wanted.push_back({k, k % window.rows});
            auto rows =
                filled({1, 1, std::ssize(wanted), window.columns}, layout::nchw, not_a_number);
            ops::gather_rows(ctx, map, window, wanted, 4, rows);

            const auto at = [&](std::int64_t k, std::int64_t y, std::int64_t x) {
                return 4 * m.at(k, window.first_row + y, window.first_column + x);
            };
            for (std::int64_t k = 0; k < s.c; ++k)
                for (std::int64_t y = 0; y < window.rows; ++y) {
                    double largest = at(k, y, 0);
                    for (std::int64_t x = 1; x < window.columns; ++x)
                        largest = std::max(largest, at(k, y, x));
                    CHECK(found.at(k, y, 0) == largest);
                }
            const float* value = rows.data();
            for (const auto& [channel, row] : wanted)
                for (std::int64_t x = 0; x < window.columns; ++x)
                    CHECK(*value++ == at(channel, row, x));
        }
}

TEST_CASE("NaN is never the largest value of a row") {
    context<cpu> ctx;
    for (const auto order : feature_layouts) {
        auto m = random_map(3, 2, 9, 2);
        m.at(1, 0, 0) = m.at(2, 1, 8) = not_a_number;
        m.at(1, 0, 5) = m.at(2, 1, 3) = 7;
        tensor<float, cpu> maxima({1, 3, 2, 1}, order);
        ops::row_maxima(ctx, to_tensor(ctx, m, order), {.rows = 2, .columns = 9}, 1, maxima);
        const auto found = to_map(ctx, maxima);
        CHECK(found.at(1, 0, 0) == 7);
        CHECK(found.at(2, 1, 0) == 7);
    }
}

TEST_CASE("rows of a window that is empty, or not in the map, or planar, are refused") {
    context<cpu> ctx;
    const auto map = filled({1, 3, 5, 7}, layout::nchw8c, 1);
    const auto refused = [&](const ops::map_window& window, const char* says) {
        auto maxima = filled({1, 3, window.rows, 1}, layout::nchw8c, 0);
        CHECK_THROWS_WITH(ops::row_maxima(ctx, map, window, 1, maxima), Contains(says));
        auto rows = filled({1, 1, 1, window.columns}, layout::nchw, 0);
        const ops::channel_row first[] = {{0, 0}};
        CHECK_THROWS_WITH(ops::gather_rows(ctx, map, window, first, 1, rows), Contains(says));
    };
    refused({.rows = 0, .columns = 7}, "window of 0x7");
    refused({.rows = 5, .columns = 8}, "[1,3,5,7]");
    refused({.first_row = 3, .rows = 3, .columns = 1}, "at row 3");
    refused({.first_column = -1, .rows = 1, .columns = 1}, "column -1");
    auto maxima = filled({1, 3, 5, 1}, layout::nchw8c, 0);
    CHECK_THROWS_WITH(ops::row_maxima(ctx, filled({1, 3, 5, 7}, layout::nchw, 1),
                                      {.rows = 5, .columns = 7}, 1, maxima),
                      Contains("feature layout"));
    CHECK_THROWS_AS(ops::row_maxima(ctx, map, {.rows = 4, .columns = 7}, 1, maxima), shape_error);
}
