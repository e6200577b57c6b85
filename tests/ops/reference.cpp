// The references that operations are compared with: each backward pass is the gradient, by central
// differences in double, of the forward one.

#include "support/reference.hpp"

#include <catch2/catch.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using ops::pooling;

namespace {

const ops::pool_options kinds[] = {
    {pooling::max, 1}, {pooling::max, 0.7f}, {pooling::average, 2}, {pooling::l2, 0.78f}};

const ops::pixel_transform caffe{
    .source = {2, 1, 0}, .gain = {255, 255, 255}, .offset = {-103.9f, -116.8f, -123.7f}};

}  // namespace

TEST_CASE("the reference's backward convolution is the gradient of its forward one") {
    const auto weights = random_values(2 * 3 * 9, 5), bias = random_values(2, 6);
    const auto d_output = random_map(2, 4, 5, 7);
    const auto x = random_map(3, 4, 5, 8);
    const auto loss = [&](const std::vector<double>& values) {
        auto input = x;
        input.values = values;
        const auto output = reference::conv2d(input, weights, bias, 3, 1);
        double sum = 0;
        for (std::size_t i = 0; i < output.values.size(); ++i)
            sum += output.values[i] * d_output.values[i];
        return sum;
    };
    CHECK(relative_error(reference::conv2d_backward_data(d_output, weights, x.shape(), 3, 1).values,
                         reference::numeric_gradient(loss, x.values)) < 1e-8);
}

TEST_CASE("the reference's gradient of filters is the gradient of its convolution") {
    const auto x = random_map(2, 4, 5, 1), d_output = random_map(3, 4, 5, 2);
    const auto bias = random_values(3, 4);
    const auto loss = [&](const std::vector<double>& weights) {
        const auto output = reference::conv2d(x, weights, bias, 3, 1);
        return reference::dot(output.values, d_output.values);
    };
    std::vector<double> d_weights, d_bias;
    reference::conv2d_backward_filter(x, d_output, 3, 1, d_weights, d_bias);
    CHECK(relative_error(d_weights,
                         reference::numeric_gradient(loss, random_values(3 * 2 * 9, 3))) < 1e-8);
}

TEST_CASE("the reference's gram_backward is the gradient of a function of its gram") {
    const auto f = random_map(4, 3, 5, 4);
    const auto w = random_values(16, 5);  // E = Σ w·G, so ∂E/∂G + ∂E/∂Gᵀ = w + wᵀ
    auto d = w;
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < 4; ++j)
            d[i * 4 + j] += w[j * 4 + i];
    const auto loss = [&](const std::vector<double>& values) {
        auto features = f;
        features.values = values;
        return reference::dot(reference::gram(features), w);
    };
    CHECK(relative_error(reference::gram_backward(f, d).values,
                         reference::numeric_gradient(loss, f.values)) < 1e-8);
}

TEST_CASE("the reference's squared_error_gradient is the gradient of its squared_error") {
    const auto a = random_map(2, 3, 5, 1), b = random_map(2, 3, 5, 2);
    const auto loss = [&](const std::vector<double>& values) {
        auto x = a;
        x.values = values;
        return reference::squared_error(x, b);
    };
    CHECK(relative_error(reference::squared_error_gradient(a, b).values,
                         reference::numeric_gradient(loss, a.values)) < 1e-8);
}

TEST_CASE("the reference's total_variation_gradient is the gradient of its total_variation") {
    const auto p = random_map(2, 4, 5, 4);
    const ops::variation scale{0.3, 0.7};
    const auto loss = [&](const std::vector<double>& values) {
        auto x = p;
        x.values = values;
        return reference::total_variation(x, scale);
    };
    CHECK(relative_error(reference::total_variation_gradient(p, scale).values,
                         reference::numeric_gradient(loss, p.values)) < 1e-8);
}

TEST_CASE("the reference's normalize_pixels_backward is the gradient of its normalize_pixels") {
    for (const auto border : {ops::border::zero, ops::border::replicate, ops::border::wrap})
        for (const std::int64_t margin : {0, 1, 3}) {
            const auto pixels = random_map(3, 2, 5, 3);
            const auto d = random_map(3, 2 + 2 * margin, 5 + 2 * margin, 4);
            const auto loss = [&](const std::vector<double>& values) {
                auto x = pixels;
                x.values = values;
                return reference::dot(reference::normalize_pixels(x, caffe, border, margin).values,
                                      d.values);
            };
            CHECK(relative_error(
                      reference::normalize_pixels_backward(d, pixels.shape(), caffe, border).values,
                      reference::numeric_gradient(loss, pixels.values)) < 1e-8);
        }
}

TEST_CASE("the reference's pool2d_backward is the gradient of its pool2d") {
    for (const auto& options : kinds) {
        CAPTURE(static_cast<int>(options.kind));
        map<double> x(2, 5, 7);
        // A step between any two values keeps maxima apart, and windows off zero.
        for (std::size_t i = 0; i < x.values.size(); ++i)
            x.values[i] = 0.1 + 0.01 * static_cast<double>(i * 37 % 71);
        const auto d = random_map(2, 2, 3, 6);
        const auto loss = [&](const std::vector<double>& values) {
            auto input = x;
            input.values = values;
            return reference::dot(reference::pool2d(input, options).values, d.values);
        };
        CHECK(relative_error(reference::pool2d_backward(x, d, options).values,
                             reference::numeric_gradient(loss, x.values)) < 1e-8);
    }
}

TEST_CASE("the reference's relu_backward is the gradient of its relu") {
    auto x = random_map(2, 3, 5, 3), d = random_map(2, 3, 5, 4);
    for (double& v : x.values)  // away from the kink
        v += v > 0 ? 0.01 : -0.01;
    const auto loss = [&](const std::vector<double>& values) {
        auto input = x;
        input.values = values;
        return reference::dot(reference::relu(input).values, d.values);
    };
    CHECK(relative_error(reference::relu_backward(x, d).values,
                         reference::numeric_gradient(loss, x.values)) < 1e-8);
}
