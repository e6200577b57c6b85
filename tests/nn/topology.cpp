#include <impasto/nn/topology.hpp>

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

using namespace impasto;
using Catch::Matchers::Contains;

namespace {

/// The table as the paper would print it: "conv1_1 3>64" for a convolution, "pool1" for a pool.
std::string printed(const nn::topology& network) {
    std::string all;
    for (const nn::layer& row : network.layers) {
        all += (all.empty() ? "" : " ") + nn::name_of(row);
        if (!row.is_pool())
            all += ":" + std::to_string(row.in_channels) + ">" + std::to_string(row.out_channels);
    }
    return all;
}

auto convolutions(const nn::topology& network) {
    return std::ranges::count_if(network.layers, [](const auto& row) { return !row.is_pool(); });
}

std::int64_t parameters(const nn::topology& network) {
    std::int64_t sum = 0;
    for (const nn::layer& row : network.layers)
        if (!row.is_pool())
            sum += (9L * row.in_channels + 1) * row.out_channels;
    return sum;
}

}  // namespace

TEST_CASE("the tables are those of the paper") {
    CHECK(printed(nn::vgg11) ==
          "conv1_1:3>64 pool1 conv2_1:64>128 pool2 conv3_1:128>256 conv3_2:256>256 pool3 "
          "conv4_1:256>512 conv4_2:512>512 pool4 conv5_1:512>512 conv5_2:512>512 pool5");
    CHECK(printed(nn::vgg13) ==
          "conv1_1:3>64 conv1_2:64>64 pool1 conv2_1:64>128 conv2_2:128>128 pool2 "
          "conv3_1:128>256 conv3_2:256>256 pool3 conv4_1:256>512 conv4_2:512>512 pool4 "
          "conv5_1:512>512 conv5_2:512>512 pool5");
    CHECK(printed(nn::vgg16) ==
          "conv1_1:3>64 conv1_2:64>64 pool1 conv2_1:64>128 conv2_2:128>128 pool2 "
          "conv3_1:128>256 conv3_2:256>256 conv3_3:256>256 pool3 "
          "conv4_1:256>512 conv4_2:512>512 conv4_3:512>512 pool4 "
          "conv5_1:512>512 conv5_2:512>512 conv5_3:512>512 pool5");
    CHECK(printed(nn::vgg19) ==
          "conv1_1:3>64 conv1_2:64>64 pool1 conv2_1:64>128 conv2_2:128>128 pool2 "
          "conv3_1:128>256 conv3_2:256>256 conv3_3:256>256 conv3_4:256>256 pool3 "
          "conv4_1:256>512 conv4_2:512>512 conv4_3:512>512 conv4_4:512>512 pool4 "
          "conv5_1:512>512 conv5_2:512>512 conv5_3:512>512 conv5_4:512>512 pool5");
    CHECK(printed(nn::small_vgg) ==
          "conv1_1:3>32 conv1_2:32>32 pool1 conv2_1:32>64 conv2_2:64>64 pool2 "
          "conv3_1:64>128 conv3_2:128>128 conv3_3:128>128 pool3 conv4_1:128>256 conv4_2:256>256");
}

TEST_CASE("the networks have as many convolutions and parameters as are published") {
    CHECK(convolutions(nn::vgg11) == 8);
    CHECK(convolutions(nn::vgg13) == 10);
    CHECK(convolutions(nn::vgg16) == 13);
    CHECK(convolutions(nn::vgg19) == 16);
    CHECK(convolutions(nn::small_vgg) == 9);

    CHECK(parameters(nn::vgg11) == 9'220'480);
    CHECK(parameters(nn::vgg13) == 9'404'992);
    CHECK(parameters(nn::vgg16) == 14'714'688);
    CHECK(parameters(nn::vgg19) == 20'024'384);
    CHECK(parameters(nn::small_vgg) == 1'319'840);
}

TEST_CASE("layers and taps have the names that the field uses") {
    const nn::layer conv = nn::vgg19.layers[12], pool = nn::vgg19.layers[15];
    CHECK(nn::name_of(conv) == "conv4_2");
    CHECK(nn::tap_name_of(conv) == "relu4_2");
    CHECK(nn::name_of(pool) == "pool4");
    CHECK(nn::tap_name_of(pool) == "pool4");
}

TEST_CASE("a tap is found by its name") {
    CHECK(nn::find_tap(nn::vgg19.layers, "relu1_1") == 0);
    CHECK(nn::find_tap(nn::vgg19.layers, "relu4_2") == 12);
    CHECK(nn::find_tap(nn::vgg19.layers, "pool5") == 20);
    CHECK(nn::find_tap(nn::small_vgg.layers, "relu4_2") == 11);
}

TEST_CASE("an unknown tap is answered with those that exist, in one line") {
    CHECK_THROWS_WITH(nn::find_tap(nn::vgg11.layers, "relu9_9"),
                      "no layer \"relu9_9\"; the network has relu1_1 pool1 relu2_1 pool2 relu3_1 "
                      "relu3_2 pool3 relu4_1 relu4_2 pool4 relu5_1 relu5_2 pool5");
    CHECK_THROWS_AS(nn::find_tap(nn::vgg11.layers, ""), option_error);
    CHECK_THROWS_AS(nn::find_tap(nn::vgg11.layers, "relu4"), option_error);
    CHECK_THROWS_WITH(nn::find_tap(nn::vgg19.layers, "conv4_2"),
                      Contains("no layer \"conv4_2\"") && Contains("did you mean relu4_2?"));
    // A layer that only a deeper network has is no suggestion.
    CHECK_THROWS_WITH(nn::find_tap(nn::small_vgg.layers, "conv5_1"), !Contains("did you mean"));
}

TEST_CASE("the smallest side doubles with each pool") {
    const auto smallest = [](const char* tap) {
        return nn::smallest_side(nn::vgg19.layers, nn::find_tap(nn::vgg19.layers, tap));
    };
    CHECK(smallest("relu1_2") == 1);
    CHECK(smallest("pool1") == 2);
    CHECK(smallest("relu4_2") == 8);
    CHECK(smallest("relu5_4") == 16);
    CHECK(smallest("pool5") == 32);
}
