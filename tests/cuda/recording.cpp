#include <impasto/core/recording.hpp>

#include <catch2/catch.hpp>

#include <impasto/ops/vector.hpp>

#include "support/device_maps.hpp"

using namespace impasto;

namespace {

float first(context<cuda>& ctx, const tensor<float, cuda>& x) {
    return support::to_host(ctx, x).data()[0];
}

}  // namespace

TEST_CASE("recorded work is done each time, and its code runs twice") {
    context<cuda> ctx;
    tensor<float, cuda> x({1, 1, 1, 5}), one({1, 1, 1, 5});
    ops::fill(ctx, 0, x);
    ops::fill(ctx, 1, one);
    recording<cuda> recorded;
    int times = 0;
    for (int i = 1; i <= 5; ++i) {
        recorded.run(ctx, {1}, [&] {
            ++times;
            ops::axpy(ctx, 1, one, x);
        });
        CHECK(first(ctx, x) == static_cast<float>(i));
    }
    CHECK(times == 2);  // as it is, and to be recorded
}

TEST_CASE("work under another key is recorded beside it, and the oldest is forgotten") {
    context<cuda> ctx;
    tensor<float, cuda> x({1, 1, 1, 1});
    recording<cuda> recorded;
    for (int round = 0; round < 3; ++round)
        for (std::size_t k = 0; k < 12; ++k) {
            recorded.run(ctx, {k}, [&] { ops::fill(ctx, static_cast<float>(k), x); });
            CHECK(first(ctx, x) == static_cast<float>(k));
        }
}

TEST_CASE("work that throws leaves nothing half recorded") {
    context<cuda> ctx;
    tensor<float, cuda> x({1, 1, 1, 1}), wrong({1, 1, 1, 2});
    recording<cuda> recorded;
    recorded.run(ctx, {1}, [&] { ops::fill(ctx, 1, x); });
    CHECK_THROWS_AS(recorded.run(ctx, {1}, [&] { ops::copy(ctx, wrong, x); }), shape_error);
    recorded.run(ctx, {1}, [&] { ops::fill(ctx, 2, x); });
    CHECK(first(ctx, x) == 2);
}

TEST_CASE("work is recorded anew when scratch memory moves") {
    context<cuda> ctx;
    tensor<float, cuda> x({1, 1, 1, 1000});
    ops::fill(ctx, 3, x);
    recording<cuda> recorded;
    int times = 0;
    for (int i = 0; i < 6; ++i) {
        recorded.run(ctx, {1}, [&] {
            ++times;
            ops::scale(ctx, 2, x);
        });
        if (i == 3)
            ctx.reserve(ctx.reserved_bytes() + 12345);
    }
    CHECK(first(ctx, x) == 3 * 64);
    CHECK(times == 4);
}
