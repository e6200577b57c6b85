// The lecture's loop written out with layers and operations, nothing hidden:
//
//   J(G) = α · Σ (F − P)² / Σ P²  at relu4_2  +  β · Σ (G/M − A)² / Σ A²  at relu1_1, relu2_1, relu3_1
//   G ← G − η · ∂J/∂G
//
//   gradient_descent_by_hand PHOTO PAINTING OUT.png
#include <impasto/impasto.hpp>
#include <impasto/ops/gram.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/ops/vector.hpp>

#include <cstdio>
#include <vector>

int main(int argc, char** argv) try {
    if (argc != 4) {
        std::fprintf(stderr, "usage: gradient_descent_by_hand PHOTO PAINTING OUT.png\n");
        return 2;
    }
    using namespace impasto;
    constexpr double alpha = 1, beta = 30;
    constexpr float eta = 2;
    constexpr int iterations = 200;

    context<cpu> here;
    const auto loaded = image::load(argv[1]);
    const auto [height, width] = image::fit(loaded.shape().h, loaded.shape().w, 192);
    const auto photo = image::resize(loaded, height, width);
    const auto painting = image::resize(image::load(argv[2]), height, width);
    nn::features<float, cpu> network(here, weights::built_in(), photo.shape(),
                                     {.taps = {"relu1_1", "relu2_1", "relu3_1", "relu4_2"}});
    const std::size_t styles = 3, content = 3;  // the first three taps, and the last
    const auto pixels_at = [&](std::size_t t) { return double(network.tap_shape(t).pixels()); };

    // What the loss compares with: the photo's map P, the painting's Gram matrices A.
    network.forward(here, photo);
    tensor<float, cpu> p(network.tap_shape(content), here.feature_layout());
    ops::copy(here, network.tap(content), p);
    network.forward(here, painting);
    std::vector<tensor<float, cpu>> a, g;
    for (std::size_t t = 0; t < styles; ++t) {
        const auto c = network.tap_shape(t).c;
        ops::gram(here, network.tap(t), a.emplace_back(shape{1, 1, c, c}));
        ops::scale(here, static_cast<float>(1 / pixels_at(t)), a[t]);
        g.emplace_back(shape{1, 1, c, c});
    }

    tensor<float, cpu> picture(photo.shape()), gradient(photo.shape());
    ops::copy(here, photo, picture);
    for (int i = 0; i < iterations; ++i) {
        double j = 0;
        network.forward(here, picture);
        for (std::size_t t = 0; t < styles; ++t) {
            const double mean = 1 / pixels_at(t), weight = beta / ops::dot(here, a[t], a[t]);
            ops::gram(here, network.tap(t), g[t]);
            j += weight * ops::gram_error(here, g[t], mean, a[t], 4 * mean * weight, g[t]);
        }
        const auto add = [&](std::size_t t, auto map, auto d_map) {
            const double each = alpha / ops::dot(here, p, p);
            if (t == content)
                j += each * ops::squared_error(here, map, p, each, d_map);
            else
                ops::gram_backward(here, map, g[t], d_map);
        };
        network.backward(here, add, gradient);
        ops::axpy(here, -eta, gradient, picture);
        ops::clamp(here, 0, 1, picture);
        if (i % 25 == 0)
            std::printf("iteration %3d  J = %.3f\n", i, j);
    }
    image::save(argv[3], picture);
} catch (const impasto::error& e) {
    std::fprintf(stderr, "gradient_descent_by_hand: %s\n", e.what());
    return 2;
}
