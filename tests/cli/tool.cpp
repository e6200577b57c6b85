#include <catch2/catch.hpp>

#include <impasto/core/version.hpp>

#include "cli/process.hpp"

using namespace impasto::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("version and help go to stdout and succeed") {
    const temporary_folder folder;
    const auto version = run(folder, {"--version"});
    CHECK(version.code == 0);
    CHECK(version.out == std::string("impasto ") + impasto::version + "\n");
    CHECK(version.err.empty());

    const auto help = run(folder, {"--help"});
    CHECK(help.code == 0);
    for (const char* command :
         {"stylize", "evaluate", "features", "info", "explain", "invert", "texture"}) {
        CHECK_THAT(help.out, Contains(command));
        const auto own = run(folder, {command, "--help"});
        CHECK(own.code == 0);
        CHECK(own.err.empty());
        CHECK_THAT(own.out, Contains("Usage: impasto " + std::string(command)));
    }
}

TEST_CASE("help for stylize shows the library's defaults and three examples") {
    const temporary_folder folder;
    const auto help = run(folder, {"stylize", "--help"});
    CHECK_THAT(help.out, Contains("[512]"));
    CHECK_THAT(help.out, Contains("lbfgs|adam|gd"));
    CHECK_THAT(help.out, Contains("relu4_2=1"));
    const auto examples = help.out.substr(help.out.find("Examples:"));
    CHECK(lines_of(examples) >= 4);
}

TEST_CASE("wrong use exits with 2 and one line that says what would be right") {
    const temporary_folder folder;
    struct wrong {
        std::vector<std::string> arguments;
        const char* says;
    };
    const wrong cases[] = {
        {{}, "use stylize, evaluate, features, info, explain, invert"},
        {{"paint"}, "'paint'"},
        {{"paint", "a.png", "--size", "3"}, "'paint'"},
        {{"--sise"}, "'--sise'"},
        {{"stylize"}, "impasto stylize --help"},
        {{"stylize", "a.png", "b.png"}, "--output"},
        {{"stylize", "a.png", "-o", "c.png"}, "STYLE"},
        {{"stylize", "a.png", "b.png", "-o", "c.png", "--sise", "3"}, "--sise"},
        {{"stylize", "a.png", "b.png", "-o", "c.png", "--size"}, "--size"},
        {{"stylize", "a.png", "b.png", "-o", "c.png", "--size", "1", "--size", "2"}, "--size"},
        {{"stylize", "a.png", "b.png", "-o", "c.png", "--json", "--quiet"}, "--json"},
        {{"stylize", "a.png", "b.png", "-o", "c.png", "--snapshot-dir", "d"}, "--snapshots"},
        {{"evaluate", "a.png", "b.png"}, "IMAGE"},
        {{"evaluate", "a.png", "b.png", "c.png", "d.png"}, "'d.png'"},
        {{"features", "a.png", "-o", "f.npz"}, "--layers"},
        {{"info"}, "WEIGHTS"},
    };
    for (const auto& c : cases) {
        const auto result = run(folder, c.arguments);
        INFO(result.err);
        CHECK(result.code == 2);
        CHECK(result.out.empty());
        CHECK_THAT(result.err, StartsWith("impasto: ") && Contains(c.says));
        CHECK(lines_of(result.err) == 1);
    }
}
