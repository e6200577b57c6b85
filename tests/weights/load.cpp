#include <algorithm>
#include <fstream>
#include <limits>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/weights/weights.hpp>

#include "support/temporary_folder.hpp"
#include "weights/support.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using test::made_up_tensors;
using weights::safetensors::precision;

namespace {

const std::map<std::string, std::string> own_metadata{{"format", "impasto-network"},
                                                      {"pixels", "bgr 0..255"},
                                                      {"mean", "1 2.5 -3"},
                                                      {"std", "4 5 6"}};

nn::network written_and_loaded(const made_up_tensors& tensors,
                               const std::map<std::string, std::string>& metadata = {}) {
    const test::temporary_folder folder;
    tensors.write(folder / "some.safetensors", metadata);
    return weights::load(folder / "some.safetensors");
}

std::string complaint(const made_up_tensors& tensors,
                      const std::map<std::string, std::string>& metadata = {}) {
    try {
        (void)written_and_loaded(tensors, metadata);
        return "";
    } catch (const format_error& error) {
        CHECK_THAT(error.what(), Contains("some.safetensors: "));
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
        return error.what();
    }
}

}  // namespace

TEST_CASE("every known network is recognised under both namings") {
    const nn::topology known = GENERATE(nn::vgg11, nn::vgg13, nn::vgg16, nn::small_vgg);
    const auto convolutions =
        std::ranges::count_if(known.layers, [](const nn::layer& row) { return !row.is_pool(); });
    const bool torchvision = GENERATE(true, false);
    CAPTURE(known.name, torchvision);

    made_up_tensors tensors(known, static_cast<int>(convolutions), torchvision);
    tensors.set("classifier.0.weight", {10, 7});
    const nn::network network = written_and_loaded(tensors);
    CHECK(network.name == known.name);
    CHECK(std::ranges::equal(network.layers, known.layers));
    CHECK(network.filters.size() == static_cast<std::size_t>(convolutions));
    CHECK(network.origin == (torchvision ? "torchvision" : "Caffe"));
    CHECK(network.input == (torchvision ? nn::torchvision_preprocessing : nn::caffe_preprocessing));
}

TEST_CASE("the filters are those of the file, in the order of the layers") {
    const bool torchvision = GENERATE(true, false);
    made_up_tensors tensors(nn::vgg19, 6, torchvision);
    const nn::network network = written_and_loaded(tensors);
    REQUIRE(network.filters.size() == 6);
    const nn::filter& last = network.filters[5];
    CHECK(last.weights.shape() == shape{256, 256, 3, 3});
    CHECK(last.bias.shape() == shape{1, 256, 1, 1});
    const std::string stem = torchvision ? "features.12" : "conv3_2";
    CHECK(std::ranges::equal(last.weights, tensors.values(stem + ".weight")));
    CHECK(std::ranges::equal(last.bias, tensors.values(stem + ".bias")));
}

TEST_CASE("the first layers of a network will do") {
    const auto layers_of = [](const nn::topology& table, int convolutions) {
        return written_and_loaded(made_up_tensors(table, convolutions, false)).layers;
    };
    const auto up_to_relu4_2 = layers_of(nn::vgg19, 10);
    CHECK(nn::name_of(up_to_relu4_2.back()) == "conv4_2");
    CHECK(up_to_relu4_2.size() == 13);
    // A pool needs no tensor: it is there if nothing before it is missing.
    CHECK(nn::name_of(layers_of(nn::vgg19, 8).back()) == "pool3");
    CHECK(nn::name_of(layers_of(nn::small_vgg, 1).back()) == "conv1_1");
}

TEST_CASE("float16 files are widened") {
    const test::temporary_folder folder;
    made_up_tensors tensors(nn::vgg11, 1, true);
    tensors.write(folder / "half.safetensors", {}, precision::float16);
    const nn::network network = weights::load(folder / "half.safetensors");
    CHECK(std::ranges::equal(network.filters.at(0).weights, tensors.values("features.0.weight")));
}

TEST_CASE("metadata and the caller have their say in the preprocessing") {
    const made_up_tensors tensors(nn::small_vgg, 1, false);
    const nn::preprocessing own{255, {1, 2.5f, -3}, {4, 5, 6}, nn::channel_order::bgr};
    const nn::network network = written_and_loaded(tensors, own_metadata);
    CHECK(network.input == own);
    CHECK(network.origin == "impasto");

    // Other programs write metadata too.
    CHECK(written_and_loaded(tensors, {{"format", "pt"}}).input == nn::caffe_preprocessing);

    const test::temporary_folder folder;
    tensors.write(folder / "a.safetensors", own_metadata);
    const nn::preprocessing mine{.scale = 2};
    CHECK(weights::load(folder / "a.safetensors", {.preprocessing = mine}).input == mine);
}

TEST_CASE("metadata that cannot be read is refused") {
    const made_up_tensors tensors(nn::small_vgg, 1, false);
    const auto complaint_with = [&](const std::string& key, const std::string& value) {
        auto metadata = own_metadata;
        metadata[key] = value;
        return complaint(tensors, metadata);
    };
    CHECK_THAT(complaint_with("mean", "1 2"), Contains("metadata mean: found \"1 2\""));
    CHECK_THAT(complaint_with("mean", "1 2 3 4"), Contains("three finite numbers"));
    CHECK_THAT(complaint_with("mean", "1 2 nan"), Contains("three finite numbers"));
    CHECK_THAT(complaint_with("std", "1 0 1"), Contains("three numbers above 0"));
    CHECK_THAT(complaint_with("pixels", "yuv"), Contains("found \"yuv\", expected rgb or bgr"));
    auto without = own_metadata;
    without.erase("std");
    CHECK_THAT(complaint(tensors, without), Contains("metadata std is missing"));
    CHECK(complaint_with("mean", "0 0 0") == "");
}

TEST_CASE("a missing tensor is named") {
    made_up_tensors caffe(nn::vgg19, 16, false);
    caffe.remove("conv3_4.weight");
    caffe.remove("conv3_4.bias");
    CHECK_THAT(
        complaint(caffe),
        Contains("tensor \"conv3_4.weight\" is missing; expected [256,256,3,3] as in vgg19"));

    made_up_tensors torchvision(nn::vgg16, 13, true);
    torchvision.remove("features.19.bias");
    CHECK_THAT(complaint(torchvision),
               Contains("tensor \"features.19.bias\" is missing; expected [512] as in vgg16"));

    made_up_tensors headless(nn::vgg11, 2, false);
    headless.remove("conv1_1.weight");
    CHECK_THAT(complaint(headless), Contains("tensor \"conv1_1.weight\" is missing"));
}

TEST_CASE("a wrong shape is named with the right one") {
    made_up_tensors tensors(nn::vgg13, 10, true);
    tensors.set("features.5.weight", {128, 64, 5, 5});
    CHECK_THAT(complaint(tensors), Contains("tensor \"features.5.weight\": expected [128,64,3,3] "
                                            "as in vgg13, found [128,64,5,5]"));

    made_up_tensors flat(nn::vgg19, 3, false);
    flat.set("conv2_1.bias", {2, 64});
    CHECK_THAT(complaint(flat),
               Contains("tensor \"conv2_1.bias\": expected [128] as in vgg19, found [2,64]"));
}

TEST_CASE("a network that is not known is refused") {
    made_up_tensors other(nn::vgg19, 0, false);
    CHECK_THAT(complaint(other), Contains("no known network") && Contains("found nothing"));
    other.set("layer1.0.conv1.weight", {64, 3, 7, 7});
    CHECK_THAT(complaint(other), Contains("expected tensors features.0.weight or conv1_1.weight, "
                                          "found \"layer1.0.conv1.weight\""));

    made_up_tensors longer(nn::vgg19, 16, false);
    longer.set("conv6_1.weight", {512, 512, 3, 3});
    CHECK_THAT(complaint(longer),
               Contains("tensor \"conv6_1.weight\" belongs to no layer of vgg19"));
}

TEST_CASE("values that are not finite are refused") {
    made_up_tensors tensors(nn::small_vgg, 2, false);
    tensors.values("conv1_2.bias")[5] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THAT(complaint(tensors),
               Contains("tensor \"conv1_2.bias\": element 5 is nan; expected finite values"));
    tensors.values("conv1_2.bias")[5] = -std::numeric_limits<float>::infinity();
    CHECK_THAT(complaint(tensors), Contains("element 5 is -inf"));
}

TEST_CASE("a file that is not there, a folder and an empty file are refused") {
    const test::temporary_folder folder;
    CHECK_THROWS_AS(weights::load(folder / "none.safetensors"), io_error);
    CHECK_THROWS_AS(weights::load(folder.path()), io_error);
    std::ofstream(folder / "empty.safetensors").close();
    CHECK_THROWS_AS(weights::load(folder / "empty.safetensors"), format_error);
}
