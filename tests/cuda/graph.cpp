// Networks that are no VGG, on a GPU.

#include <catch2/catch.hpp>

#include <impasto/nn/features.hpp>

#include "support/device_maps.hpp"
#include "support/graph_in_double.hpp"

using namespace impasto;
using nn::graph;
using support::to_map;
namespace op = nn::op;

namespace {

constexpr shape size{1, 3, 13, 18};

/// Maps at the taps, and dJ/dpixels of J = Σ map²/2.
template <class Device, class Pixels>
std::vector<std::vector<double>> passed(context<Device>& ctx, const nn::network& net,
                                        const Pixels& pixels) {
    nn::features<float, Device> features(
        ctx, net, size,
        {.taps = {"relu1", "last"}, .view = {.convolution = {ops::conv_algorithm::direct}}});
    tensor<float, Device> d_pixels(size);
    features.forward(ctx, pixels);
    std::vector<std::vector<double>> result{to_map(ctx, features.tap(0)).values,
                                            to_map(ctx, features.tap(1)).values};
    features.backward(
        ctx, [&](std::size_t, auto map, auto d) { ops::axpy(ctx, 1, map, d); }, d_pixels);
    result.push_back(to_map(ctx, tensor_view<const float, Device>(d_pixels)).values);
    return result;
}

}  // namespace

TEST_CASE("on CUDA a graph of what has kernels gives the CPU's maps and gradients") {
    graph g;
    g.add("conv1", op::convolution{3, 8});
    g.add("relu1", op::relu{});
    g.add("point", op::convolution{8, 16, {1, 1, 0}, ops::activation::relu});
    g.add("pool", op::pool{});
    g.add("last", op::convolution{16, 8, {3, 1, 0}});
    const auto net = support::random_network(g, 1);
    const auto pixels =
        support::to_tensor(support::random_map(3, size.h, size.w, 1, 0, 1).values, size);
    context<cpu> here;
    context<cuda> there;
    const auto expected = passed(here, net, pixels);
    const auto found = passed(there, net, support::to_device(there, pixels));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK(support::relative_error(found[i], expected[i]) < 1e-5);
    }
}

TEST_CASE("on CUDA a node without a kernel is refused by name when it is planned") {
    context<cuda> ctx;
    const auto refused = [&](const nn::any_op& operation, const char* why) {
        graph g;
        g.add("first", op::convolution{3, 8});
        g.add("second", operation);
        if (std::holds_alternative<op::add>(operation))
            g.nodes.back().inputs = {0, 0};
        const auto net = support::random_network(g, 1);
        // Forward alone: backward would refuse the two readers of "first" before the addition.
        const nn::features_options options{.taps = {"second"}, .backward = false};
        CHECK_THROWS_AS((nn::features<float, cuda>(ctx, net, size, options)), option_error);
        CHECK_THROWS_WITH(
            (nn::features<float, cuda>(ctx, net, size, options)),
            Catch::Contains("features: second: CUDA has no kernel for ") && Catch::Contains(why));
    };
    refused(op::convolution{8, 8, {3, 2, 1}}, "a stride of 2");
    refused(op::convolution{8, 8, {5, 1, 2}}, "filters larger than 3x3");
    refused(op::upsample{2}, "nearest-neighbour upsampling");
    refused(op::instance_norm{8}, "instance normalisation");
    refused(op::add{}, "additions");
}
