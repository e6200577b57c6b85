#include <catch2/catch.hpp>

#include <simt/device.hpp>

#include <impasto/core/error.hpp>
#include <impasto/ops/gram.hpp>

#include "support/engine.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

/// A Turing card, whose tensor cores know neither TF32 nor bfloat16.
struct turing {
    turing() { simt::the_device() = {.major = 7, .minor = 5}; }
    ~turing() { simt::the_device() = {}; }
};

}  // namespace

TEST_CASE("a Gram matrix's gradient needs no TF32 in half") {
    const turing old;
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& s : shapes) {
            CAPTURE(to_string(s));
            const auto f = rounded_to<half>(random_map(s.c, s.h, s.w, 1));
            const auto g = rounded_to<half>(random_map(s.c, s.h, s.w, 2));
            map<double> d(1, s.c, s.c);
            for (std::int64_t i = 0; i < s.c; ++i)
                for (std::int64_t j = 0; j < s.c; ++j)
                    d.at(0, i, j) = 1 / static_cast<double>(1 + i + j);
            auto gradient = to_device<half>(ctx, g);
            ops::gram_backward<half>(ctx, to_device<half>(ctx, f),
                                     to_device<float>(ctx, d, layout::nchw), gradient);
            auto expected = reference::gram_backward(f, d.values).values;
            for (std::size_t i = 0; i < expected.size(); ++i)
                expected[i] += g.values[i];
            CHECK(relative_error(to_map(ctx, gradient).values, expected) < tolerance<half>);
        }
    });
}

TEST_CASE("bfloat16 on a card whose tensor cores lack it is refused with a way out") {
    const turing old;
    context<cuda> ctx;
    tensor<bfloat16, cuda> features({1, 8, 3, 5}, layout::nhwc);
    tensor<float, cuda> gram({1, 1, 8, 8});
    CHECK_THROWS_WITH(ops::gram<bfloat16>(ctx, features, gram),
                      Catch::Contains("gram: bfloat16 needs compute capability 8.0") &&
                          Catch::Contains("take float16"));
}
