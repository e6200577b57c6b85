#include <impasto/ops/vector.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/ops/random.hpp>

#include "support/device_maps.hpp"

using namespace impasto;
using support::to_device;
using support::to_host;

namespace {

// One element, a prime, one block of threads and its neighbours, more than one block of a sum.
const std::vector<std::int64_t> sizes{1, 7, 255, 256, 257, 4097, 20'011};

/// The same numbers on both sides.
struct twin {
    twin(context<cpu>& here, context<cuda>& there, const shape& s, std::uint64_t seed)
        : host(s), device((ops::fill_normal(here, seed, 0, 1, host), to_device(there, host))) {}

    tensor<float, cpu> host;
    tensor<float, cuda> device;
};

struct both {
    context<cpu> here{{.threads = 1}};
    context<cuda> there;

    twin row(std::int64_t n, std::uint64_t seed) { return {here, there, {1, 1, 1, n}, seed}; }

    /// The worst relative difference; a GPU contracts a·x + y to one rounding, the CPU may not.
    double difference(const twin& t) {
        const auto back = to_host(there, t.device);
        double worst = 0;
        for (std::int64_t i = 0; i < back.size(); ++i) {
            const double a = static_cast<double>(back.data()[i]);
            const double b = static_cast<double>(t.host.data()[i]);
            if (std::isnan(a) || std::isnan(b))
                return std::isnan(a) && std::isnan(b) ? 0 : 1;
            worst = std::max(worst, std::abs(a - b) / (1 + std::abs(b)));
        }
        return worst;
    }
};

// Four operations in turn, each a product and a sum, of which one engine rounds once, the other
// twice.
constexpr double rounding = 5e-7;

}  // namespace

TEST_CASE("elementwise operations agree with the CPU's at every size") {
    both on;
    for (const auto n : sizes) {
        CAPTURE(n);
        const auto x = on.row(n, 1);
        auto y = on.row(n, 2);
        const auto check_each = [&](auto operation) {
            operation(on.here, x.host, y.host);
            operation(on.there, x.device, y.device);
            CHECK(on.difference(y) <= rounding);
        };
        check_each([](auto& ctx, const auto&, auto& z) { ops::scale(ctx, -2, z); });
        check_each([](auto& ctx, const auto& a, auto& z) { ops::axpy(ctx, 0.3f, a, z); });
        check_each([](auto& ctx, const auto& a, auto& z) { ops::lerp(ctx, a, 0.25f, z); });
        check_each([](auto& ctx, const auto& a, auto& z) { ops::add_scaled(ctx, a, -1.5f, z, z); });
        check_each([](auto& ctx, const auto&, auto& z) { ops::clamp(ctx, -0.5f, 0.25f, z); });
        check_each([](auto& ctx, const auto& a, auto& z) { ops::copy(ctx, a, z); });
        check_each([](auto& ctx, const auto&, auto& z) { ops::fill(ctx, 3, z); });
    }
}

TEST_CASE("the optimisers' updates agree with the CPU's") {
    both on;
    const auto g = on.row(1009, 1);
    auto a = on.row(1009, 2), b = on.row(1009, 3), x = on.row(1009, 4);
    ops::momentum_update(on.here, g.host, {0.1f, 0.9f}, a.host, x.host);
    ops::momentum_update(on.there, g.device, {0.1f, 0.9f}, a.device, x.device);
    CHECK(on.difference(a) <= rounding);
    CHECK(on.difference(x) <= rounding);

    ops::clamp(on.here, 0, 9, b.host);
    ops::clamp(on.there, 0, 9, b.device);
    const ops::adam_coefficients k{0.1f, 0.9f, 0.999f, 1e-3f, 2, 3};
    ops::adam_update(on.here, g.host, k, a.host, b.host, x.host);
    ops::adam_update(on.there, g.device, k, a.device, b.device, x.device);
    CHECK(on.difference(a) <= rounding);
    CHECK(on.difference(b) <= rounding);
    CHECK(on.difference(x) <= 1e-6);
}

TEST_CASE("a dot product agrees with the CPU's, and with itself") {
    both on;
    for (const auto n : sizes) {
        CAPTURE(n);
        const auto x = on.row(n, 1), y = on.row(n, 2);
        const double found = ops::dot(on.there, x.device, y.device);
        // Both sum in double, in different orders.
        CHECK(found == Approx(ops::dot(on.here, x.host, y.host)).epsilon(1e-12).margin(1e-12));
        CHECK(found == ops::dot(on.there, x.device, y.device));
    }
}

TEST_CASE("dots and combine agree with the CPU's") {
    both on;
    for (const std::int64_t count : {1, 7, 1025}) {
        const shape x_shape{2, 1, 1, 33}, rows_shape{2 * count, 1, 1, 33};
        const twin rows(on.here, on.there, rows_shape, 3);
        twin x(on.here, on.there, x_shape, 4);
        std::vector<double> here(static_cast<std::size_t>(count)), there(here.size());
        ops::dots(on.here, rows.host, x.host, here);
        ops::dots(on.there, rows.device, x.device, there);
        for (std::size_t i = 0; i < here.size(); ++i)
            CHECK(there[i] == Approx(here[i]).epsilon(1e-12).margin(1e-12));
        ops::combine(on.here, -1.5, x.host, here, rows.host, x.host);
        ops::combine(on.there, -1.5, x.device, here, rows.device, x.device);
        CHECK(on.difference(x) <= rounding);
    }
}

TEST_CASE("max_abs finds the largest magnitude and lets nothing non-finite slip by") {
    both on;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const auto n : sizes)
        for (const std::int64_t at : {std::int64_t{0}, n / 2, n - 1}) {
            auto x = on.row(n, 5);
            const auto largest = [&](float value) {
                x.host.data()[at] = value;
                return ops::max_abs(on.there, to_device(on.there, x.host));
            };
            CHECK(largest(-7) == 7);
            CHECK(largest(-infinity) == infinity);
            CHECK(std::isnan(largest(-std::numeric_limits<float>::quiet_NaN())));
        }
}

TEST_CASE("maps of 16-bit numbers are filled and copied") {
    context<cuda> ctx;
    tensor<bfloat16, cuda> x({1, 3, 5, 7}, layout::nhwc), y(x.shape(), layout::nhwc);
    ops::fill(ctx, 1.5f, x);
    ops::copy(ctx, x, y);
    for (const bfloat16 value : to_host(ctx, y))
        CHECK(static_cast<float>(value) == 1.5f);
}

TEST_CASE("operations on the GPU refuse views that disagree and say how") {
    context<cuda> ctx;
    tensor<float, cuda> a({1, 1, 2, 3}), b({1, 1, 3, 2});
    CHECK_THROWS_WITH(ops::copy(ctx, a, b), "copy: output: expected [1,1,2,3], found [1,1,3,2]");
    CHECK_THROWS_AS(ops::dot(ctx, a, b), shape_error);
}
