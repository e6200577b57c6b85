#include <impasto/insight/explain.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/insight/unit_patches.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/ops/vector.hpp>
#include <impasto/weights/weights.hpp>

#include "insight/networks.hpp"

using namespace impasto;
using namespace impasto::insight;

namespace {

image::picture noise(std::int64_t height, std::int64_t width, std::uint64_t seed) {
    context<cpu> ctx;
    image::picture p({1, 3, height, width});
    ops::fill_normal(ctx, seed, 0.5f, 0.2f, p);
    ops::clamp(ctx, 0, 1, p);
    return p;
}

std::size_t at(std::int64_t a, std::int64_t b, std::int64_t channels) {
    return static_cast<std::size_t>(a * channels + b);
}

struct sums {
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0, both = 0, n = 0;
};

/// Position by position.
sums count(const explanation& seen, std::int64_t a, std::int64_t b) {
    sums s;
    const auto pixels = seen.map.shape().pixels();
    const auto& threshold = seen.together.thresholds();
    for (std::int64_t i = 0; i < pixels; ++i) {
        const double x = seen.map.data()[a * pixels + i], y = seen.map.data()[b * pixels + i];
        s.a += x;
        s.b += y;
        s.aa += x * x;
        s.bb += y * y;
        s.ab += x * y;
        s.both += x > threshold[static_cast<std::size_t>(a)] &&
                  y > threshold[static_cast<std::size_t>(b)];
        ++s.n;
    }
    return s;
}

}  // namespace

TEST_CASE("an explanation's products, correlations and counts are those of a direct count") {
    const auto net = weights::built_in();
    context<cpu> ctx;
    const auto seen = explain(ctx, net, noise(61, 47, 3), {.layer = "relu2_1"});
    const auto c = seen.channels();
    REQUIRE(c == 64);
    for (std::int64_t a = 0; a < c; a += 5)
        for (std::int64_t b = 0; b < c; b += 3) {
            const auto s = count(seen, a, b);
            CHECK(seen.gram[at(a, b, c)] == Approx(s.ab / s.n).epsilon(1e-4).margin(1e-6));
            const double va = s.aa / s.n - s.a * s.a / s.n / s.n,
                         vb = s.bb / s.n - s.b * s.b / s.n / s.n;
            const bool varies = va > 1e-6 * s.aa / s.n && vb > 1e-6 * s.bb / s.n;
            const double r = varies ? (s.ab / s.n - s.a * s.b / s.n / s.n) / std::sqrt(va * vb) : 0;
            CHECK(seen.correlation[at(a, b, c)] == Approx(r).margin(2e-3));
            CHECK(static_cast<double>(seen.together.both(a, b)) == s.both);
        }
}

TEST_CASE("seriation brings scattered groups together, the same way every time") {
    // Three groups, dealt out like cards; within one the correlation is 0.8, between them 0.1.
    constexpr std::int64_t c = 30;
    std::vector<float> correlation(c * c);
    for (std::int64_t a = 0; a < c; ++a)
        for (std::int64_t b = 0; b < c; ++b)
            correlation[at(a, b, c)] = a == b ? 1 : a % 3 == b % 3 ? 0.8f : 0.1f;
    const auto order = seriation(correlation, c);
    auto sorted = order;
    std::ranges::sort(sorted);
    std::vector<std::int64_t> all(c);
    std::iota(all.begin(), all.end(), 0);
    CHECK(sorted == all);
    int changes = 0;
    for (std::size_t i = 1; i < order.size(); ++i)
        changes += order[i] % 3 != order[i - 1] % 3;
    CHECK(changes == 2);
    CHECK(seriation(correlation, c) == order);
    CHECK(seriation({}, 0).empty());
    CHECK(seriation({1}, 1) == std::vector<std::int64_t>{0});
    CHECK_THROWS_AS(seriation(correlation, c - 1), shape_error);
}

TEST_CASE("seriation lays a chain out from end to end") {
    constexpr std::int64_t c = 8;
    const std::int64_t place[c] = {3, 0, 6, 2, 7, 1, 5, 4};
    std::vector<float> correlation(c * c);
    for (std::int64_t a = 0; a < c; ++a)
        for (std::int64_t b = 0; b < c; ++b)
            correlation[at(a, b, c)] = 1 - 0.1f * static_cast<float>(std::abs(place[a] - place[b]));
    auto order = seriation(correlation, c);
    if (place[order.front()] != 0)
        std::ranges::reverse(order);
    for (std::int64_t i = 0; i < c; ++i)
        CHECK(place[order[static_cast<std::size_t>(i)]] == i);
}

TEST_CASE("the strongest pairs come in order, and no channel crowds the others out") {
    constexpr std::int64_t c = 6;
    std::vector<float> matrix(c * c, 0);
    const auto set = [&](std::int64_t a, std::int64_t b, float v) {
        matrix[at(a, b, c)] = matrix[at(b, a, c)] = v;
    };
    for (std::int64_t b = 1; b < c; ++b)
        set(0, b, 1 - 0.1f * static_cast<float>(b));
    set(3, 4, 0.2f);
    set(2, 5, -0.9f);
    CHECK(strongest_pairs(matrix, c, 9) == std::vector<channel_pair>{{0, 1}, {0, 2}, {3, 4}});
    CHECK(strongest_pairs(matrix, c, 1) == std::vector<channel_pair>{{0, 1}});
}

TEST_CASE("what differs most between two pictures is what a direct search finds") {
    const auto net = weights::built_in();
    context<cpu> ctx;
    const explain_options options{.layer = "relu1_1"};
    const auto style = explain(ctx, net, noise(30, 40, 1), options);
    const auto flat = noise(31, 29, 2);
    const auto picture = explain(ctx, net, flat, options, style.together.thresholds());
    CHECK(picture.together.thresholds() == style.together.thresholds());
    const auto pairs = most_different_pairs(style, picture, 5);
    REQUIRE(pairs.size() == 5);
    const auto c = style.channels();
    const auto difference = [&](std::int64_t a, std::int64_t b) {
        return std::abs(style.gram[at(a, b, c)] - picture.gram[at(a, b, c)]);
    };
    int larger = 0;
    for (std::int64_t a = 0; a < c; ++a)
        for (std::int64_t b = a + 1; b < c; ++b)
            larger += difference(a, b) > difference(pairs[4].a, pairs[4].b);
    CHECK(larger == 4);
    CHECK_THROWS_AS(most_different_pairs(style, explain(ctx, net, flat, {.layer = "relu2_1"}), 5),
                    option_error);
}

TEST_CASE("the first patch of a channel shows the place where it is strongest") {
    const auto net = weights::built_in();
    context<cpu> ctx;
    const auto pixels = noise(40, 56, 5);
    const auto seen = explain(ctx, net, pixels, {.layer = "relu1_2"});  // sees 5×5 pixels
    const auto patches = patches_within(net, seen, pixels);
    REQUIRE(std::ssize(patches) == seen.channels());
    const auto n = seen.map.shape().pixels(), w = seen.map.shape().w;
    for (std::int64_t k = 0; k < seen.channels(); ++k) {
        const float* map = seen.map.data() + k * n;
        const auto best = std::max_element(map, map + n) - map;
        const auto& own = patches[static_cast<std::size_t>(k)];
        if (!(map[best] > 0)) {
            CHECK(own.empty());
            continue;
        }
        REQUIRE_FALSE(own.empty());
        CHECK(own.size() <= 9);
        CHECK(own[0].shape() == shape{1, 3, 5, 5});
        CHECK(own[0].data()[12] == Approx(pixels.data()[best / w * 56 + best % w]).margin(1e-6));
    }
}

TEST_CASE("patches of other pictures are cut where the search found them") {
    const auto net = test::positive_network(nn::vgg16);
    context<cpu> ctx;
    unit_patches search(
        net, {.layers = {"relu1_1"}, .view = {.pooling = {.kind = ops::pooling::average}}});
    std::vector<image::picture> pictures;
    for (std::uint64_t i = 0; i < 11; ++i) {
        auto& p = pictures.emplace_back(image::picture({1, 3, 9, 12}));
        std::ranges::fill(p, 0.2f);
        p.data()[(2 + i % 5) * 12 + 3 + i % 7] = 0.3f + 0.05f * static_cast<float>(i);
        search.add(ctx, p, static_cast<std::int64_t>(i));
    }
    std::multiset<std::int64_t> loaded;
    const auto patches = cut_patches(search.found(0), search.field(0), [&](std::int64_t number) {
        loaded.insert(number);
        const auto& from = pictures[static_cast<std::size_t>(number)];
        image::picture copy(from.shape());
        std::ranges::copy(from, copy.begin());
        return copy;
    });
    REQUIRE(patches.size() == 2);
    CHECK(patches[0].size() == 9);
    const auto brightest = *std::ranges::max_element(patches[0][0]);
    CHECK(brightest == Approx(0.8f).margin(1e-4));  // of the eleventh picture
    CHECK(std::set<std::int64_t>(loaded.begin(), loaded.end()).size() == loaded.size());
}

TEST_CASE("the page of 512 channels with a comparison stays small enough for a phone") {
    nn::network net;
    net.name = "wide";
    net.layers = {{nn::layer_kind::convolution, 1, 1, 3, 512}};
    net.input = nn::torchvision_preprocessing;
    auto& filter = net.filters.emplace_back(
        nn::filter{tensor<float, cpu>({512, 3, 3, 3}), tensor<float, cpu>({1, 512, 1, 1})});
    context<cpu> ctx;
    ops::fill_normal(ctx, 1, 0, 0.3f, filter.weights);
    ops::fill(ctx, 0, filter.bias);

    const explain_options options{.layer = "relu1_1"};
    const auto painting = noise(64, 64, 1), result = noise(48, 64, 2);
    const auto style = explain(ctx, net, painting, options);
    const auto seen = explain(ctx, net, result, options, style.together.thresholds());
    channel_patches patches(512);
    for (auto& channel : patches)
        for (int i = 0; i < 9; ++i) {
            auto& patch = channel.emplace_back(image::picture({1, 3, 32, 32}));
            for (std::int64_t k = 0; k < patch.size(); ++k)
                patch.data()[k] = static_cast<float>(k % 32 * (i + 1)) / 300;
        }
    const auto page =
        explain_page({"painting", painting, &style}, patches, {"result", result, &seen});
    CHECK(page.size() > 3'000'000);
    CHECK(page.size() < 5'500'000);
}
