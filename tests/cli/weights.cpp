#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include <impasto/image/io.hpp>
#include <impasto/weights/save.hpp>
#include <impasto/weights/weights.hpp>

#include "cli/pictures.hpp"
#include "cli/process.hpp"
#include "core/sha256.hpp"
#include "support/http_server.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace fs = std::filesystem;

TEST_CASE("weights convert writes a file that is the same network") {
    const studio folder;
    REQUIRE(run(folder, {"weights", "convert", "built-in", "a.safetensors"}).code == 0);
    const auto half =
        run(folder, {"weights", "convert", "a.safetensors", "b.safetensors", "--half"});
    CHECK(half.code == 0);
    CHECK_THAT(half.out, Contains("b.safetensors: small-vgg up to conv4_2"));
    CHECK(fs::file_size(folder / "b.safetensors") < fs::file_size(folder / "a.safetensors"));
    const auto network = weights::built_in();
    for (const char* name : {"a.safetensors", "b.safetensors"}) {
        const auto again = weights::load(folder / name);
        CHECK(again.input == network.input);
        CHECK(std::ranges::equal(again.filters.back().weights, network.filters.back().weights));
    }
}

TEST_CASE("weights convert --palette stores a byte for each weight and says what that costs") {
    const studio folder;
    const auto converted =
        run(folder, {"weights", "convert", "built-in", "a.safetensors", "--palette"});
    INFO(converted.err);
    REQUIRE(converted.code == 0);
    CHECK_THAT(converted.out, Contains("relative error of the filters: at most 1."));
    const auto network = weights::load(folder / "a.safetensors");
    CHECK(network.input == weights::built_in().input);
    std::int64_t parameters = 0;
    for (const auto& filter : network.filters)
        parameters += filter.weights.size() + filter.bias.size();
    CHECK(static_cast<double>(fs::file_size(folder / "a.safetensors")) <
          1.02 * static_cast<double>(parameters));

    const auto again =
        run(folder, {"weights", "convert", "a.safetensors", "b.safetensors", "--palette"});
    CHECK_THAT(again.out, Contains("store every value of the filters exactly"));
    CHECK(text_of(folder / "b.safetensors").substr(5000) ==
          text_of(folder / "a.safetensors").substr(5000));

    const auto both =
        run(folder, {"weights", "convert", "built-in", "c.safetensors", "--palette", "--half"});
    CHECK(both.code == 2);
    CHECK_THAT(both.err, Contains("give one of them"));
    CHECK(!fs::exists(folder / "c.safetensors"));
}

TEST_CASE("weights convert rescales filters for pictures") {
    const studio folder;
    const auto result = run(folder, {"weights", "convert", "built-in", "a.safetensors",
                                     "--normalize-activations", "photo.png,painting.png"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    const auto network = weights::load(folder / "a.safetensors");
    CHECK(network.filters[0].bias.data()[0] != weights::built_in().filters[0].bias.data()[0]);
}

TEST_CASE("evaluate and stylize rescale filters for the pictures that they are given") {
    const studio folder;
    const auto total = [&](const std::vector<std::string>& more) {
        std::vector<std::string> words{"evaluate", "photo.png", "painting.png", "photo.png",
                                       "--json"};
        words.insert(words.end(), more.begin(), more.end());
        const auto result = run(folder, words);
        INFO(result.err);
        REQUIRE(result.code == 0);
        return json::parse(result.out)["total"].get<double>();
    };
    REQUIRE(run(folder, {"weights", "convert", "built-in", "a.safetensors",
                         "--normalize-activations", "photo.png,painting.png"})
                .code == 0);
    const double rescaled = total({"--normalize-activations"});
    CHECK(rescaled == Approx(total({"--weights", "a.safetensors"})).epsilon(1e-6));
    CHECK(rescaled != Approx(total({})).epsilon(0.001));

    const auto paint = [&](const std::string& output, const std::vector<std::string>& more) {
        std::vector<std::string> words{"stylize", "photo.png", "painting.png", "-o", output,
                                       "--size",  "40",        "--iterations", "2"};
        words.insert(words.end(), more.begin(), more.end());
        REQUIRE(run(folder, words).code == 0);
        return json::parse(image::read_text(folder / output).back().text);
    };
    CHECK(paint("a.png", {"--normalize-activations"})["normalize-activations"] == true);
    CHECK(paint("b.png", {})["normalize-activations"] == false);
    const auto rescaled_picture = image::load(folder / "a.png"),
               plain = image::load(folder / "b.png");
    REQUIRE(rescaled_picture.shape() == plain.shape());
    CHECK_FALSE(std::ranges::equal(rescaled_picture, plain));
}

TEST_CASE("weights convert refuses outputs that are no good, and leaves them") {
    const temporary_folder folder;
    REQUIRE(run(folder, {"weights", "convert", "built-in", "a.safetensors"}).code == 0);
    const auto same = run(folder, {"weights", "convert", "a.safetensors", "a.safetensors"});
    CHECK(same.code == 2);
    CHECK_THAT(same.err, Contains("is also the input"));
    CHECK(run(folder, {"weights", "convert", "built-in", "a.pth"}).code == 2);
    std::ofstream(folder / "bad.pth") << "nothing of this sort";
    const auto before = text_of(folder / "a.safetensors");
    CHECK(run(folder, {"weights", "convert", "bad.pth", "a.safetensors"}).code == 2);
    CHECK(text_of(folder / "a.safetensors") == before);
}

TEST_CASE("weights verify knows the built-in network and finds a broken one") {
    const temporary_folder folder;
    const auto known = run(folder, {"weights", "verify", "built-in"});
    CHECK(known.code == 0);
    CHECK_THAT(known.out,
               Contains("its activations match the reference values") && Contains("relu4_2"));
    const auto found = json::parse(run(folder, {"weights", "verify", "built-in", "--json"}).out);
    CHECK(found["known_as"] == "the built-in network");
    CHECK(found["layers"].size() == 9);
    CHECK(found["faults"].empty());

    // Byte values where the network wants numbers from 0 to 1: a fingerprint that nobody knows.
    const auto other = run(folder, {"weights", "verify", "built-in", "--preprocessing", "caffe"});
    CHECK_THAT(other.out, !Contains("match the reference values"));

    auto network = weights::built_in();
    std::ranges::fill(network.filters[3].bias, -1e9f);
    weights::save(folder / "dead.safetensors", network);
    const auto dead = run(folder, {"weights", "verify", "dead.safetensors"});
    CHECK(dead.code == 1);
    CHECK_THAT(dead.out, Contains("fault: relu2_2: ") && Contains("channels are dead"));
    const auto json_of_dead = run(folder, {"weights", "verify", "dead.safetensors", "--json"});
    CHECK(json_of_dead.code == 1);
    CHECK(!json::parse(json_of_dead.out)["faults"].empty());
}

TEST_CASE("after weights fetch, a published network goes by its name") {
    const temporary_folder folder;
    REQUIRE(run(folder, {"weights", "convert", "built-in", "small.safetensors"}).code == 0);
    const std::string content = text_of(folder / "small.safetensors");
    sha256 hash;
    hash.add(std::as_bytes(std::span(content)));
    const std::string digits = hash.finish();
    const http_server server(
        [&](const std::string& request) { return http_file(request, content); });
    ::setenv("no_proxy", "127.0.0.1", 1);
    ::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1);

    const auto before = run(folder, {"info", "vgg19"});
    CHECK(before.code == 2);
    CHECK_THAT(before.err, Contains("impasto weights fetch vgg19") && Contains("./dev vgg19"));
    CHECK(lines_of(before.err) == 1);
    CHECK_THAT(run(folder, {"info", "vgg16"}).err,
               Contains("weights fetch vgg16") && !Contains("dev"));

    const auto wrong = run(folder, {"weights", "fetch", "vgg19", "--url", server.url("/a")});
    CHECK(wrong.code == 2);
    CHECK_THAT(wrong.err, Contains("expected dcbb9e9d"));
    CHECK(lines_of(wrong.err) == 1);

    const auto fetched =
        run(folder, {"weights", "fetch", "vgg19", "--url", server.url("/a"), "--sha256", digits});
    INFO(fetched.err);
    CHECK(fetched.code == 0);
    CHECK_THAT(fetched.out, Contains("cache/impasto/vgg19-dcbb9e9d.pth"));
    CHECK_THAT(run(folder, {"info", "vgg19"}).out, Contains("small-vgg"));

    // Oxford's own goes before torchvision's.
    const std::vector<float> filters(64 * 27, 0.5f), bias(64);
    const std::vector<weights::safetensors::named_values> tensors{
        {"conv1_1.weight", {64, 3, 3, 3}, filters}, {"conv1_1.bias", {64}, bias}};
    weights::safetensors::write(folder / "cache/impasto/vgg19-oxford.safetensors", tensors);
    CHECK_THAT(run(folder, {"info", "vgg19"}).out, Contains("vgg19"));

    const auto elsewhere = run(folder, {"weights", "fetch", "vgg16", "--url", server.url("/a"),
                                        "--sha256", digits, "--to", "here", "--quiet"});
    CHECK(elsewhere.code == 0);
    CHECK(elsewhere.out.empty());
    CHECK(fs::exists(folder / "here" / "vgg16-397923af.pth"));
    CHECK(run(folder, {"weights", "fetch", "vgg11"}).code == 2);
    ::unsetenv("XDG_CACHE_HOME");
}

TEST_CASE("weights says what it can do") {
    const temporary_folder folder;
    CHECK(run(folder, {"weights"}).code == 2);
    CHECK_THAT(run(folder, {"weights", "convert"}).err,
               Contains("IN is required; see impasto weights convert --help"));
    const auto help = run(folder, {"weights", "--help"});
    CHECK(help.code == 0);
    CHECK_THAT(help.out, Contains("convert") && Contains("verify") && Contains("fetch"));
}
