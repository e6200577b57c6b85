#include <impasto/ops/map_rows.hpp>

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/engine.hpp"

using namespace impasto;
using namespace support;
using Catch::Matchers::Contains;

namespace {

/// Beside the others: more channels and more pixels of a row than a block of threads takes.
std::vector<shape> row_shapes() {
    auto all = shapes;
    all.push_back({1, 130, 3, 71});
    all.push_back({1, 65, 2, 33});
    return all;
}

ops::map_window inner_window(const shape& s) {
    return {s.h / 3, s.w / 2, s.h - s.h / 3, s.w - s.w / 2};
}

}  // namespace

TEMPLATE_TEST_CASE("the largest values of a window's rows are those of a plain loop", "",
                   IMPASTO_MAP_TYPES) {
    in_every_way([](context<device>& ctx) {
        for (const auto order : feature_orders)
            for (const auto& s : row_shapes())
                for (const auto& window : {inner_window(s), ops::map_window{0, 0, s.h, s.w}}) {
                    CAPTURE(to_string(order), to_string(s), window.rows, window.columns);
                    const auto m = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
                    auto maxima = filled_on_device<float>(ctx, {1, s.c, window.rows, 1}, order);
                    ops::row_maxima<TestType>(ctx, on_device<TestType>(ctx, m, order), window, 0.5f,
                                              maxima);
                    auto expected = map<double>(s.c, window.rows, 1);
                    for (std::int64_t k = 0; k < s.c; ++k)
                        for (std::int64_t y = 0; y < window.rows; ++y) {
                            const double* row = &m.at(k, window.first_row + y, window.first_column);
                            expected.at(k, y, 0) =
                                0.5 * *std::max_element(row, row + window.columns);
                        }
                    CHECK(to_map(ctx, maxima).values == expected.values);
                }
    });
}

TEMPLATE_TEST_CASE("single rows of a window come as they stand in the map", "", IMPASTO_MAP_TYPES) {
    in_every_way([](context<device>& ctx) {
        for (const auto order : feature_orders)
            for (const auto& s : row_shapes()) {
                CAPTURE(to_string(order), to_string(s));
                const auto m = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
                const auto window = inner_window(s);
                std::vector<ops::channel_row> wanted;
                std::vector<double> expected;
                for (std::int64_t k = s.c - 1; k >= 0; k -= 3) {
                    const auto row = k % window.rows;
                    wanted.push_back({k, row});
                    for (std::int64_t x = 0; x < window.columns; ++x)
                        expected.push_back(
                            2 * m.at(k, window.first_row + row, window.first_column + x));
                }
                auto values = filled_on_device<float>(
                    ctx, {1, 1, std::ssize(wanted), window.columns}, layout::nchw);
                ops::gather_rows<TestType>(ctx, on_device<TestType>(ctx, m, order), window, wanted,
                                           2, values);
                CHECK(values_of(ctx, values) == expected);
            }
    });
}

TEST_CASE("NaN is never the largest value of a row") {
    context<device> ctx;
    for (const auto order : feature_orders) {
        auto m = random_map(3, 2, 9, 2);
        m.at(1, 0, 0) = m.at(2, 1, 8) = not_a_number;
        m.at(1, 0, 5) = m.at(2, 1, 3) = 7;
        tensor<float, device> maxima({1, 3, 2, 1}, order);
        ops::row_maxima(ctx, on_device<float>(ctx, m, order), {.rows = 2, .columns = 9}, 1, maxima);
        const auto found = to_map(ctx, maxima);
        CHECK(found.at(1, 0, 0) == 7);
        CHECK(found.at(2, 1, 0) == 7);
    }
}

TEST_CASE("rows of a window that is empty, or not in the map, or planar, are refused") {
    context<device> ctx;
    const auto order = ctx.feature_layout();
    const tensor<float, device> map({1, 3, 5, 7}, order), planar({1, 3, 5, 7});
    const auto refused = [&](const ops::map_window& window, const char* says) {
        tensor<float, device> maxima({1, 3, window.rows, 1}, order);
        CHECK_THROWS_WITH(ops::row_maxima(ctx, map, window, 1, maxima), Contains(says));
        tensor<float, device> rows({1, 1, 1, window.columns});
        const ops::channel_row first[] = {{0, 0}};
        CHECK_THROWS_WITH(ops::gather_rows(ctx, map, window, first, 1, rows), Contains(says));
    };
    refused({.rows = 0, .columns = 7}, "window of 0x7");
    refused({.rows = 5, .columns = 8}, "[1,3,5,7]");
    refused({.first_row = 3, .rows = 3, .columns = 1}, "at row 3");
    refused({.first_column = -1, .rows = 1, .columns = 1}, "column -1");
    tensor<float, device> maxima({1, 3, 5, 1}, order);
    CHECK_THROWS_WITH(ops::row_maxima(ctx, planar, {.rows = 5, .columns = 7}, 1, maxima),
                      Contains("feature layout"));
    CHECK_THROWS_AS(ops::row_maxima(ctx, map, {.rows = 4, .columns = 7}, 1, maxima), shape_error);
}
