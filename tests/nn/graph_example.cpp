// The example of docs/architecture.md, compiled and run.

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <impasto/nn/features.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;

namespace {

/// Σ of the gradient of the first filter, so that there is something to check.
double example(context<cpu>& ctx, std::vector<nn::filter> filters, std::vector<nn::affine> norms,
               const tensor<float, cpu>& pixels, tensor<float, cpu>& d_pixels) {
    // begin
    nn::graph g;
    g.add("conv1", nn::op::convolution{3, 16, {.kernel = 9, .padding = 4}});
    g.add("norm1", nn::op::instance_norm{16});
    const auto from = g.add("relu1", nn::op::relu{});
    g.add("conv2", nn::op::convolution{16, 16, {}, ops::activation::relu});
    const auto branch = g.add("conv3", nn::op::convolution{16, 16});
    g.add("sum", nn::op::add{}, {from, branch});

    nn::network net;
    net.graph = std::move(g);
    net.filters = std::move(filters);  // of conv1, conv2 and conv3: [out,in,k,k] and a bias
    net.norms = std::move(norms);      // of norm1: scale and shift

    nn::features<float, cpu> features(ctx, net, pixels.shape(),
                                      {.taps = {"sum"}, .parameters = true});
    features.forward(ctx, pixels);
    const auto add_gradient = [&](std::size_t, auto map, auto d) { ops::axpy(ctx, 1, map, d); };
    features.backward(ctx, add_gradient, d_pixels);     // of J = Σ map² / 2
    const auto& d_conv1 = features.filter_gradient(0);  // .weights and .bias
    // end
    double sum = 0;
    for (const float value : d_conv1.weights)
        sum += static_cast<double>(std::abs(value));
    return sum;
}

std::string read(const std::string& path) {
    std::ifstream file(std::string(IMPASTO_TESTS_FOLDER) + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("the documented example of a graph runs, and is what the document shows") {
    context<cpu> ctx;
    std::vector<nn::filter> filters;
    for (const auto& s : {shape{16, 3, 9, 9}, shape{16, 16, 3, 3}, shape{16, 16, 3, 3}})
        filters.push_back(
            {to_tensor(random_values(static_cast<std::size_t>(s.elements()), 1, -0.1, 0.1), s),
             tensor<float, cpu>()});
    std::vector<nn::affine> norms;
    norms.push_back(
        {filled({1, 16, 1, 1}, layout::nchw, 1), filled({1, 16, 1, 1}, layout::nchw, 0)});
    const auto pixels = to_tensor(ctx, random_map(3, 17, 12, 2, 0, 1));
    auto d_pixels = filled(pixels.shape(), layout::nchw, not_a_number);
    CHECK(example(ctx, std::move(filters), std::move(norms), pixels, d_pixels) > 0);
    CHECK(ops::max_abs(ctx, d_pixels) > 0);

    const auto source = read("/nn/graph_example.cpp");
    const std::string begin = "    // begin\n", end = "    // end\n";
    const auto first = source.find(begin) + begin.size();
    std::string shown, line;
    std::istringstream lines(source.substr(first, source.find(end) - first));
    while (std::getline(lines, line))
        shown += line.substr(std::min<std::size_t>(line.size(), 4)) + "\n";
    CHECK(read("/../docs/architecture.md").find("```cpp\n" + shown + "```") != std::string::npos);
}
