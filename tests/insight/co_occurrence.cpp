#include <impasto/insight/co_occurrence.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using namespace impasto::insight;
using Catch::Matchers::Contains;

namespace {

/// Many zeros and many equal values, as behind a ReLU.
map<double> features(std::int64_t c, std::int64_t h, std::int64_t w, unsigned seed) {
    auto m = random_map(c, h, w, seed, -1, 1);
    for (double& v : m.values)
        v = std::max(0.0, std::round(16 * v) / 16);
    return m;
}

}  // namespace

TEST_CASE("figures of two channels are those of a direct count over all pictures") {
    context<cpu> ctx({.threads = 3});
    for (const auto order : layouts) {
        const std::vector<map<double>> maps{features(19, 13, 11, 1), features(19, 1, 1, 2),
                                            features(19, 8, 8, 3)};
        std::vector<float> thresholds;
        for (int k = 0; k < 19; ++k)
            thresholds.push_back(static_cast<float>(k) / 16);  // from always to hardly ever
        co_occurrence found(thresholds);
        for (const auto& m : maps)
            found.add(ctx, to_tensor(ctx, m, order));
        CHECK(found.positions() == 13 * 11 + 1 + 64);
        for (std::int64_t a = 0; a < 19; ++a)
            for (std::int64_t b = 0; b < 19; ++b) {
                double all = 0, fires_a = 0, fires_b = 0, both = 0;
                for (const auto& m : maps)
                    for (std::int64_t y = 0; y < m.h; ++y)
                        for (std::int64_t x = 0; x < m.w; ++x) {
                            const bool has_a = m.at(a, y, x) > static_cast<double>(a) / 16;
                            const bool has_b = m.at(b, y, x) > static_cast<double>(b) / 16;
                            all += 1, fires_a += has_a, fires_b += has_b, both += has_a && has_b;
                        }
                CAPTURE(a, b, to_string(order));
                CHECK(static_cast<double>(found.both(a, b)) == both);
                const auto figures = found.of(a, b);
                CHECK(figures.p_a == Approx(fires_a / all));
                CHECK(figures.p_b == Approx(fires_b / all));
                CHECK(figures.p_both == Approx(both / all));
                CHECK(figures.p_b_given_a == Approx(fires_a > 0 ? both / fires_a : 0));
                CHECK(figures.lift ==
                      Approx(fires_a * fires_b > 0 ? both * all / (fires_a * fires_b) : 0));
            }
    }
}

TEST_CASE("parts of a map count as the map") {
    context<cpu> ctx({.threads = 2});
    const auto map = to_tensor(ctx, features(5, 9, 7, 4), layout::nchw16c);
    const auto thresholds = firing_thresholds(ctx, map, 0.3);
    co_occurrence whole(thresholds), parts(thresholds);
    whole.add(ctx, map);
    parts.add(ctx, {.map = map, .own = {.in_tile = {4, 0, 5, 7}}});
    parts.add(ctx, {.map = map, .own = {.in_tile = {0, 0, 4, 3}}});
    parts.add(ctx, {.map = map, .own = {.in_tile = {0, 3, 4, 4}}});
    CHECK(parts.positions() == whole.positions());
    for (std::int64_t a = 0; a < 5; ++a)
        for (std::int64_t b = 0; b < 5; ++b)
            CHECK(parts.both(a, b) == whole.both(a, b));
}

TEST_CASE("a threshold is exceeded by no more than its share of positions, and hardly by fewer") {
    context<cpu> ctx({.threads = 2});
    auto m = features(6, 17, 13, 5);
    for (std::int64_t i = 0; i < 17 * 13; ++i) {
        m.values[static_cast<std::size_t>(i)] = 0;                  // never fires
        m.values[static_cast<std::size_t>(17 * 13 + i)] = i == 40;  // once
        m.values[static_cast<std::size_t>(34 * 13 + i)] = static_cast<double>(i + 1);  // all differ
    }
    for (const auto order : layouts)
        for (const double share : {0.001, 0.1, 0.5, 0.99}) {
            const auto found = firing_thresholds(ctx, to_tensor(ctx, m, order), share);
            REQUIRE(found.size() == 6);
            CHECK(found[0] == 0);
            CHECK(found[1] == (share == 0.001 ? 1 : 0));
            CHECK(found[2] == 17 * 13 - std::floor(share * 17 * 13));
            for (std::int64_t k = 0; k < 6; ++k) {
                std::int64_t above = 0, not_below = 0;
                for (std::int64_t y = 0; y < 17; ++y)
                    for (std::int64_t x = 0; x < 13; ++x) {
                        above += m.at(k, y, x) > found[static_cast<std::size_t>(k)];
                        not_below += m.at(k, y, x) >= found[static_cast<std::size_t>(k)];
                    }
                CHECK(static_cast<double>(above) <= share * 17 * 13);
                CHECK(static_cast<double>(not_below) > share * 17 * 13 - 1);
            }
        }
    for (const double share : {0.0, 1.0, -1.0, std::nan("")})
        CHECK_THROWS_AS(firing_thresholds(ctx, to_tensor(ctx, m), share), option_error);
}

TEST_CASE("channels that do not agree, or were never counted, make no figures") {
    context<cpu> ctx;
    co_occurrence found(std::vector<float>{0, 0});
    CHECK(found.of(0, 1).lift == 0);
    CHECK_THROWS_WITH(found.add(ctx, filled({1, 3, 2, 2}, layout::nchw, 1)),
                      Contains("[1,2,2,2]") && Contains("[1,3,2,2]"));
    found.add(ctx, filled({1, 2, 2, 2}, layout::nchw, 0));
    CHECK(found.of(0, 1).p_b_given_a == 0);
    CHECK(found.of(0, 1).lift == 0);
}
