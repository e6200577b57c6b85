#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <impasto/formats/npy.hpp>
#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/judge.hpp>
#include <impasto/insight/patch_distance.hpp>
#include <impasto/painter/stylize.hpp>
#include <impasto/weights/safetensors.hpp>
#include <impasto/weights/weights.hpp>

#include "cli/pictures.hpp"
#include "cli/process.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;
using nlohmann::json;

TEST_CASE("evaluate prints the library's terms, and their weighted sum") {
    const studio folder;
    save_waves(folder / "picture.png", 28, 40, 2);
    const auto result =
        run(folder,
            {"evaluate", "photo.png", "painting.png", "picture.png", "--json", "--content-layers",
             "relu4_2=1", "--style-layers", "relu1_1=1,relu2_1=3", "--content-weight", "2",
             "--style-weight", "5", "--tv-weight", "0.5", "--threads", "1"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    const auto losses = json::parse(result.out);

    context<cpu> here({.threads = 1});
    stylize_options options{.content_weight = 2, .style_weight = 5, .tv_weight = 0.5};
    options.style_layers = {{"relu1_1", 1}, {"relu2_1", 3}};
    const auto photo = image::load(folder / "photo.png");
    const auto painting = image::load(folder / "painting.png");
    const image::picture_view styles[] = {painting.view()};
    const auto expected = evaluate(here, weights::built_in(), photo, styles,
                                   image::load(folder / "picture.png"), options)
                              .losses;
    CHECK(losses.size() == 4);
    CHECK(losses["total"] == expected.total);
    CHECK(losses["content"] == json({{"relu4_2", expected.content[0].value}}));
    CHECK(losses["style"] ==
          json({{"relu1_1", expected.style[0].value}, {"relu2_1", expected.style[1].value}}));
    CHECK(losses["tv"] == expected.tv);
    CHECK(expected.total == Approx(2 * expected.content[0].value +
                                   5 * (expected.style[0].value + 3 * expected.style[1].value) / 4 +
                                   0.5 * expected.tv)
                                .epsilon(1e-6));
}

TEST_CASE("evaluate writes dJ/dpixels, the slope of the total") {
    const studio folder;
    save_waves(folder / "picture.png", 28, 40, 2);
    const auto result = run(
        folder, {"evaluate", "photo.png", "painting.png", "picture.png", "--gradient", "g.npy"});
    REQUIRE(result.code == 0);
    CHECK_THAT(result.out, Contains("total") && Contains("content relu4_2") &&
                               Contains("style relu1_1") && Contains("tv"));
    const auto gradient = formats::npy::read(folder / "g.npy");
    CHECK(gradient.extents == std::vector<std::int64_t>{3, 28, 40});
    double norm = 0;
    for (const float value : gradient.values) {
        REQUIRE(std::isfinite(value));
        norm += value * value;
    }
    CHECK(norm > 0);
}

TEST_CASE("a picture that is the photo has no content loss") {
    const studio folder;
    const auto result =
        run(folder, {"evaluate", "photo.png", "painting.png", "photo.png", "--json"});
    REQUIRE(result.code == 0);
    const auto losses = json::parse(result.out);
    CHECK(losses["content"]["relu4_2"] == 0.0);
    CHECK(losses["style"]["relu1_1"].get<double>() > 0);
}

TEST_CASE("evaluate brings pictures to the size that is asked for") {
    const studio folder;
    const auto result = run(folder, {"evaluate", "photo.png", "painting.png", "painting.png",
                                     "--size", "24", "--gradient", "g.npy"});
    REQUIRE(result.code == 0);
    CHECK(formats::npy::read(folder / "g.npy").extents == std::vector<std::int64_t>{3, 17, 24});
}

TEST_CASE("evaluate --judge adds what a second network and the patches say") {
    const studio folder;
    save_waves(folder / "picture.png", 28, 40, 2);
    const std::vector<std::string> words{"evaluate", "photo.png", "painting.png", "picture.png",
                                         "--judge",  "built-in",  "--threads",    "1"};
    auto as_json = words;
    as_json.push_back("--json");
    const auto result = run(folder, as_json);
    INFO(result.err);
    REQUIRE(result.code == 0);
    const auto losses = json::parse(result.out);
    CHECK(losses.size() == 5);
    const auto& judged = losses["judge"];

    context<cpu> here({.threads = 1});
    const auto picture = image::load(folder / "picture.png"),
               painting = image::load(folder / "painting.png");
    const auto beside = image::resize(painting, 40, 40);
    const auto expected = insight::judge(here, weights::built_in(), picture,
                                         image::load(folder / "photo.png"), beside);
    const auto patches = insight::patch_distances(here, picture, beside);
    CHECK(judged["network"] == "small-vgg");
    REQUIRE(judged["style"].size() == expected.style.size());
    CHECK(judged["style"]["relu3_1"] == expected.style[2].value);
    CHECK(judged["style_mean"] == expected.style_mean);
    CHECK(judged["content"] == json({{"relu4_2", expected.content.value}}));
    CHECK(judged["patches"] == json({{"1", patches[0]}, {"1/2", patches[1]}, {"1/4", patches[2]}}));
    CHECK(judged["patches_mean"].get<double>() ==
          Approx((patches[0] + patches[1] + patches[2]) / 3));

    const auto text = run(folder, words);
    REQUIRE(text.code == 0);
    CHECK_THAT(text.out, Contains("judge style relu1_1") && Contains("judge style mean") &&
                             Contains("judge content relu4_2") && Contains("judge patches 1/4"));
}

TEST_CASE("evaluate --judge looks at a picture in its own size") {
    const studio folder;
    save_waves(folder / "small.png", 36, 51, 2);  // the photo has 40x28 pixels
    const auto judge = [&](std::vector<std::string> more) {
        std::vector<std::string> words{"evaluate",  "photo.png", "painting.png",
                                       "small.png", "--judge",   "built-in"};
        words.insert(words.end(), more.begin(), more.end());
        return run(folder, words);
    };
    CHECK(judge({"--gradient", "g.npy"}).code == 0);
    CHECK(formats::npy::read(folder / "g.npy").extents == std::vector<std::int64_t>{3, 36, 51});
    CHECK(judge({"--gradient", "g.npy", "--size", "44"}).code == 0);
    CHECK(formats::npy::read(folder / "g.npy").extents == std::vector<std::int64_t>{3, 31, 44});
}

TEST_CASE("features writes planar maps under the layers' names") {
    const studio folder;
    const auto result = run(folder, {"features", "photo.png", "--layers", "relu4_1,relu1_1,pool1",
                                     "-o", "f.npz", "--threads", "1"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    CHECK_THAT(result.out, Contains("relu4_1  [256,3,5]"));
    const auto maps = formats::npy::read_archive(folder / "f.npz");
    REQUIRE(maps.size() == 3);
    CHECK(maps.at("relu1_1").extents == std::vector<std::int64_t>{32, 28, 40});
    CHECK(maps.at("relu4_1").extents == std::vector<std::int64_t>{256, 3, 5});

    // A pool of maxima is easy to redo by hand, and shows that the maps are planar and in order.
    const auto small = run(
        folder, {"features", "photo.png", "--layers", "relu1_2", "-o", "g.npz", "--threads", "1"});
    REQUIRE(small.code == 0);
    const auto below = formats::npy::read_archive(folder / "g.npz").at("relu1_2");
    const auto& pooled = maps.at("pool1");
    REQUIRE(pooled.extents == std::vector<std::int64_t>{32, 14, 20});
    for (std::size_t i = 0; i < pooled.values.size(); ++i) {
        const auto c = i / (14 * 20), y = i / 20 % 14, x = i % 20;
        const float* corner = &below.values[(c * 28 + 2 * y) * 40 + 2 * x];
        REQUIRE(pooled.values[i] == std::max({corner[0], corner[1], corner[40], corner[41]}));
    }
}

TEST_CASE("info describes the built-in network") {
    const temporary_folder folder;
    const auto text = run(folder, {"info", "built-in", "--size", "64"});
    REQUIRE(text.code == 0);
    CHECK_THAT(text.out, Contains("small-vgg") && Contains("conv4_2") && Contains("256x8x8") &&
                             Contains("GFLOP"));

    const auto info = json::parse(run(folder, {"info", "built-in", "--size", "64", "--json"}).out);
    const auto network = weights::built_in();
    CHECK(info["name"] == network.name);
    CHECK(info["layers"].size() == network.layers.size());
    const auto& first = info["layers"][0];
    CHECK(first["name"] == "conv1_1");
    CHECK(first["filter"] == json({32, 3, 3, 3}));
    CHECK(first["parameters"] == 32 * 27 + 32);
    CHECK(first["macs"] == 32 * 27 * 64 * 64);
    CHECK(first["map"] == json({32, 64, 64}));
    std::int64_t macs = 0, parameters = 0;
    for (const auto& layer : info["layers"]) {
        macs += layer["macs"].get<std::int64_t>();
        parameters += layer["parameters"].get<std::int64_t>();
    }
    CHECK(info["parameters"] == parameters);
    CHECK(info["iteration"]["flops"] == 4 * macs);
    CHECK(info["preprocessing"]["order"] == "rgb");
}

TEST_CASE("info says where it is not certain of the preprocessing, and takes another's word") {
    const temporary_folder folder;
    const std::vector<float> filters(64 * 27, 0.5f), bias(64);
    const std::vector<weights::safetensors::named_values> tensors{
        {"conv1_1.weight", {64, 3, 3, 3}, filters}, {"conv1_1.bias", {64}, bias}};
    weights::safetensors::write(folder / "net.safetensors", tensors);

    const auto unsure = run(folder, {"info", "net.safetensors"});
    REQUIRE(unsure.code == 0);
    CHECK_THAT(unsure.err, Contains("net.safetensors: the preprocessing is a guess") &&
                               Contains("--preprocessing overrides it"));
    CHECK(std::ranges::count(unsure.err, '\n') == 1);
    CHECK_THAT(unsure.out, Contains("BGR in [0,255]"));

    const auto sure = run(folder, {"info", "net.safetensors", "--preprocessing", "torchvision"});
    REQUIRE(sure.code == 0);
    CHECK(sure.err == "");
    CHECK_THAT(sure.out, Contains("RGB in [0,1], mean 0.485 0.456 0.406"));
    const auto matlab = run(folder, {"info", "net.safetensors", "--preprocessing", "matconvnet"});
    CHECK_THAT(matlab.out, Contains("RGB in [0,255], mean 123.68 116.779 103.939"));
    CHECK(run(folder, {"info", "net.safetensors", "--preprocessing", "yuv"}).code == 2);
}
