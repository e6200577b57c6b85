#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <impasto/image/io.hpp>

#include "cli/pictures.hpp"
#include "cli/process.hpp"
#include "cli/terminal.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json recipe_of(const std::filesystem::path& file) {
    for (const auto& note : image::read_text(file))
        if (note.keyword == "impasto:options")
            return json::parse(note.text);
    return {};
}

/// One line, exit code 2, and no file that was not there.
void refuses(const std::vector<std::string>& arguments, const std::string& says) {
    const studio folder;
    const auto before = folder.entries();
    const auto result = run(folder, arguments);
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK(lines_of(result.err) == 1);
    CHECK_THAT(result.err, Contains(says));
    CHECK(folder.entries() <= before + 2);  // .out and .err
}

}  // namespace

TEST_CASE("invert sets the inversions beside the original and tells how near they are") {
    const studio folder;
    const auto result = run(folder, {"invert", "photo.png", "--layers", "relu1_1,relu3_1", "--size",
                                     "40", "--iterations", "12", "-o", "found.png", "--json"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    const auto told = json::parse(result.out);
    CHECK(told["file"] == "found.png");
    REQUIRE(told["layers"].size() == 2);
    CHECK(told["layers"][0]["layer"] == "relu1_1");
    CHECK(told["layers"][0]["psnr"].get<double>() > told["layers"][1]["psnr"].get<double>());
    const auto sheet = image::load(folder / "found.png").shape();
    CHECK(sheet.w == 3 * 40 + 4 * 12);

    const auto text = run(folder, {"invert", "photo.png", "--layers", "relu1_1", "--size", "40",
                                   "--iterations", "2"});
    CHECK_THAT(text.out, Contains("relu1_1  ") && Contains(" dB\n"));
    CHECK(image::load(folder / "inversions.png").shape().w == 2 * 40 + 3 * 12);
}

TEST_CASE("texture paints any size, and the layers side by side") {
    const studio folder;
    const auto result = run(folder, {"texture", "painting.png", "--size", "45x22", "--iterations",
                                     "3", "-o", "texture.png"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    CHECK_THAT(result.out, Contains("texture.png: 45x22, seed 0"));
    CHECK(image::load(folder / "texture.png").shape() == shape{1, 3, 22, 45});
    REQUIRE(run(folder, {"texture", "painting.png", "--size", "45x22", "--iterations", "2",
                         "--progression", "-o", "steps.png", "--quiet"})
                .code == 0);
    CHECK(image::load(folder / "steps.png").shape().w == 5 * 45 + 6 * 12);
}

TEST_CASE("the pictures of invert and texture carry the recipe that makes them again") {
    const studio folder;
    REQUIRE(run(folder, {"invert",       "photo.png",
                         "--layers",     "relu2_1,relu1_1",
                         "--size",       "32",
                         "--iterations", "3",
                         "--seed",       "18446744073709551615",
                         "--tv-weight",  "0.5",
                         "--pooling",    "max",
                         "--device",     "cpu",
                         "--threads",    "1",
                         "-o",           "found.png",
                         "--quiet"})
                .code == 0);
    const auto inverted = recipe_of(folder / "found.png");
    CHECK(inverted == json({{"version", "0.1.0"},
                            {"command", "invert"},
                            {"picture", "photo.png"},
                            {"layers", {"relu2_1", "relu1_1"}},
                            {"weights", "built-in"},
                            {"preprocessing", "auto"},
                            {"device", "cpu"},
                            {"threads", 1},
                            {"size", 32},
                            {"iterations", 3},
                            {"tv-weight", 0.5},
                            {"seed", 18446744073709551615u},
                            {"pooling", "max"},
                            {"pooling-scale", 1.0},
                            {"border", "replicate"},
                            {"margin", "auto"},
                            {"convolution", "fastest"},
                            {"recompute", false},
                            {"precision", "float32"},
                            {"conv-engine", "native"}}));

    for (const bool progression : {false, true}) {
        std::vector<std::string> words{"texture",      "painting.png",
                                       "--size",       "45x22",
                                       "--iterations", "2",
                                       "--seed",       "7",
                                       "--threads",    "1",
                                       "--device",     "cpu",
                                       "--quiet",      "--style-layers",
                                       "relu1_1",      "--style-scale",
                                       "1.5",          "-o",
                                       "texture.png"};
        if (progression)
            words.emplace_back("--progression");
        REQUIRE(run(folder, words).code == 0);
        const auto made = recipe_of(folder / "texture.png");
        CHECK(made["command"] == "texture");
        CHECK(made["style"] == "painting.png");
        CHECK(made["size"] == "45x22");
        CHECK(made["progression"] == progression);
        CHECK(made["style-size"] == 512);
        CHECK(made["style-scale"] == 1.5);
        CHECK(made["style-layers"] == json({{"relu1_1", 1.0}}));
        CHECK(made["iterations"] == 2);
        CHECK(made["seed"] == 7);
    }
}

TEST_CASE("invert and texture refuse what makes no sense before they compute") {
    refuses({"invert", "photo.png", "--layers", "relu9_9"}, "relu9_9");
    refuses({"invert", "photo.png", "--layers", "relu1_1,relu1_1"}, "relu1_1");
    refuses({"invert", "photo.png", "--layers", ""}, "--layers");
    refuses({"invert", "missing.png"}, "missing.png");
    refuses({"invert", "photo.png", "-o", "found.gif"}, ".gif");
    refuses({"invert", "photo.png", "-o", "nowhere/found.png"}, "nowhere");
    refuses({"invert", "photo.png", "-o", "photo.png"}, "is an input");
    refuses({"texture", "painting.png", "-o", "painting.png"}, "is an input");
    refuses({"invert", "photo.png", "--size", "7", "--margin", "0"},
            "photo.png: a picture of 7x5 pixels is too small for relu4_1");
    refuses({"invert", "photo.png", "--iterations", "0"}, "--iterations");
    refuses({"texture", "missing.png"}, "missing.png");
    refuses({"texture", "painting.png", "--size", "64"}, "WIDTHxHEIGHT");
    refuses({"texture", "painting.png", "--size", "64x"}, "--size");
    refuses({"texture", "painting.png", "--size", "0x64"}, "--size");
    refuses({"texture", "painting.png", "--size", "64x64x64"}, "--size");
    refuses({"texture", "painting.png", "--size", "9x4", "--margin", "0"},
            "--size 9x4: a picture of 9x4 pixels is too small for relu4_2");
    refuses({"texture", "painting.png", "--style-size", "5"},
            "painting.png: a picture of 5x5 pixels is too small for relu4_2");
    refuses({"texture", "painting.png", "--style-layers", "relu1_1=-1"}, "relu1_1");
}

TEST_CASE("explain refuses a device and a precision that are not there") {
    const auto with = [](std::vector<std::string> more) {
        more.insert(more.begin(), {"explain", "painting.png", "-o", "e.html"});
        return more;
    };
    // There is no such GPU, or no GPU, or no driver, or no CUDA engine.
    refuses(with({"--device", "cuda:999"}), " no ");
    refuses(with({"--device", "gpu"}), "auto, cpu, cuda or cuda:N");
    refuses(with({"--device", "cpu", "--precision", "bfloat16"}), "bfloat16 needs a GPU");
    refuses(with({"--precision", "int8"}), "'int8'");
}

TEST_CASE("patches and explain tell a terminal how far they are with a folder") {
    const studio folder;
    std::filesystem::create_directory(folder / "pictures");
    std::filesystem::copy_file(folder / "photo.png", folder / "pictures/a.png");
    std::filesystem::copy_file(folder / "painting.png", folder / "pictures/b.png");
    const std::vector<std::vector<std::string>> commands{
        {"patches", "pictures", "--layer", "relu1_1", "-o", "p.png"},
        {"explain", "painting.png", "--pictures", "pictures", "--layer", "relu1_1", "--size", "32",
         "-o", "e.html"}};
    ::setenv("TERM", "xterm", 1);
    for (const auto& command : commands) {
        const auto text = seen_on_terminal(folder, command);
        CHECK_THAT(text, Contains("\rsearch 2/2") && Contains("\rdraw 2/2"));
        auto quiet = command;
        quiet.emplace_back("--quiet");
        CHECK(seen_on_terminal(folder, quiet).empty());
    }
    ::setenv("TERM", "dumb", 1);
}
