#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>
#include <impasto/weights/activations.hpp>
#include <impasto/weights/save.hpp>
#include <impasto/weights/weights.hpp>

#include "support/temporary_folder.hpp"
#include "weights/complaint.hpp"
#include "weights/kmeans.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using weights::make_palette;
using weights::safetensors::named_bytes;

namespace {

using extents = std::vector<std::int64_t>;

/// conv1_1 of a VGG as indices and a palette; tests change it, and see what loading says.
struct palettised {
    std::vector<std::uint8_t> index = std::vector<std::uint8_t>(64 * 27);
    std::vector<float> palette{-0.5f, 0, 0.25f, 1};
    std::vector<float> bias = std::vector<float>(64, 0.5f);
    extents index_extents{64, 3, 3, 3}, palette_extents{4};
    std::string index_name = "conv1_1.weight.index", palette_name = "conv1_1.weight.palette";

    palettised() {
        for (std::size_t i = 0; i < index.size(); ++i)
            index[i] = static_cast<std::uint8_t>(i * i % 4);
    }
    [[nodiscard]] std::vector<std::byte> bytes() const {
        const named_bytes tensors[] = {
            {index_name, "U8", index_extents, std::as_bytes(std::span(index))},
            {palette_name, "F32", palette_extents, std::as_bytes(std::span(palette))},
            {"conv1_1.bias", "F32", {64}, std::as_bytes(std::span(bias))}};
        return weights::safetensors::serialize(tensors, {});
    }
    [[nodiscard]] std::string complaint() const { return test::complaint(bytes()); }
};

nn::network loaded(const std::vector<std::byte>& bytes) {
    return weights::to_network(
        weights::open(std::make_shared<const mapped_file>("some.file", std::vector(bytes))), {});
}

std::vector<float> normal_numbers(std::size_t count) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal(0.01f, 0.3f);
    std::vector<float> numbers(count);
    std::ranges::generate(numbers, [&] { return normal(random); });
    return numbers;
}

/// The least squared error that `levels` values can have, by dynamic programming over all numbers.
double least_error(std::vector<float> numbers, std::size_t levels) {
    std::ranges::sort(numbers);
    const std::size_t n = numbers.size();
    std::vector<double> sum{0}, squares{0};
    for (const double v : numbers) {
        sum.push_back(sum.back() + v);
        squares.push_back(squares.back() + v * v);
    }
    const auto cost = [&](std::size_t begin, std::size_t end) {
        return squares[end] - squares[begin] -
               std::pow(sum[end] - sum[begin], 2) / static_cast<double>(end - begin);
    };
    std::vector<double> least(n + 1, INFINITY);
    least[0] = 0;
    for (std::size_t level = 0; level < levels; ++level)
        for (std::size_t end = n; end > 0; --end)
            for (std::size_t begin = 0; begin < end; ++begin)
                least[end] = std::min(least[end], least[begin] + cost(begin, end));
    return std::sqrt(least[n] / squares[n]);
}

}  // namespace

TEST_CASE("indices and a palette are the filters that they spell out") {
    palettised file;
    file.index[30] = 3;
    const auto network = loaded(file.bytes());
    REQUIRE(network.filters.size() == 1);
    const auto& filter = network.filters[0].weights;
    for (std::size_t i = 0; i < file.index.size(); ++i)
        REQUIRE(filter.data()[i] == file.palette[file.index[i]]);
    CHECK(std::ranges::equal(network.filters[0].bias, file.bias));
}

TEST_CASE("indices are turned as other filters are") {
    palettised file;
    file.index_extents = {3, 3, 3, 64};
    const auto network = loaded(file.bytes());
    for (std::size_t o = 0; o < 64; ++o)
        for (std::size_t i = 0; i < 3; ++i)
            for (std::size_t k = 0; k < 9; ++k)
                REQUIRE(network.filters.at(0).weights.data()[(o * 3 + i) * 9 + k] ==
                        file.palette[file.index[(k * 3 + i) * 64 + o]]);
}

TEST_CASE("an index beyond the palette is refused with its place") {
    palettised file;
    file.index[77] = 4;
    CHECK_THAT(file.complaint(), Contains("tensor \"conv1_1.weight\": element 77 is an index "
                                          "beyond the palette, which has 4 values"));
    file.index[77] = 255;
    CHECK_THAT(file.complaint(), Contains("element 77"));
}

TEST_CASE("what is wrong with a palette is said in one line") {
    palettised file;
    file.palette_extents = {2, 2};
    CHECK_THAT(file.complaint(),
               Contains("\"conv1_1.weight.palette\": is [2,2]; expected a palette of 1 to 256"));
    file.palette.assign(257, 0.5f);
    file.palette_extents = {257};
    CHECK_THAT(file.complaint(), Contains("is [257]"));
    file.palette.clear();
    file.palette_extents = {0};
    CHECK_THAT(file.complaint(), Contains("is [0]"));
    file.palette = {0, 1, NAN, 2};
    file.palette_extents = {4};
    CHECK_THAT(file.complaint(),
               Contains("conv1_1.weight.palette") && Contains("element 2 is nan"));

    file = {};
    file.palette_name = "conv1_2.weight.palette";
    CHECK_THAT(file.complaint(), Contains("tensor \"conv1_1.weight.index\": its palette "
                                          "\"conv1_1.weight.palette\" is missing"));
    file = {};
    file.index_name = "conv1_1.weight";
    CHECK_THAT(file.complaint(), Contains("holds integers"));
    file = {};
    file.index_extents = {64, 3, 9, 1};
    CHECK_THAT(file.complaint(), Contains("expected [64,3,3,3] as in vgg19, found [64,3,9,1]"));
}

TEST_CASE("a filter that is there twice, as values and as indices, is refused") {
    const palettised file;
    const std::vector<float> values(64 * 27);
    const named_bytes tensors[] = {
        {"conv1_1.weight", "F32", {64, 3, 3, 3}, std::as_bytes(std::span(values))},
        {"conv1_1.weight.index", "U8", {64, 3, 3, 3}, std::as_bytes(std::span(file.index))},
        {"conv1_1.weight.palette", "F32", {4}, std::as_bytes(std::span(file.palette))}};
    CHECK_THAT(test::complaint(weights::safetensors::serialize(tensors, {})),
               Contains("exists beside \"conv1_1.weight\""));
}

TEST_CASE("bytes that do not go with their dtype are not written") {
    const std::vector<float> three(3);
    const auto attempt = [&](const char* dtype, const extents& shape, std::size_t bytes) {
        const named_bytes tensors[] = {
            {"t", dtype, shape, std::as_bytes(std::span(three)).first(bytes)}};
        return weights::safetensors::serialize(tensors, {});
    };
    CHECK_NOTHROW(attempt("F32", {3}, 12));
    CHECK_THROWS_WITH(attempt("F32", {2}, 12), Contains("[2] has 2 elements, given are 3"));
    CHECK_THROWS_WITH(attempt("F32", {2}, 11), Contains("11 bytes are no elements of F32"));
    CHECK_THROWS_WITH(attempt("F33", {3}, 12), Contains("has no dtype \"F33\""));
}

TEST_CASE("a palette of few distinct numbers is these numbers") {
    std::vector<float> numbers;
    for (int i = 0; i < 3000; ++i)
        numbers.push_back(static_cast<float>(i * 7919 % 256 - 100) / 3);
    const auto made = make_palette(numbers);
    REQUIRE(made.palette.size() == 256);
    CHECK(std::ranges::is_sorted(made.palette));
    CHECK(made.error == 0);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        REQUIRE(made.palette[made.indices[i]] == numbers[i]);
    CHECK(make_palette(std::vector<float>(5, 2)).palette == std::vector<float>{2});
    CHECK_THROWS_AS(make_palette({}), option_error);
}

TEST_CASE("a palette of many numbers is nearly the best there is") {
    auto numbers = normal_numbers(900);
    numbers.push_back(40);  // far from the others: it gets a value, and they lose few
    const auto made = make_palette(numbers);
    CHECK(made.error < 1.05 * least_error(numbers, 256));
    CHECK(made.palette.size() == 256);
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double off = std::abs(double{numbers[i]} - made.palette[made.indices[i]]);
        for (const float value : made.palette)
            REQUIRE(off <= std::abs(double{numbers[i]} - value));
        difference += off * off;
        norm += double{numbers[i]} * numbers[i];
    }
    CHECK(made.error == Approx(std::sqrt(difference / norm)));
}

TEST_CASE("a normal distribution loses what 256 levels must lose of it") {
    // Panter and Dite: (√3 π / 2) / levels² of the variance.
    const double expected = std::sqrt(std::sqrt(3.0) * 3.14159265 / 2) / 256;
    CHECK(make_palette(normal_numbers(200'000)).error == Approx(expected).epsilon(0.05));
}

TEST_CASE("each value of a palette is the mean of the numbers that it stands for") {
    const auto numbers = normal_numbers(200'000);
    const auto made = make_palette(numbers);
    std::vector<double> sum(made.palette.size()), count(made.palette.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        sum[made.indices[i]] += numbers[i];
        count[made.indices[i]] += 1;
    }
    // A border rounded to float moves a number or two of some hundred to the next value.
    for (std::size_t k = 0; k < sum.size(); ++k)
        if (count[k] > 100)
            CHECK(made.palette[k] == Approx(sum[k] / count[k]).margin(2e-5));
}

TEST_CASE("a network saved with palettes loads, and loses nothing when it is saved again") {
    const test::temporary_folder folder;
    const auto network = weights::built_in();
    const auto losses = weights::save_palettes(folder / "a.safetensors", network);
    REQUIRE(losses.size() == 9);
    const auto once = weights::load(folder / "a.safetensors");
    CHECK(once.layers == network.layers);
    CHECK(once.input == network.input);
    for (std::size_t i = 0; i < losses.size(); ++i) {
        CAPTURE(losses[i].layer);
        const auto &found = once.filters[i], &exact = network.filters[i];
        double difference = 0, norm = 0;
        for (std::int64_t k = 0; k < exact.weights.size(); ++k) {
            difference += std::pow(double{found.weights.data()[k]} - exact.weights.data()[k], 2);
            norm += std::pow(double{exact.weights.data()[k]}, 2);
        }
        CHECK(losses[i].error == Approx(std::sqrt(difference / norm)).epsilon(1e-6));
        CHECK(losses[i].error < 0.012);
        CHECK(losses[i].values == 256);
        CHECK(std::ranges::equal(found.bias, exact.bias));
    }

    const auto again = weights::save_palettes(folder / "b.safetensors", once);
    for (const auto& layer : again)
        CHECK(layer.error == 0);
    CHECK(weights::fingerprint(weights::load(folder / "b.safetensors")) ==
          weights::fingerprint(once));
    weights::save_palettes(folder / "c.safetensors", network);
    CHECK(read_file(folder / "a.safetensors", 1 << 22) ==
          read_file(folder / "c.safetensors", 1 << 22));
}
