#include <impasto/ops/map_rows.hpp>

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/feature_types.hpp"

using namespace impasto;
using namespace support;

namespace {

/// Beside the shapes of every kernel: more channels and more pixels of a row than a block takes.
std::vector<shape> shapes() {
    auto all = device_shapes;
    all.push_back({1, 130, 3, 71});
    all.push_back({1, 65, 2, 33});
    return all;
}

ops::map_window inner_window(const shape& s) {
    return {s.h / 3, s.w / 2, s.h - s.h / 3, s.w - s.w / 2};
}

}  // namespace

TEMPLATE_TEST_CASE("the largest values of a window's rows on the GPU are those of a plain loop", "",
                   float, half, bfloat16) {
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& s : shapes())
            for (const auto& window : {inner_window(s), ops::map_window{0, 0, s.h, s.w}}) {
                CAPTURE(to_string(s), window.rows, window.columns);
                const auto m = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
                auto maxima = unwritten<float>(ctx, {1, s.c, window.rows, 1});
                ops::row_maxima(ctx, to_device<TestType>(ctx, m).view(), window, 0.5f, maxima);
                const auto found = to_map(ctx, maxima);
                for (std::int64_t k = 0; k < s.c; ++k)
                    for (std::int64_t y = 0; y < window.rows; ++y) {
                        const double* row = &m.at(k, window.first_row + y, window.first_column);
                        const double largest = *std::max_element(row, row + window.columns);
                        REQUIRE(found.at(k, y, 0) == 0.5 * largest);
                    }
            }
    });
}

TEMPLATE_TEST_CASE("single rows of a window come from the GPU as they stand in the map", "", float,
                   half, bfloat16) {
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& s : shapes()) {
            CAPTURE(to_string(s));
            const auto m = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
            const auto window = inner_window(s);
            std::vector<ops::channel_row> wanted;
            for (std::int64_t k = s.c - 1; k >= 0; k -= 3)
                wanted.push_back({k, k % window.rows});
            auto values =
                unwritten<float>(ctx, {1, 1, std::ssize(wanted), window.columns}, layout::nchw);
            ops::gather_rows(ctx, to_device<TestType>(ctx, m).view(), window, wanted, 2, values);
            const auto host = to_host(ctx, values);
            const float* value = host.data();
            for (const auto& [channel, row] : wanted)
                for (std::int64_t x = 0; x < window.columns; ++x)
                    REQUIRE(*value++ ==
                            2 * m.at(channel, window.first_row + row, window.first_column + x));
        }
    });
}

TEST_CASE("on the GPU too, NaN is never the largest value, and rows outside of a map are refused") {
    context<cuda> ctx;
    auto m = random_map(3, 2, 9, 2);
    m.at(1, 0, 0) = m.at(2, 1, 8) = not_a_number;
    m.at(1, 0, 5) = m.at(2, 1, 3) = 7;
    const auto map = to_device<half>(ctx, m);
    auto maxima = unwritten<float>(ctx, {1, 3, 2, 1});
    ops::row_maxima(ctx, map.view(), {.rows = 2, .columns = 9}, 1, maxima);
    const auto found = to_map(ctx, maxima);
    CHECK(found.at(1, 0, 0) == 7);
    CHECK(found.at(2, 1, 0) == 7);
    CHECK_THROWS_AS(ops::row_maxima(ctx, map.view(), {.rows = 3, .columns = 9}, 1, maxima),
                    shape_error);
    const auto planar = to_device<half>(ctx, m, layout::nchw);
    CHECK_THROWS_AS(ops::row_maxima(ctx, planar.view(), {.rows = 2, .columns = 9}, 1, maxima),
                    shape_error);
}
