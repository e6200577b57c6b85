#include <impasto/core/context.hpp>

#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

#include <simt/device.hpp>

#include <impasto/core/error.hpp>
#include <impasto/ops/transfer.hpp>

using namespace impasto;

namespace {

/// Pretends to be another machine for a while.
struct pretend {
    explicit pretend(simt::device d) { simt::the_device() = d; }
    ~pretend() { simt::the_device() = {}; }
};

void refuses(simt::device machine, cuda_options options, const std::string& words) {
    const pretend elsewhere(machine);
    CHECK_THROWS_AS(context<cuda>(options), cuda_error);
    CHECK_THROWS_WITH(context<cuda>(options), Catch::Contains(words));
}

}  // namespace

TEST_CASE("a machine that cannot run the CUDA engine is told why, in one line") {
    refuses({.count = 0, .status = cudaErrorNoDevice}, {}, "there is no NVIDIA GPU");
    refuses({.driver_version = 0, .status = cudaErrorInsufficientDriver}, {},
            "no NVIDIA driver is loaded");
    refuses({.driver_version = 11040, .status = cudaErrorInsufficientDriver}, {},
            "the NVIDIA driver knows CUDA up to 11.4 and impasto was built with 13.0");
    refuses({.count = 2}, {.device = 2}, "there is no GPU number 2; there are 2, numbered from 0");
    refuses({}, {.device = -1}, "there is no GPU number -1; there is one, number 0");
    refuses({.major = 7, .minor = 0}, {}, "has compute capability 7.0; impasto needs 7.5");
}

TEST_CASE("memory that the GPU does not have is refused, naming what is free") {
    const pretend small({.memory_bytes = std::size_t{64} << 20});
    context<cuda> ctx;
    CHECK(ctx.free_bytes() == std::size_t{64} << 20);
    ctx.reserve(1 << 20);
    CHECK_THROWS_AS((tensor<float, cuda>({1, 1, 1, 16 << 20})), out_of_memory);
    CHECK_THROWS_WITH((tensor<float, cuda>({1, 1, 1, 16 << 20})),
                      Catch::Contains("67108864 bytes on the GPU: 66060288 of its 67108864"));
}

TEST_CASE("what is uploaded comes back, longer than the staging memory or not") {
    context<cuda> ctx;
    for (const std::int64_t n : {1, 1000, 5'000'001}) {
        tensor<float, cpu> there({1, 1, 1, n}), back({1, 1, 1, n});
        std::iota(there.begin(), there.end(), 0.0f);
        tensor<float, cuda> device(there.shape());
        ops::upload(ctx, there.view(), device.view());
        ops::download(ctx, device.view(), back.view());
        CHECK(std::equal(there.begin(), there.end(), back.begin()));
    }
    tensor<float, cpu> host({1, 1, 1, 2});
    tensor<float, cuda> device({1, 1, 1, 3});
    CHECK_THROWS_AS(ops::upload(ctx, host.view(), device.view()), shape_error);
}

TEST_CASE("a context gives back all that it takes") {
    const auto before = simt::allocated_bytes();
    {
        context<cuda> ctx;
        ctx.reserve(1000);
        CHECK(ctx.reserved_bytes() == 1000);
        ctx.reserve(10);
        CHECK(ctx.reserved_bytes() == 1000);
        CHECK(simt::allocated_bytes() == before + 1000);
    }
    CHECK(simt::allocated_bytes() == before);
}
