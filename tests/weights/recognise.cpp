#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/weights/weights.hpp>

#include "support/temporary_folder.hpp"
#include "weights/support.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using test::made_up_tensors;

namespace {

nn::network loaded(const made_up_tensors& tensors,
                   const std::map<std::string, std::string>& metadata = {}) {
    const test::temporary_folder folder;
    tensors.write(folder / "some.safetensors", metadata);
    return weights::load(folder / "some.safetensors");
}

/// As Caffe's VGG-19 has them: B(0,0), B(0,1), B(0,2), G(0,0), R(0,0) of the first filter.
constexpr float caffe_vgg19[] = {0.34119523f, 0.33999205f, -0.04484424f, 0.46418372f, 0.39416704f};

void plant(std::vector<float>& filters, const float (&trace)[5], float factor, bool reversed) {
    const std::size_t first = reversed ? 18 : 0;
    for (std::size_t i = 0; i < 3; ++i)
        filters[first + i] = factor * trace[i];
    filters[9] = factor * trace[3];
    filters[18 - first] = factor * trace[4];
}

constexpr nn::preprocessing rgb_caffe{.scale = 255, .mean = {123.68f, 116.779f, 103.939f}};

}  // namespace

TEST_CASE("Caffe's filters are recognised under torchvision's names") {
    made_up_tensors tensors(nn::vgg19, 2, true);
    plant(tensors.values("features.0.weight"), caffe_vgg19, 1, false);
    const auto network = loaded(tensors);
    CHECK(network.origin == "Caffe");
    CHECK(network.input == nn::caffe_preprocessing);
    CHECK(network.note == "");
}

TEST_CASE(
    "Caffe's filters are recognised normalised, with their channels reversed, and in float16") {
    made_up_tensors tensors(nn::vgg19, 2, false);
    plant(tensors.values("conv1_1.weight"), caffe_vgg19, 0.0123f, true);
    CHECK(loaded(tensors).input == rgb_caffe);
    CHECK(loaded(tensors).note == "");
    const test::temporary_folder folder;
    tensors.write(folder / "half.safetensors", {}, weights::safetensors::precision::float16);
    CHECK(weights::load(folder / "half.safetensors").input == rgb_caffe);

    plant(tensors.values("conv1_1.weight"), caffe_vgg19, -1, true);
    CHECK(loaded(tensors).note != "");
}

TEST_CASE("torchvision's filters are recognised under Caffe's names") {
    constexpr float vgg16[] = {-0.5537f, 0.1427f, 0.5290f, 0.1755f, 0.3130f};
    made_up_tensors tensors(nn::vgg16, 2, false);
    plant(tensors.values("conv1_1.weight"), vgg16, 1, false);
    CHECK(loaded(tensors).origin == "torchvision");
    CHECK(loaded(tensors).input == nn::torchvision_preprocessing);
    CHECK(loaded(tensors).note == "");
}

TEST_CASE("what names alone tell is said to be uncertain, unless the caller is sure") {
    made_up_tensors tensors(nn::vgg19, 2, false);
    CHECK_THAT(loaded(tensors).note, Contains("some.safetensors: the preprocessing is a guess") &&
                                         Contains("taken for Caffe's, bgr 0..255"));
    CHECK_THAT(loaded(made_up_tensors(nn::vgg16, 2, true)).note,
               Contains("taken for torchvision's, rgb 0..1"));
    // Nobody but torchvision has published these.
    CHECK(loaded(made_up_tensors(nn::vgg11, 2, true)).note == "");

    const test::temporary_folder folder;
    tensors.write(folder / "a.safetensors");
    const weights::load_options sure{.preprocessing = nn::caffe_preprocessing};
    CHECK(weights::load(folder / "a.safetensors", sure).note == "");
}

TEST_CASE("an origin in the metadata counts where the filters tell nothing") {
    const made_up_tensors tensors(nn::vgg19, 2, false);
    const auto matlab = loaded(tensors, {{"origin", "MatConvNet"},
                                         {"pixels", "rgb 0..255"},
                                         {"mean", "123.68 116.779 103.939"},
                                         {"std", "1 1 1"}});
    CHECK(matlab.origin == "MatConvNet");
    CHECK(matlab.input == rgb_caffe);
    CHECK(matlab.note == "");
}

TEST_CASE("names may have a prefix in common") {
    made_up_tensors plain(nn::vgg13, 3, true);
    made_up_tensors wrapped(nn::vgg13, 0, true);
    for (const std::string name : {"features.0", "features.2", "features.5"})
        for (const std::string part : {".weight", ".bias"}) {
            const auto& values = plain.values(name + part);
            const auto out = name == "features.5" ? 128 : 64;
            const auto in = name == "features.0" ? 3 : 64;
            wrapped.set("module.net." + name + part, part == ".bias"
                                                         ? made_up_tensors::extents{out}
                                                         : made_up_tensors::extents{out, in, 3, 3});
            wrapped.values("module.net." + name + part) = values;
        }
    const auto network = loaded(wrapped);
    CHECK(network.name == "vgg19");  // they begin alike
    REQUIRE(network.filters.size() == 3);
    CHECK(std::ranges::equal(network.filters[2].weights, plain.values("features.5.weight")));
}

TEST_CASE("kernels that are stored as [kh,kw,in,out] are turned") {
    made_up_tensors tensors(nn::vgg16, 0, false);
    tensors.set("conv1_1_W", {3, 3, 3, 64});
    tensors.set("conv1_1_b", {1, 64});
    const auto network = loaded(tensors);
    REQUIRE(network.filters.size() == 1);
    const auto& stored = tensors.values("conv1_1_W");
    const auto& filter = network.filters[0].weights;
    for (std::size_t o = 0; o < 64; ++o)
        for (std::size_t i = 0; i < 3; ++i)
            for (std::size_t k = 0; k < 9; ++k)
                REQUIRE(filter.data()[(o * 3 + i) * 9 + k] == stored[(k * 3 + i) * 64 + o]);
    CHECK(std::ranges::equal(network.filters[0].bias, tensors.values("conv1_1_b")));
}

TEST_CASE("a BatchNorm is folded into the convolution before it") {
    made_up_tensors tensors(nn::vgg11, 1, true);
    for (const std::string part : {"weight", "bias", "running_mean", "running_var"})
        tensors.set("features.1." + part, {64});
    auto& variance = tensors.values("features.1.running_var");
    for (float& v : variance)
        v = v * v + 0.25f;
    const auto network = loaded(tensors);
    REQUIRE(network.filters.size() == 1);
    CHECK(network.note == "");
    CHECK(network.input == nn::torchvision_preprocessing);
    double worst = 0;
    for (std::size_t o = 0; o < 64; ++o) {
        const double factor =
            tensors.values("features.1.weight")[o] / std::sqrt(variance[o] + 1e-5);
        const double bias =
            (tensors.values("features.0.bias")[o] - tensors.values("features.1.running_mean")[o]) *
                factor +
            tensors.values("features.1.bias")[o];
        worst = std::max(worst, std::abs(network.filters[0].bias.data()[o] - bias));
        for (std::size_t i = 0; i < 27; ++i)
            worst =
                std::max(worst, std::abs(network.filters[0].weights.data()[o * 27 + i] -
                                         tensors.values("features.0.weight")[o * 27 + i] * factor));
    }
    CHECK(worst < 1e-6);

    variance[3] = -1;
    CHECK_THROWS_WITH(loaded(tensors), Contains("\"features.1.running_var\" has a negative"));
    tensors.remove("features.1.running_mean");
    CHECK_THROWS_WITH(loaded(tensors), Contains("\"features.1.running_mean\" is missing"));
}

namespace {

made_up_tensors adain_tensors() {
    made_up_tensors tensors(nn::vgg19, 0, true);
    tensors.set("0.weight", {3, 3, 1, 1});
    tensors.set("0.bias", {3});
    for (const auto& [name, out, in] :
         {std::tuple("2", 64, 3), std::tuple("5", 64, 64), std::tuple("9", 128, 64)}) {
        tensors.set(std::string(name) + ".weight", {out, in, 3, 3});
        tensors.set(std::string(name) + ".bias", {out});
    }
    return tensors;
}

}  // namespace

TEST_CASE("a first layer that orders and scales colours is preprocessing") {
    auto tensors = adain_tensors();
    tensors.values("0.weight") = {0, 0, 255, 0, 255, 0, 255, 0, 0};
    tensors.values("0.bias") = {-103.939f, -116.779f, -123.68f};
    const auto network = loaded(tensors);
    CHECK(network.name == "vgg19");
    CHECK(network.origin == "AdaIN");
    CHECK(network.input == nn::caffe_preprocessing);
    REQUIRE(network.filters.size() == 3);
    CHECK(std::ranges::equal(network.filters[0].weights, tensors.values("2.weight")));
    CHECK(std::ranges::equal(network.filters[2].bias, tensors.values("9.bias")));
}

TEST_CASE("a first layer that mixes colours is folded into conv1_1") {
    auto tensors = adain_tensors();
    const std::vector<float> matrix{0.5f, -1, 2, 0.25f, 1, -3, 4, 0.125f, 1}, shift{-1, 2, 0.5f};
    tensors.values("0.weight") = matrix;
    tensors.values("0.bias") = shift;
    const auto network = loaded(tensors);
    CHECK(network.input == nn::preprocessing{});

    // One 3×3 patch of pixels through both layers, and through the folded one.
    const auto pixel = [](std::size_t c, std::size_t k) {
        return std::sin(static_cast<double>(1 + 9 * c + k));
    };
    const auto& filter = tensors.values("2.weight");
    for (std::size_t o = 0; o < 64; ++o) {
        double expected = tensors.values("2.bias")[o], found = network.filters[0].bias.data()[o];
        for (std::size_t k = 0; k < 9; ++k)
            for (std::size_t y = 0; y < 3; ++y) {
                double mixed = shift[y];
                for (std::size_t x = 0; x < 3; ++x)
                    mixed += matrix[y * 3 + x] * pixel(x, k);
                expected += mixed * filter[(o * 3 + y) * 9 + k];
                found += pixel(y, k) * network.filters[0].weights.data()[(o * 3 + y) * 9 + k];
            }
        REQUIRE(found == Approx(expected).margin(1e-5));
    }
}
