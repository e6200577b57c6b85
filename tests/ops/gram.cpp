#include <impasto/ops/gram.hpp>

#include <catch2/catch.hpp>

#include "support/engine.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

/// Beside the others: more channels than one tile has, and than a run has pixels; many runs.
std::vector<shape> gram_shapes() {
    auto all = shapes;
    all.push_back({1, 136, 3, 5});
    if (!on_cuda)  // the emulation takes long over it
        all.push_back({1, 128, 29, 53});
    return all;
}

/// Symmetric, over many powers of two, as the differences of Gram matrices are.
std::vector<double> random_d_gram(std::int64_t channels) {
    auto d = random_values(static_cast<std::size_t>(channels * channels), 5);
    for (std::int64_t i = 0; i < channels; ++i)
        for (std::int64_t j = 0; j <= i; ++j) {
            auto& upper = d[static_cast<std::size_t>(j * channels + i)];
            upper = std::ldexp(upper, -static_cast<int>((i + j) % 40));
            d[static_cast<std::size_t>(i * channels + j)] = upper;
        }
    return d;
}

}  // namespace

TEMPLATE_TEST_CASE("gram is symmetric and matches F·Fᵀ", "", IMPASTO_PRODUCT_TYPES) {
    in_every_way([](context<device>& ctx) {
        for (const auto order : map_orders)
            for (const auto& s : gram_shapes()) {
                CAPTURE(to_string(order), to_string(s));
                const auto f = rounded_to<stored<TestType>>(random_map(s.c, s.h, s.w, 1));
                auto gram = filled_on_device<float>(ctx, {1, 1, s.c, s.c}, layout::nchw);
                ops::gram<TestType>(ctx, on_device<TestType>(ctx, f, order), gram);
                const auto found = values_of(ctx, gram);
                // The products of 16-bit elements are exact: only sums in float round.
                CHECK(relative_error(found, reference::gram(f)) <
                      (std::is_same_v<TestType, tf32> ? tolerance<tf32> : tolerance<float>));
                bool symmetric = true;
                for (std::int64_t i = 0; i < s.c; ++i)
                    for (std::int64_t j = 0; j < i; ++j)
                        symmetric &= found[static_cast<std::size_t>(i * s.c + j)] ==
                                     found[static_cast<std::size_t>(j * s.c + i)];
                CHECK(symmetric);
            }
    });
}

TEMPLATE_TEST_CASE("gram_backward adds D·F to the gradient", "", IMPASTO_PRODUCT_TYPES) {
    // Both D and the result are rounded to 16 bits: of bfloat16, by 2⁻⁸ at most.
    static constexpr double most =
        std::is_same_v<stored<TestType>, float> ? tolerance<TestType> : 2 * 0x1p-8;
    in_every_way([](context<device>& ctx) {
        for (const auto order : map_orders)
            for (const auto& s : gram_shapes()) {
                CAPTURE(to_string(order), to_string(s));
                const auto f = rounded_to<stored<TestType>>(random_map(s.c, s.h, s.w, 1));
                const auto start = rounded_to<stored<TestType>>(random_map(s.c, s.h, s.w, 2));
                const auto d = random_d_gram(s.c);
                auto gradient = on_device<TestType>(ctx, start, order);
                ops::gram_backward<TestType>(ctx, on_device<TestType>(ctx, f, order),
                                             on_device(ctx, d, {1, 1, s.c, s.c}), gradient);
                CHECK(relative_error(to_map(ctx, gradient).values,
                                     sum(start, 1, reference::gram_backward(f, d))) < most);
            }
    });
}

TEST_CASE("gram_error is the reference's, returned and in a slot, in place too") {
    in_every_way([](context<device>& ctx) {
        ops::scalars<device> sums(ctx, 1);
        for (const std::int64_t c : {1, 40, 72}) {
            CAPTURE(c);
            const auto count = static_cast<std::size_t>(c * c);
            const auto g = random_values(count, 1), a = random_values(count, 2);
            std::vector<double> expected(count);
            double error = 0;
            for (std::size_t i = 0; i < count; ++i) {
                expected[i] = 0.7 * (0.25 * g[i] - a[i]);
                error += std::pow(0.25 * g[i] - a[i], 2);
            }
            auto gram = on_device(ctx, g, {1, 1, c, c});
            const auto target = on_device(ctx, a, {1, 1, c, c});
            CHECK(ops::gram_error(ctx, gram, 0.25, target, 0.7, {}) ==
                  Approx(error).epsilon(1e-12));
            ops::gram_error(ctx, gram, 0.25, target, 0.7, gram, sums.slots(0));
            CHECK(sums.read(ctx)[0] == Approx(error).epsilon(1e-12));
            CHECK(relative_error(values_of(ctx, gram), expected) < 1e-7);
        }
    });
}

TEST_CASE("gram gives the same bytes every time") {
    in_every_way([](context<device>& ctx) {
        const auto order = ctx.feature_layout();
        const auto f = on_device<float>(ctx, random_map(96, 19, 23, 6), order);
        const auto run = [&] {
            tensor<float, device> gram({1, 1, 96, 96});
            ops::gram(ctx, f, gram);
            auto gradient = filled_on_device<float>(ctx, f.shape(), order, 0);
            ops::gram_backward(ctx, f, gram, gradient);
            return std::pair{values_of(ctx, gram), values_of(ctx, gradient)};
        };
        const auto first = run();
        for (int i = 0; i < 3; ++i)
            CHECK(run() == first);
    });
}

TEMPLATE_TEST_CASE("gram needs no more scratch than it says", "", IMPASTO_MAP_TYPES) {
    for (const auto& s : gram_shapes()) {
        CAPTURE(to_string(s));
        context<device> ctx;
        const auto f = on_device<TestType>(ctx, random_map(s.c, s.h, s.w, 7), ctx.feature_layout());
        auto gradient = filled_on_device<TestType>(ctx, s, ctx.feature_layout(), 0);
        tensor<float, device> gram({1, 1, s.c, s.c});
        ctx.reserve(ops::gram_scratch_bytes(ctx, s));
        const auto reserved = ctx.reserved_bytes();
        ops::gram<TestType>(ctx, f, gram);
        ops::gram_backward<TestType>(ctx, f, gram, gradient);
        CHECK(ctx.reserved_bytes() == reserved);
    }
}

TEST_CASE("gram refuses what disagrees, with both shapes") {
    context<device> ctx;
    const auto order = ctx.feature_layout();
    tensor<float, device> f({1, 16, 3, 5}, order), two({2, 16, 3, 5}, order);
    tensor<float, device> other({1, 16, 5, 3}, order), gram({1, 1, 16, 16}), small({1, 1, 8, 8});
    tensor<float, device> foreign({1, 16, 3, 5}, on_cuda ? layout::nchw16c : layout::nhwc);
    CHECK_THROWS_WITH(ops::gram(ctx, f, small),
                      "gram: features [1,16,3,5] and Gram matrix [1,1,8,8] disagree");
    CHECK_THROWS_WITH(ops::gram(ctx, two, gram), Catch::Contains("[2,16,3,5]"));
    CHECK_THROWS_WITH(ops::gram(ctx, foreign, gram),
                      Catch::StartsWith("gram: features: expected layout n"));
    CHECK_THROWS_WITH(ops::gram_backward(ctx, f, small, other),
                      "gram_backward: features [1,16,3,5] and Gram matrix [1,1,8,8] disagree");
    CHECK_THROWS_WITH(ops::gram_backward(ctx, f, gram, other),
                      "gram_backward: gradient: expected [1,16,3,5], found [1,16,5,3]");
    CHECK_THROWS_WITH((void)ops::gram_error(ctx, gram, 1, small, 1, {}),
                      "gram_error: target: expected [1,1,16,16], found [1,1,8,8]");
}
