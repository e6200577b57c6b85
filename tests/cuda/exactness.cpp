#include <impasto/style/objective.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/nn/rescale.hpp>
#include <impasto/weights/weights.hpp>

#include "support/device_maps.hpp"
#include "support/network_in_double.hpp"

// The whole network on a GPU, J and its gradient, against the same in double: how exact each number
// format is. J is made of pieces: dJ/dpixels jumps where a ReLU's input passes zero, and rounding
// decides otherwise where that is nearly zero. So a gradient is held tightly against that of the
// same piece of J, loosely against that of the piece where x truly lies; and where the pieces
// differ, the ReLU's input must be zero but for rounding.

using namespace impasto;
using support::map;
using support::to_device;

namespace {

constexpr std::int64_t height = 45, width = 50;  // odd at some pools

map<double> picture_at(const std::string& name) {
    const auto file = std::string(IMPASTO_TESTS_FOLDER) + "/../examples/images/" + name;
    const auto pixels = image::resize(image::load(file), height, width);
    map<double> m(3, height, width);
    m.values.assign(pixels.begin(), pixels.end());
    return m;
}

struct scene {
    nn::network net = weights::built_in();
    map<double> photo = picture_at("harbor.jpg"), painting = picture_at("swirls.jpg");
    map<double> x;  // on its way from one to the other

    scene() : x(photo) {
        for (std::size_t i = 0; i < x.values.size(); ++i)
            x.values[i] = static_cast<float>((x.values[i] + painting.values[i]) / 2);
    }
};

/// The usual layers, and a trifle of every other ReLU, for their maps to exist.
style::objective_options options_of(const nn::network& net, ops::pooling pool) {
    style::objective_options options{
        .tv_weight = 0,
        .content_layers = {{"relu4_2", 1}},
        .style_layers = {},
        .view = {.pooling = {.kind = pool, .scale = 1}, .border = ops::border::replicate}};
    for (const auto& layer : net.layers)
        if (!layer.is_pool())
            options.style_layers.push_back({nn::tap_name_of(layer), layer.index == 1 ? 1 : 1e-6});
    return options;
}

std::vector<map<double>> rectified(std::vector<map<double>> maps) {
    for (auto& m : maps)
        m = reference::relu(std::move(m));
    return maps;
}

/// What the network makes of the pictures, in double.
struct in_double {
    style::objective_options options;
    support::network_in_double net;
    std::vector<map<double>> sums, maps, photo, painting;

    in_double(const scene& s, ops::pooling pool)
        : options(options_of(s.net, pool)),
          net(s.net, s.net.layers.size() - 1, options.view.pooling, options.view.border),
          sums(net.sums(s.x)),
          maps(rectified(sums)),
          photo(rectified(net.sums(s.photo))),
          painting(rectified(net.sums(s.painting))) {}

    /// dJ/dx where the ReLUs and maxima let through what they do in `gates`.
    [[nodiscard]] std::vector<double> gradient(const std::vector<map<double>>& gates) const {
        std::vector<map<double>> d;
        for (std::size_t i = 0; i < maps.size(); ++i)
            d.push_back(style_gradient(share_of_layer(i), maps[i], painting[i]));
        const auto difference = reference::squared_error_gradient(maps.back(), photo.back());
        double energy = 0;
        for (const double v : photo.back().values)
            energy += v * v;
        for (std::size_t k = 0; k < difference.values.size(); ++k)
            d.back().values[k] += options.content_weight * difference.values[k] / energy;
        return net.gradient(gates, d, {1, 3, height, width}).values;
    }

private:
    [[nodiscard]] double share_of_layer(std::size_t i) const {
        double total = 0;
        for (const auto& layer : options.style_layers)
            total += layer.weight;
        return options.style_weight * options.style_layers[i].weight / total;
    }
    // Of share · Σ(G/M − A/Mₐ)² / Σ(A/Mₐ)², M pixels.
    [[nodiscard]] static map<double> style_gradient(double share, const map<double>& f,
                                                    const map<double>& a) {
        auto g = reference::gram(f);
        const auto wanted = reference::gram(a);
        const auto pixels = static_cast<double>(f.h * f.w),
                   wanted_pixels = static_cast<double>(a.h * a.w);
        double norm = 0;
        for (const double v : wanted)
            norm += v * v / (wanted_pixels * wanted_pixels);
        for (std::size_t k = 0; k < g.size(); ++k)
            g[k] = share * 4 * (g[k] / pixels - wanted[k] / wanted_pixels) / (pixels * norm);
        return reference::gram_backward(f, g);
    }
};

/// What a GPU makes of them: maps behind every ReLU, and dJ/dx.
struct on_gpu {
    std::vector<map<double>> maps;
    std::vector<double> gradient;
};

tensor_view<const float, cuda> view(const tensor<float, cuda>& t) {
    return t;
}

template <class T>
nn::network fitted(context<cuda>& ctx, const scene& s, const tensor<float, cuda>& photo,
                   const tensor<float, cuda>& painting, const nn::features_options& options) {
    if constexpr (std::is_same_v<T, half>) {
        const std::vector pictures{view(photo), view(painting)};
        return nn::fitted_to_half<cuda>(ctx, s.net, s.net.layers.size() - 1, pictures, options);
    }
    return weights::built_in();
}

template <class T>
on_gpu computed(const scene& s, style::objective_options options) {
    context<cuda> ctx;
    const auto photo = to_device<float>(ctx, s.photo, layout::nchw),
               painting = to_device<float>(ctx, s.painting, layout::nchw),
               x = to_device<float>(ctx, s.x, layout::nchw);
    const auto looked_at = style::extractor_options(options, options.style_layers);
    const auto net = fitted<T>(ctx, s, photo, painting, looked_at);

    on_gpu result;
    nn::features<T, cuda> features(ctx, net, x.shape(), looked_at);
    features.forward(ctx, x);
    for (std::size_t t = 0; t < looked_at.taps.size(); ++t) {
        result.maps.push_back(support::to_map(ctx, features.tap(t)));
        for (double& v : result.maps.back().values)
            v *= features.tap_scale(t);
    }

    style::objective<T, cuda> objective(ctx, net, x.shape(), options);
    objective.set_content(photo);
    const std::vector paintings{view(painting)};
    objective.set_style(
        style::make_style_target<T, cuda>(ctx, net, looked_at, paintings, std::vector{1.0}));
    tensor<float, cuda> gradient(x.shape());
    objective.evaluate(x, gradient);
    result.gradient = support::to_map(ctx, gradient).values;
    return result;
}

double largest(const map<double>& m) {
    return *std::ranges::max_element(m.values);
}

/// Where a ReLU is open here and closed there, its input is zero but for rounding.
void check_gates(const map<double>& found, const map<double>& sums, double rounding) {
    double furthest = 0;
    for (std::size_t k = 0; k < sums.values.size(); ++k)
        if ((found.values[k] > 0) != (sums.values[k] > 0))
            furthest = std::max(furthest, std::abs(sums.values[k]));
    CHECK(furthest <= rounding * largest(sums));
}

template <class T>
void check(double most) {
    const scene s;
    for (const auto pool : {ops::pooling::average, ops::pooling::max}) {
        const in_double expected(s, pool);
        const auto options = expected.options;
        const auto found = computed<T>(s, options);
        for (std::size_t i = 0; i < expected.maps.size(); ++i) {
            CAPTURE(options.style_layers[i].name);
            CHECK(support::relative_error(found.maps[i].values, expected.maps[i].values) < most);
            check_gates(found.maps[i], expected.sums[i], most);
        }
        CHECK(support::relative_error(found.gradient, expected.gradient(found.maps)) < most);
        CHECK(support::relative_error(found.gradient, expected.gradient(expected.maps)) < 0.1);
    }
}

}  // namespace

TEST_CASE("features and dJ/dpixels in float32 are exact to 1e-5") {
    check<float>(1e-5);
}

TEST_CASE("features and dJ/dpixels in TF32 are exact to 1e-3") {
    check<tf32>(1e-3);
}

TEST_CASE("features and dJ/dpixels in float16 are exact to 5e-3") {
    check<half>(5e-3);
}

TEST_CASE("features and dJ/dpixels in bfloat16 are exact to 5e-3") {
    check<bfloat16>(5e-3);
}
