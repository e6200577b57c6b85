#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "weights/download.hpp"

using namespace impasto;
using Catch::Matchers::Contains;

TEST_CASE("where libcurl was missing, fetch names the package to install, and the address") {
    const std::string url = "https://example.org/vgg19.pth";
    CHECK_THROWS_AS(weights::download(-1, url, 0, {}), option_error);
    CHECK_THROWS_WITH(weights::download(-1, url, 0, {}),
                      Contains("install libcurl4-openssl-dev") && Contains(url));
}
