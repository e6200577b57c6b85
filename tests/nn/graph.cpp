#include <impasto/nn/graph.hpp>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

using namespace impasto;
using Catch::Matchers::Contains;
using nn::graph;
namespace op = nn::op;

namespace {

constexpr op::convolution from_picture{3, 8};

/// A graph of one convolution, "first", of 8 channels, to which a test adds.
graph begun() {
    graph g;
    g.add("first", from_picture);
    return g;
}

}  // namespace

TEST_CASE("a VGG table makes a graph of its layers, named as its taps") {
    for (const auto& topology : nn::topologies) {
        CAPTURE(topology.name);
        const auto g = nn::vgg_graph(topology.layers);
        CHECK_NOTHROW(nn::check(g));
        REQUIRE(g.nodes.size() == topology.layers.size());
        for (std::size_t i = 0; i < g.nodes.size(); ++i) {
            const auto& row = topology.layers[i];
            const auto before = i == 0 ? graph::picture : i - 1;
            CHECK(g.nodes[i].name == nn::tap_name_of(row));
            CHECK(g.nodes[i].inputs == std::vector{before});
            const nn::any_op expected =
                row.is_pool()
                    ? nn::any_op(op::pool{})
                    : nn::any_op(op::convolution{
                          row.in_channels, row.out_channels, {3, 1, 1}, ops::activation::relu});
            CHECK(g.nodes[i].operation == expected);
            CHECK(nn::smallest_side(g, i) == nn::smallest_side(topology.layers, i));
            CHECK(nn::find_node(g, nn::tap_name_of(row)) == i);
        }
    }
}

TEST_CASE("a graph's shapes follow from the picture's") {
    auto g = begun();
    g.add("strided", op::convolution{8, 16, {3, 2, 1}});
    g.add("norm", op::instance_norm{16});
    g.add("relu", op::relu{});
    g.add("large", op::upsample{3});
    const auto narrow = g.add("narrow", op::convolution{16, 16, {5, 1, 0}});
    g.add("pool", op::pool{});
    g.add("sum", op::add{}, {narrow, narrow});
    const auto shapes = nn::shapes_of(g, {1, 3, 17, 20});
    CHECK(shapes == std::vector<shape>{{1, 8, 17, 20},
                                       {1, 16, 9, 10},
                                       {1, 16, 9, 10},
                                       {1, 16, 9, 10},
                                       {1, 16, 27, 30},
                                       {1, 16, 23, 26},
                                       {1, 16, 11, 13},
                                       {1, 16, 23, 26}});
}

TEST_CASE("the smallest side is the smallest for which every node has an output") {
    graph g;
    g.add("wide", op::convolution{3, 8, {9, 1, 4}});
    const auto down = g.add("down", op::convolution{8, 8, {3, 2, 0}});
    g.add("pool", op::pool{});
    g.add("unpadded", op::convolution{8, 8, {3, 1, 0}});
    g.add("up", op::upsample{2}, {down});
    for (std::size_t i = 0; i < g.nodes.size(); ++i) {
        CAPTURE(g.nodes[i].name);
        const auto side = nn::smallest_side(g, i);
        graph only;
        for (std::size_t j = 0; j <= i; ++j)
            if (nn::ancestors(g, i)[j])
                only.nodes.push_back(g.nodes[j]);
        if (i == 4)
            only.nodes.back().inputs = {1};
        CHECK_NOTHROW(nn::shapes_of(only, {1, 3, side, side}));
        if (side > 1)
            CHECK_THROWS_AS(nn::shapes_of(only, {1, 3, side - 1, side}), shape_error);
    }
    CHECK(nn::smallest_side(g, 3) == 13);  // 3 units, 6 before the pool, 2·5 + 3 pixels
    CHECK(nn::smallest_side(g, 4) == 3);
}

TEST_CASE("a node depends on what it reads, and on what that reads") {
    auto g = begun();
    const auto side = g.add("side", op::relu{});
    const auto other = g.add("other", op::pool{}, {0});
    g.add("last", op::relu{}, {other});
    CHECK(nn::ancestors(g, 3) == std::vector{true, false, true, true});
    CHECK(nn::ancestors(g, side) == std::vector{true, true});
}

TEST_CASE("a graph that cannot be is refused with the node's name and what is wrong") {
    CHECK_THROWS_WITH(nn::check({}), Contains("no nodes"));
    const auto refused = [](const char* name, nn::any_op operation, std::vector<std::size_t> inputs,
                            const char* why) {
        auto g = begun();
        g.add(name, operation, std::move(inputs));
        CHECK_THROWS_AS(nn::check(g), option_error);
        CHECK_THROWS_WITH(nn::check(g), Contains(why));
    };
    refused("", op::relu{}, {0}, "node 1 has no name");
    refused("first", op::relu{}, {0}, "node \"first\": another node has this name");
    refused("late", op::relu{}, {1}, "node \"late\": reads node 1, which does not come before it");
    refused("far", op::relu{}, {7}, "reads node 7");
    refused("two", op::relu{}, {0, 0}, "has 2 inputs; expected 1");
    refused("sum", op::add{}, {0}, "has 1 inputs; expected 2");
    refused("pixels", op::relu{}, {graph::picture}, "only a convolution");
    refused("wide", op::convolution{16, 8}, {0}, "reads 16 channels, but its input has 8");
    refused("grey", op::convolution{1, 8}, {graph::picture}, "its input has 3");
    refused("norm", op::instance_norm{4}, {0}, "reads 4 channels, but its input has 8");
    refused("norm", op::instance_norm{8, 0.0f}, {0}, "epsilon");
    refused("big", op::convolution{8, 8, {99, 1, 1}}, {0}, "kernel is 99; expected 1 to");
    refused("still", op::convolution{8, 8, {3, 0, 1}}, {0}, "stride is 0");
    refused("padded", op::convolution{8, 8, {3, 1, 3}}, {0}, "padding is 3; expected 0 to 2");
    refused("none", op::convolution{8, 0}, {0}, "out_channels is 0");
    refused("up", op::upsample{0}, {0}, "factor is 0");
    auto g = begun();
    const auto more = g.add("more", op::convolution{8, 9});
    g.add("sum", op::add{}, {0, more});
    CHECK_THROWS_WITH(nn::check(g), Contains("\"sum\": reads 8 channels, but its input has 9"));
}

TEST_CASE("an addition of maps that differ in size is refused for the pictures where they do") {
    auto g = begun();
    g.add("down", op::convolution{8, 8, {3, 2, 1}});
    const auto up = g.add("up", op::upsample{2});
    g.add("sum", op::add{}, {0, up});
    CHECK_NOTHROW(nn::shapes_of(g, {1, 3, 8, 10}));
    CHECK_THROWS_WITH(nn::shapes_of(g, {1, 3, 8, 11}),
                      Contains("\"sum\"") && Contains("[1,8,8,11]") && Contains("[1,8,8,12]"));
}

TEST_CASE("a node is found by its name, or the names there are come back") {
    auto g = begun();
    g.add("second", op::relu{});
    CHECK(nn::find_node(g, "second") == 1);
    CHECK_THROWS_WITH(nn::find_node(g, "third"),
                      "no layer \"third\"; the network has first second");
}
