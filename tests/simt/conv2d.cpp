// Each convolution kernel by itself, in both thread orders, at sizes that no tile divides; in
// tests/cuda the choice among them is left to the library.

#include <cstdint>
#include <cstring>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/ops/transfer.hpp>

#include "conv2d/convolve.cuh"
#include "conv2d/filter_layout.hpp"
#include "support/device_maps.hpp"
#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace impasto::kernels;
using namespace support;

namespace {

struct extents {
    int in, out, height, width, kernel = 3, padding = 1;
};

/// To ten bits of fraction, so that TF32 and float see the same numbers.
double to_ten_bits(double x) {
    const double grid = std::ldexp(1.0, std::ilogb(x == 0 ? 1.0 : x) - 10);
    return std::round(x / grid) * grid;
}

template <class T>
std::vector<double> representable(std::vector<double> values) {
    for (double& v : values)
        v = std::is_same_v<stored<T>, float>
                ? to_ten_bits(v)
                : static_cast<double>(static_cast<float>(stored<T>(float(v))));
    return values;
}

/// Numbers that T and TF32 hold exactly: what differs from the reference is sums and the output.
template <class T>
struct problem {
    explicit problem(const extents& size)
        : e(size),
          input(random_map(e.in, e.height, e.width, 1)),
          weights(representable<T>(
              random_values(static_cast<std::size_t>(e.out * e.in * e.kernel * e.kernel), 2))),
          bias(random_values(static_cast<std::size_t>(e.out), 3)),
          weight_tensor(to_tensor(weights, {e.out, e.in, e.kernel, e.kernel})) {
        input.values = representable<T>(std::move(input.values));
        whole_bias.assign(bias.begin(), bias.end());
        whole_bias.resize((bias.size() + run - 1) / run * run);
    }

    [[nodiscard]] map<double> convolved() const {
        return reference::conv2d(input, weights, bias, e.kernel, e.padding);
    }
    [[nodiscard]] conv_problem forward() const {
        const int shrink = e.kernel - 1 - 2 * e.padding;
        return {e.height,         e.width, e.in,     e.height - shrink,
                e.width - shrink, e.out,   e.kernel, e.padding};
    }

    extents e;
    map<double> input;
    std::vector<double> weights, bias;
    std::vector<float> whole_bias;
    tensor<float, cpu> weight_tensor;
};

/// Filters on the device as a kernel wants them.
template <class T>
struct laid_out {
    laid_out(context<cuda>& ctx, conv_kernel kernel, const filter_source& source) {
        const int channels = tile_channels(kernel);
        rows = ceil_div(static_cast<int>(source.outputs()), channels) * channels;
        if (kernel == conv_kernel::simt_wide || kernel == conv_kernel::simt_narrow)
            upload(ctx, simt_filter_layout(source, rows));
        else if (kernel == conv_kernel::pixels)
            upload(ctx, pixel_filter_layout<stored<T>>(source, rows));
        else
            upload(ctx, mma_filter_layout<stored<T>>(source, rows, filter_row_bytes(kernel)));
    }
    template <class Value>
    void upload(context<cuda>& ctx, const std::vector<Value>& values) {
        const auto bytes = values.size() * sizeof(Value);
        data = tensor<std::byte, cuda>({1, 1, 1, static_cast<std::int64_t>(bytes)});
        ops::detail::copy_to_device(ctx, values.data(), data.data(), bytes);
    }
    [[nodiscard]] conv_filters view() const { return {data.data(), rows}; }

    tensor<std::byte, cuda> data;
    int rows = 0;
};

tensor<std::uint8_t, cuda> gates_of(const shape& s) {
    return tensor<std::uint8_t, cuda>({1, 1, 1, s.pixels() * ((s.c + 31) / 32) * 4});
}

struct pool {
    fused_pool kind = fused_pool::none;
    float scale = 1;
};

struct forward_result {
    std::vector<double> values;
    std::vector<std::uint8_t> gates;  // padding set to zero
    friend bool operator==(const forward_result&, const forward_result&) = default;
};

template <class T>
forward_result run_forward(context<cuda>& ctx, conv_kernel kernel, const problem<T>& p,
                           bool planar = false, pool pooling = {}) {
    const conv_problem size = p.forward();
    const laid_out<T> filters(ctx, kernel, {p.weight_tensor, false});
    const auto input = to_device<stored<T>>(ctx, p.input, planar ? layout::nchw : layout::nhwc);
    tensor<float, cuda> bias({1, 1, 1, static_cast<std::int64_t>(p.whole_bias.size())});
    ops::detail::copy_to_device(ctx, p.whole_bias.data(), bias.data(), bias.bytes());
    const shape whole{1, p.e.out, size.out_height, size.out_width};
    const bool pooled = pooling.kind != fused_pool::none;
    const shape written = pooled ? ops::pooled(whole) : whole;
    tensor<stored<T>, cuda> output(written, layout::nhwc);
    auto gates = gates_of(whole);
    const int words = (p.e.out + 31) / 32;
    convolve(nullptr, kernel, size, conv_input<stored<T>>{input.data(), nullptr, 0, false}, planar,
             filters.view(),
             forward_epilogue<T>{bias.data(),
                                 true,
                                 pooling.kind,
                                 pooling.scale,
                                 size.out_height,
                                 size.out_width,
                                 map_of<T>(written, output.data()),
                                 {gates.data(), words}});
    forward_result result{to_map(ctx, output).values, std::vector<std::uint8_t>(gates.bytes())};
    ops::detail::copy_to_host(ctx, gates.data(), result.gates.data(), gates.bytes());
    for (std::size_t i = 0; i < result.gates.size(); ++i)
        if (static_cast<int>(i) % (words * 4) >= ceil_div(p.e.out, run))
            result.gates[i] = 0;
    return result;
}

/// One bit an element, set where `open` is not zero.
std::vector<std::uint8_t> gates_from(const map<double>& open) {
    const auto row = static_cast<std::size_t>((open.c + 31) / 32 * 4);
    std::vector<std::uint8_t> gates(row * static_cast<std::size_t>(open.h * open.w));
    for (std::int64_t c = 0; c < open.c; ++c)
        for (std::int64_t i = 0; i < open.h * open.w; ++i)
            if (open.values[static_cast<std::size_t>(c * open.h * open.w + i)] != 0)
                gates[static_cast<std::size_t>(i) * row + static_cast<std::size_t>(c / 8)] |=
                    static_cast<std::uint8_t>(1u << c % 8);
    return gates;
}

ops::pool_options options_of(pool p) {
    return {p.kind == fused_pool::max ? ops::pooling::max : ops::pooling::average, p.scale};
}

/// Where the gradient passes: one by one through the ReLU and the pool of the reference.
map<double> passing(const map<double>& convolved, pool pooling) {
    map<double> ones(convolved.c, convolved.h, convolved.w, 1.0);
    if (pooling.kind != fused_pool::none) {
        const map<double> d(convolved.c, convolved.h / 2, convolved.w / 2, 1.0);
        ones = reference::pool2d_backward(reference::relu(convolved), d, options_of(pooling));
    }
    return reference::relu_backward(convolved, ones);
}

template <class T>
double tolerance() {
    // Sums in float of exact products; then the output is rounded to T, of tf32 forward alone.
    return std::is_same_v<T, float> ? 2e-6 : std::is_same_v<T, bfloat16> ? 4e-3 : 5e-4;
}

template <class T>
void check_forward(conv_kernel kernel, const extents& e, bool planar = false, pool pooling = {}) {
    CAPTURE(static_cast<int>(kernel), e.in, e.out, e.height, e.width, e.kernel, e.padding,
            static_cast<int>(pooling.kind));
    context<cuda> ctx;
    const problem<T> p(e);
    const auto result =
        simt::run_both_orders([&] { return run_forward<T>(ctx, kernel, p, planar, pooling); });
    const auto convolved = p.convolved();
    auto expected = reference::relu(convolved);
    if (pooling.kind != fused_pool::none)
        expected = reference::pool2d(expected, options_of(pooling));
    CHECK(relative_error(result.values, expected.values) < tolerance<T>());
    CHECK(result.gates == gates_from(passing(convolved, pooling)));
}

template <class T>
void check_backward(conv_kernel kernel, const extents& e, pool pooling = {}) {
    CAPTURE(static_cast<int>(kernel), e.in, e.out, e.height, e.width, e.kernel, e.padding,
            static_cast<int>(pooling.kind));
    context<cuda> ctx;
    const problem<T> p(e);
    const auto convolved = p.convolved();
    const bool pooled = pooling.kind != fused_pool::none;
    auto d_output = pooled ? random_map(e.out, convolved.h / 2, convolved.w / 2, 5)
                           : random_map(e.out, convolved.h, convolved.w, 5);
    d_output.values = representable<T>(std::move(d_output.values));
    const auto d_whole = reference::relu_backward(
        convolved, pooled ? reference::pool2d_backward(reference::relu(convolved), d_output,
                                                       options_of(pooling))
                          : d_output);

    const conv_problem f = p.forward();
    const conv_problem size{f.out_height, f.out_width, e.out,    e.height,
                            e.width,      e.in,        e.kernel, e.kernel - 1 - e.padding};
    const laid_out<T> filters(ctx, kernel, {p.weight_tensor, true});
    const auto input = to_device<stored<T>>(ctx, d_output);
    auto gates = gates_of(convolved.shape());
    const auto open = gates_from(passing(convolved, pooling));
    ops::detail::copy_to_device(ctx, open.data(), gates.data(), open.size());
    const float scale = pooling.kind == fused_pool::average ? pooling.scale / 4 : pooling.scale;
    const auto values = simt::run_both_orders([&] {
        tensor<stored<T>, cuda> d_input(p.input.shape(), layout::nhwc);
        const auto* words = reinterpret_cast<const std::uint32_t*>(gates.data());
        convolve(nullptr, kernel, size,
                 conv_input<stored<T>>{input.data(), words, (e.out + 31) / 32, pooled}, false,
                 filters.view(),
                 backward_epilogue<stored<T>>{map_of<stored<T>>(p.input.shape(), d_input.data()),
                                              scale});
        return to_map(ctx, d_input).values;
    });
    const auto expected =
        reference::conv2d_backward_data(d_whole, p.weights, p.input.shape(), e.kernel, e.padding);
    CHECK(relative_error(values, expected.values) < tolerance<stored<T>>());
}

template <class T>
void check_both(conv_kernel kernel, const extents& e) {
    check_forward<T>(kernel, e);
    check_backward<T>(kernel, e);
}

// Channels of one block of K and of several, the last not whole; more tiles than one both ways.
constexpr extents medium_case{72, 136, 9, 17}, wide_case{104, 72, 5, 18}, small_case{40, 72, 9, 11},
    few_outputs{3, 40, 17, 18};

}  // namespace

TEMPLATE_TEST_CASE("conv2d by tensor cores gives the reference's sums with every tile", "", tf32,
                   half, bfloat16) {
    check_both<TestType>(conv_kernel::mma_medium, medium_case);
    check_both<TestType>(conv_kernel::mma_wide, wide_case);
    check_both<TestType>(conv_kernel::mma_small, small_case);
    check_backward<TestType>(conv_kernel::mma_narrow, few_outputs);
}

TEMPLATE_TEST_CASE("conv2d by Hopper's tensor cores gives the reference's sums with every tile", "",
                   tf32, half, bfloat16) {
    check_both<TestType>(conv_kernel::wgmma_wide, {136, 136, 17, 5});
    check_both<TestType>(conv_kernel::wgmma_wide, {72, 136, 9, 17});
    check_both<TestType>(conv_kernel::wgmma_narrow, {200, 72, 5, 18});
    check_both<TestType>(conv_kernel::wgmma_narrow, {40, 72, 19, 11});
    check_both<TestType>(conv_kernel::wgmma_narrow, {8, 16, 5, 12, 3, 0});
    check_both<TestType>(conv_kernel::wgmma_narrow, {64, 64, 1, 1});
}

TEMPLATE_TEST_CASE("conv2d by tensor cores takes 1x1 filters and maps that are padded already", "",
                   tf32, half, bfloat16) {
    for (const int channels : {8, 32, 136})
        check_both<TestType>(conv_kernel::mma_point, {channels, 72, 5, 9, 1, 0});
    check_both<TestType>(conv_kernel::mma_small, {8, 16, 5, 12, 3, 0});
    check_both<TestType>(conv_kernel::mma_small, {64, 64, 1, 1});
}

TEMPLATE_TEST_CASE("conv2d reads planar pixels by tensor cores", "", tf32, half, bfloat16) {
    for (const auto& e : {extents{3, 72, 17, 5}, extents{3, 64, 18, 18, 3, 0}, extents{3, 8, 1, 1}})
        check_forward<TestType>(conv_kernel::pixels, e, true);
    check_forward<TestType>(conv_kernel::pixels, {3, 16, 7, 9}, true, {fused_pool::max, 1});
}

TEMPLATE_TEST_CASE("conv2d without tensor cores takes any channels and small filters", "", float,
                   half, bfloat16) {
    for (const auto& e :
         {extents{1, 1, 1, 1}, extents{17, 70, 9, 17}, extents{5, 9, 7, 33, 2, 1},
          extents{40, 8, 3, 5, 1, 0}, extents{8, 16, 10, 12, 3, 0}, extents{3, 3, 4, 6, 3, 2}})
        check_both<TestType>(conv_kernel::simt_wide, e);
    check_both<TestType>(conv_kernel::simt_narrow, {16, 5, 18, 35});
    check_backward<TestType>(conv_kernel::simt_narrow, few_outputs);
    check_forward<TestType>(conv_kernel::simt_wide, {3, 10, 7, 9}, true);
}

TEMPLATE_TEST_CASE("conv2d pools where it convolves, and takes gradients back through the pool", "",
                   tf32, half, bfloat16) {
    for (const pool pooling :
         {pool{fused_pool::max, 1}, pool{fused_pool::max, 0.75f}, pool{fused_pool::average, 2}})
        for (const auto& e : {extents{8, 40, 9, 11}, extents{8, 16, 8, 10}, extents{8, 8, 2, 3}})
            for (const auto kernel :
                 {conv_kernel::mma_small, conv_kernel::wgmma_narrow, conv_kernel::simt_wide}) {
                check_forward<TestType>(kernel, e, false, pooling);
                check_backward<TestType>(kernel, e, pooling);
            }
    // The other tile's windows, and channels that end within a run.
    check_forward<TestType>(conv_kernel::mma_medium, {16, 130, 9, 19}, false, {fused_pool::max, 1});
    check_forward<TestType>(conv_kernel::wgmma_wide, {16, 66, 19, 21}, false, {fused_pool::max, 1});
    check_backward<TestType>(conv_kernel::mma_narrow, {3, 40, 19, 7}, {fused_pool::max, 1});
}

TEST_CASE("the choice of a tile weighs idle multiprocessors against traffic") {
    const conv_machine ampere{132, 227 * 1024, true, false}, turing{68, 64 * 1024, true, false};
    const conv_machine plain{132, 227 * 1024, false, false}, hopper{132, 227 * 1024, true, true};
    const auto choose = [](const conv_machine& machine, int in, int out, int side, int kernel = 3,
                           bool planar = false) {
        return choose_kernel<half>({side, side, in, side, side, out, kernel, kernel / 2}, planar,
                                   machine);
    };
    CHECK(choose(ampere, 256, 256, 256) == conv_kernel::mma_medium);
    CHECK(choose(ampere, 512, 512, 32) == conv_kernel::mma_small);
    CHECK(choose(ampere, 64, 64, 512) == conv_kernel::mma_wide);
    CHECK(choose(ampere, 64, 3, 512) == conv_kernel::mma_narrow);
    CHECK(choose(ampere, 64, 64, 512, 1) == conv_kernel::mma_point);
    CHECK(choose(ampere, 3, 64, 512, 3, true) == conv_kernel::pixels);
    CHECK(choose(turing, 256, 256, 256) == conv_kernel::mma_medium);
    CHECK(choose(ampere, 12, 64, 512) == conv_kernel::simt_wide);  // no multiple of 16 bytes
    CHECK(choose(ampere, 64, 64, 512, 2) == conv_kernel::simt_wide);
    CHECK(choose(plain, 256, 256, 256) == conv_kernel::simt_wide);
    CHECK(choose(plain, 64, 3, 512) == conv_kernel::simt_narrow);
    CHECK(choose(hopper, 256, 256, 256) == conv_kernel::wgmma_wide);
    CHECK(choose(hopper, 64, 64, 512) == conv_kernel::wgmma_narrow);
    CHECK(choose(hopper, 512, 512, 32) == conv_kernel::wgmma_narrow);
    CHECK(choose(hopper, 64, 3, 512) == conv_kernel::mma_narrow);
}
