#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <impasto/image/color.hpp>
#include <impasto/image/io.hpp>

#include "cli/pictures.hpp"
#include "cli/process.hpp"
#include "cli/terminal.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// A run of a second or so: 40 pixels, few iterations, and more options.
std::vector<std::string> small_run(const std::string& output,
                                   const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"stylize", "photo.png", "painting.png", "-o", output,
                                       "--size",  "40",        "--threads",    "1"};
    if (std::ranges::find(more, "--iterations") == more.end())
        arguments.insert(arguments.end(), {"--iterations", "4"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

std::vector<json> events_of(const std::string& out) {
    std::vector<json> events;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);)
        events.push_back(json::parse(line));
    return events;
}

json recipe_of(const fs::path& file) {
    for (const auto& note : image::read_text(file))
        if (note.keyword == "impasto:options")
            return json::parse(note.text);
    return {};
}

}  // namespace

TEST_CASE(
    "stylize writes a picture of the photo's proportions and says where, how long, and the seed") {
    const studio folder;
    const auto result = run(folder, small_run("out.png", {"--seed", "7"}));
    INFO(result.err);
    REQUIRE(result.code == 0);
    CHECK(image::load(folder / "out.png").shape() == shape{1, 3, 28, 40});
    CHECK_THAT(result.out, Contains("out.png: 40x28") && Contains(" s, seed 7\n"));
    CHECK_THAT(result.err, Contains("4/4") && Contains("loss"));
    CHECK_THAT(result.out + result.err, !Contains("\x1b") && !Contains("\r"));
}

TEST_CASE("the same seed gives the same bytes under any name, another seed others") {
    const studio folder;
    const auto paint = [&](const std::string& output, const std::string& seed) {
        REQUIRE(run(folder, small_run(output, {"--init", "noise", "--seed", seed})).code == 0);
        return text_of(folder / output);
    };
    const auto first = paint("a.png", "1");
    CHECK(paint("b.png", "1") == first);
    CHECK(paint("c.png", "2") != first);
}

TEST_CASE("the picture carries its recipe") {
    const studio folder;
    REQUIRE(run(folder, small_run("out.png", {"--seed", "18446744073709551615", "--optimizer",
                                              "adam", "--style-layers", "relu1_1=1,relu3_1=0.25"}))
                .code == 0);
    CHECK(image::read_text(folder / "out.png").front() ==
          image::text_entry{"Software", "impasto 0.1.0"});
    const auto recipe = recipe_of(folder / "out.png");
    CHECK(recipe["version"] == "0.1.0");
    CHECK(recipe["content"] == "photo.png");
    CHECK(recipe["styles"] == json({"painting.png"}));
    CHECK(recipe["seed"] == 18446744073709551615u);
    CHECK(recipe["size"] == 40);
    CHECK(recipe["optimizer"] == "adam");
    CHECK(recipe["style-layers"] == json({{"relu1_1", 1.0}, {"relu3_1", 0.25}}));
    CHECK(recipe["weights"] == "built-in");
    CHECK(recipe["preprocessing"] == "auto");
}

TEST_CASE("options that are given override the preset, wherever it stands") {
    const studio folder;
    REQUIRE(
        run(folder, small_run("out.png", {"--style-weight", "7", "--preset", "lecture"})).code ==
        0);
    const auto recipe = recipe_of(folder / "out.png");
    CHECK(recipe["style-weight"] == 7.0);
    CHECK(recipe["iterations"] == 4);
    CHECK(recipe["content-weight"] == 10.0);
    CHECK(recipe["loss"] == "lecture");
    CHECK(recipe["optimizer"] == "gd");
    CHECK(recipe["init"] == "noise");
    CHECK_FALSE(recipe["style-layers"].contains("relu5_1"));  // the built-in network has none
}

TEST_CASE("with --json every line is an event") {
    const studio folder;
    const auto result = run(folder, small_run("out.png", {"--json", "--scales", "2", "--snapshots",
                                                          "5", "--snapshot-dir", "frames"}));
    REQUIRE(result.code == 0);
    CHECK(result.err.empty());
    const auto events = events_of(result.out);
    CHECK(events.front()["event"] == "plan");
    CHECK(events.front()["scales"].size() == 2);
    CHECK(events.back()["event"] == "done");
    CHECK(events.back()["file"] == "out.png");
    CHECK(events.back()["interrupted"] == false);
    int progress = 0, snapshots = 0;
    for (const auto& event : events) {
        if (event["event"] == "progress") {
            ++progress;
            CHECK(event["content"].contains("relu4_2"));
            CHECK(event["style"].contains("relu1_1"));
            CHECK(event["total"].get<double>() > 0);
            CHECK(event["tv"].is_number());
        } else if (event["event"] == "snapshot") {
            ++snapshots;
            const auto snapshot = image::load(folder / event["file"].get<std::string>());
            CHECK(snapshot.shape() == image::load(folder / "out.png").shape());
        }
    }
    CHECK(progress == 6 + 4);  // a coarser scale has half as many more
    CHECK(snapshots == 2);
    CHECK(fs::exists(folder / "frames/out-000005.png"));
}

TEST_CASE("the picture is the same where the first layer is recomputed") {
    const studio folder;
    REQUIRE(run(folder, small_run("kept.png")).code == 0);
    REQUIRE(run(folder, small_run("recomputed.png", {"--recompute"})).code == 0);
    const auto kept = image::load(folder / "kept.png"),
               recomputed = image::load(folder / "recomputed.png");
    CHECK(std::ranges::equal(kept, recomputed));
    CHECK(recipe_of(folder / "recomputed.png")["recompute"] == true);
}

TEST_CASE("a run whose rate is too high ends with its best picture, one line and exit code 1") {
    const studio folder;
    const auto result = run(folder, small_run("out.png", {"--optimizer", "adam", "--learning-rate",
                                                          "10", "--iterations", "60", "--quiet"}));
    CHECK(result.code == 1);
    CHECK(lines_of(result.err) == 1);
    CHECK_THAT(result.err, Contains("learning rate is too high") && Contains("out.png"));
    REQUIRE(run(folder, small_run("first.png", {"--optimizer", "adam", "--learning-rate", "1e-9",
                                                "--iterations", "1"}))
                .code == 0);
    // No step made it better: what is left is where it started.
    const auto best = image::load(folder / "out.png"), start = image::load(folder / "first.png");
    CHECK(image::psnr(best, start) > 40);
}

TEST_CASE("quiet says nothing") {
    const studio folder;
    const auto result = run(folder, small_run("out.png", {"--quiet"}));
    CHECK(result.code == 0);
    CHECK(result.out.empty());
    CHECK(result.err.empty());
    CHECK(fs::exists(folder / "out.png"));
}

TEST_CASE("a dry run says sizes, memory and time, and writes nothing") {
    const studio folder;
    const auto more = {std::string("--dry-run"), std::string("--snapshots"), std::string("1"),
                       std::string("--snapshot-dir"), std::string("frames")};
    const auto text = run(folder, small_run("out.png", more));
    CHECK(text.code == 0);
    CHECK_THAT(text.out, Contains("40x28") && Contains("4 iterations") && Contains("MB") &&
                             Contains("estimate"));
    auto as_json = small_run("out.png", more);
    as_json.emplace_back("--json");
    const auto events = events_of(run(folder, as_json).out);
    REQUIRE(events.size() == 1);
    CHECK(events[0]["estimated_seconds"].get<double>() > 0);
    CHECK(events[0]["peak_bytes"].get<double>() > 1e5);
    CHECK_FALSE(fs::exists(folder / "out.png"));
    CHECK_FALSE(fs::exists(folder / "frames"));

    as_json.emplace_back("--recompute");
    const auto leaner = events_of(run(folder, as_json).out);
    CHECK(leaner[0]["peak_bytes"].get<double>() < events[0]["peak_bytes"].get<double>());
}

TEST_CASE("several paintings are blended, and a file may be the start") {
    const studio folder;
    save_waves(folder / "second.png", 24, 30, 5);
    const auto result =
        run(folder, {"stylize", "photo.png", "painting.png", "second.png", "-o", "out.png",
                     "--size", "32", "--iterations", "2", "--style-blend", "0.7,0.3", "--init",
                     "second.png", "--original-colors", "--pooling", "l2", "--style-scale", "1.5"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    CHECK(recipe_of(folder / "out.png")["style-blend"] == json({0.7, 0.3}));
    CHECK(recipe_of(folder / "out.png")["init"] == "second.png");
}

TEST_CASE("Ctrl-C finishes the iteration, writes the picture so far and exits with 130") {
    const studio folder;
    process tool(folder, small_run("out.png", {"--iterations", "1000000", "--json"}));
    REQUIRE(tool.prints("\"progress\""));
    tool.send(SIGINT);
    const auto result = tool.wait();
    CHECK(result.code == 130);
    CHECK(image::load(folder / "out.png").shape() == shape{1, 3, 28, 40});
    const auto last = events_of(result.out).back();
    CHECK(last["event"] == "done");
    CHECK(last["interrupted"] == true);
}

TEST_CASE("a run that is stopped goes on from its checkpoint to the same bytes") {
    const studio folder;
    const auto signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
    const std::vector<std::string> more{"--iterations", "300", "--optimizer", "adam"};
    REQUIRE(run(folder, small_run("whole.png", more)).code == 0);
    const auto with = [&](const std::string& output, const std::vector<std::string>& others) {
        auto all = more;
        all.insert(all.end(), others.begin(), others.end());
        return small_run(output, all);
    };
    process tool(folder, with("part.png", {"--json", "--checkpoint", "a.safetensors"}));
    REQUIRE(tool.prints("\"progress\""));
    tool.send(signal);
    CHECK(tool.wait().code == 128 + signal);
    CHECK(text_of(folder / "part.png") != text_of(folder / "whole.png"));
    const auto resumed = run(folder, with("resumed.png", {"--json", "--resume", "a.safetensors"}));
    REQUIRE(resumed.code == 0);
    CHECK(text_of(folder / "resumed.png") == text_of(folder / "whole.png"));
    CHECK(events_of(resumed.out)[1]["iteration"] > 1);  // it did not begin anew

    const auto other = run(folder, with("other.png", {"--resume", "a.safetensors", "--seed", "9"}));
    CHECK(other.code == 2);
    CHECK_THAT(other.err, Contains("a.safetensors") && Contains("other options"));
    CHECK_FALSE(fs::exists(folder / "other.png"));
}

TEST_CASE("checkpoints are written while the run goes on") {
    const studio folder;
    process tool(folder, small_run("out.png", {"--iterations", "1000000", "--json", "--checkpoint",
                                               "a.safetensors", "--every", "0s"}));
    REQUIRE(tool.prints("\"progress\""));
    for (int tenths = 0; tenths < 600 && !fs::exists(folder / "a.safetensors"); ++tenths)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(fs::exists(folder / "a.safetensors"));
    tool.send(SIGINT);
    CHECK(tool.wait().code == 130);
}

TEST_CASE("a terminal gets one line that is redrawn, in colour unless NO_COLOR is set") {
    const studio folder;
    const auto seen = [&] { return seen_on_terminal(folder, small_run("out.png")); };
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    CHECK_THAT(seen(), Contains("\rscale 1/1 40x28") && Contains("\x1b[36m"));
    ::setenv("NO_COLOR", "1", 1);
    CHECK_THAT(seen(), Contains("\rscale 1/1 40x28") && !Contains("\x1b[36m"));
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "dumb", 1);
    CHECK_THAT(seen(), !Contains("\rscale") && !Contains("\x1b"));
}
