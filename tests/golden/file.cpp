#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "golden/golden.hpp"

using namespace impasto;

TEST_CASE("the golden file holds what its script documents") {
    const auto& golden = test::golden();
    using extents = std::vector<std::int64_t>;
    CHECK(golden.at("picture").extents == extents{3, 29, 43});
    CHECK(golden.at("content").extents == extents{3, 29, 43});
    CHECK(golden.at("style").extents == extents{3, 23, 31});
    CHECK(golden.at("max.relu1_1").extents == extents{32, 29, 43});
    CHECK(golden.at("max.relu4_2").extents == extents{256, 3, 5});
    for (const std::string variant : {"max", "average", "l2", "replicate"})
        for (const std::string convention : {"lecture", "gatys", "relative", "neural-style"})
            for (const std::string term : {"content", "style"})
                CHECK(golden.at(variant + "." + convention + "." + term + ".gradient").extents ==
                      extents{3, 29, 43});
    CHECK(golden.at("tv.mean").extents.empty());
    for (const auto& [key, array] : golden)
        CHECK(std::ranges::all_of(array.values, [](float v) { return std::isfinite(v); }));
}

TEST_CASE("the golden Gram matrix is that of the golden map") {
    const auto& map = test::golden().at("max.relu2_1");
    const auto& gram = test::golden().at("max.gram.relu2_1");
    const std::size_t channels = 64, pixels = map.values.size() / channels;
    double worst = 0;
    for (std::size_t i = 0; i < channels; ++i)
        for (std::size_t j = 0; j < channels; ++j) {
            double sum = 0;
            for (std::size_t p = 0; p < pixels; ++p)
                sum += static_cast<double>(map.values[i * pixels + p]) * map.values[j * pixels + p];
            // Both factors and the sum are rounded once: three times half an ulp.
            worst = std::max(worst, std::abs(sum - gram.values[i * channels + j]) / (sum + 1e-30));
        }
    CHECK(worst < 2e-7);
}
