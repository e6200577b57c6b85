#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/unit_patches.hpp>
#include <impasto/weights/weights.hpp>

#include "cli/pictures.hpp"
#include "cli/process.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// A folder "album" with four pictures, one of them in a folder of its own.
struct album : temporary_folder {
    album() {
        fs::create_directories(path() / "album/more");
        save_waves(*this / "album/a.png", 37, 53, 1);
        save_waves(*this / "album/b.JPG", 61, 45, 2);
        save_waves(*this / "album/c.png", 16, 90, 3);
        save_waves(*this / "album/more/d.jpeg", 50, 50, 4);
        std::ofstream(*this / "album/notes.txt") << "not a picture, and not named like one";
    }
};

const std::vector<std::string> in_order{"album/a.png", "album/b.JPG", "album/c.png",
                                        "album/more/d.jpeg"};

json manifest_of(const fs::path& file) {
    return json::parse(text_of(file));
}

/// One side of a box in a file of `read` pixels, of which the network saw `shown`.
void check_side(std::int64_t first, std::int64_t length,
                const std::pair<std::int64_t, std::int64_t>& seen, std::int64_t read,
                std::int64_t shown) {
    CHECK(first * shown <= seen.first * read);
    CHECK((first + 1) * shown > seen.first * read);
    CHECK((first + length) * shown >= (seen.first + seen.second) * read);
    CHECK((first + length - 1) * shown < (seen.first + seen.second) * read);
    CHECK(first + length <= read);
}

/// The library's word on the same pictures.
void check_manifest(const json& found, const album& folder, const std::string& layer,
                    const std::vector<std::int64_t>& channels, insight::per_picture positions,
                    std::int64_t top, std::int64_t size) {
    context<cpu> here({.threads = 2});
    const auto network = weights::built_in();
    insight::unit_patches expected(network,
                                   {.layers = {layer}, .top = top, .positions = positions});
    std::vector<shape> read, shown;
    for (std::size_t i = 0; i < in_order.size(); ++i) {
        auto picture = image::load(folder / in_order[i]);
        read.push_back(picture.shape());
        if (size > 0) {
            const auto [h, w] = image::fit(picture.shape().h, picture.shape().w, size, true);
            picture = image::resize(picture, h, w);
        }
        shown.push_back(picture.shape());
        expected.add(here, picture, static_cast<std::int64_t>(i));
    }
    const auto field = expected.field(0);
    CHECK(found["layer"] == layer);
    CHECK(found["receptive_field"] ==
          json({{"size", field.size}, {"stride", field.stride}, {"start", field.start}}));
    REQUIRE(found["channels"].size() == channels.size());
    for (std::size_t k = 0; k < channels.size(); ++k) {
        const auto& unit = found["channels"][k];
        const auto patches = expected.found(0).of(channels[k]);
        CHECK(unit["channel"] == channels[k]);
        REQUIRE(unit["patches"].size() == patches.size());
        for (std::size_t i = 0; i < patches.size(); ++i) {
            const auto& patch = unit["patches"][i];
            const auto number = static_cast<std::size_t>(patches[i].picture);
            const auto box = clip(field.of_unit(patches[i].row, patches[i].column), shown[number].h,
                                  shown[number].w);
            CHECK(patch["file"] == in_order[number]);
            CHECK(patch["activation"].get<float>() == patches[i].activation);
            CHECK(patch["row"] == patches[i].row);
            CHECK(patch["column"] == patches[i].column);
            check_side(patch["x"], patch["width"], {box.x, box.width}, read[number].w,
                       shown[number].w);
            check_side(patch["y"], patch["height"], {box.y, box.height}, read[number].h,
                       shown[number].h);
        }
    }
}

/// One line, exit code 2, and nothing written.
void refuses(const album& folder, const std::vector<std::string>& arguments,
             const std::vector<std::string>& says) {
    std::vector<std::string> all{"patches"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto result = run(folder, all);
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK_THAT(result.err, StartsWith("impasto: "));
    CHECK(lines_of(result.err) == 1);
    for (const auto& word : says)
        CHECK_THAT(result.err, Contains(word));
    CHECK(!fs::exists(folder / "p.png"));
}

}  // namespace

TEST_CASE("patches writes a page and the manifest that the library would") {
    const album folder;
    const auto result = run(
        folder, {"patches", "album", "--layer", "relu3_2", "--channels", "3-5,90", "-o", "p.png",
                 "--json", "p.json", "--threads", "2", "--top", "4", "--device", "cpu"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    CHECK_THAT(result.out, StartsWith("p.png: ") && Contains("4 pictures"));
    CHECK(image::load(folder / "p.png").shape().w > 4 * 64);
    const auto found = manifest_of(folder / "p.json");
    check_manifest(found, folder, "relu3_2", {3, 4, 5, 90}, insight::per_picture::one, 4, 0);
    CHECK(found["device"] == "cpu");
    CHECK(found["precision"] == "float32");
}

TEST_CASE(
    "patches may come from one picture, at another size, from files in any number of threads") {
    const album folder;
    std::vector<std::string> manifests;
    for (const char* threads : {"1", "2", "5"}) {
        std::vector<std::string> words{"patches",     "--layer", "relu2_1", "--channels", "all",
                                       "--per-image", "any",     "--size",  "40",         "-o",
                                       "p.png",       "--json",  "p.json",  "--threads",  threads,
                                       "--device",    "cpu"};
        words.insert(words.end(), in_order.begin(), in_order.end());
        const auto result = run(folder, words);
        INFO(result.err);
        REQUIRE(result.code == 0);
        manifests.push_back(text_of(folder / "p.json"));
    }
    CHECK(manifests[1] == manifests[0]);
    CHECK(manifests[2] == manifests[0]);
    std::vector<std::int64_t> all(64);
    for (std::size_t k = 0; k < all.size(); ++k)
        all[k] = static_cast<std::int64_t>(k);
    check_manifest(json::parse(manifests[0]), folder, "relu2_1", all, insight::per_picture::any, 9,
                   40);
}

TEST_CASE("several layers, gradients and single files come from one run") {
    const album folder;
    const auto result =
        run(folder, {"patches", "album", "--layers", "relu1_1,relu4_1", "--channels", "strongest:2",
                     "--top", "2", "--deconv", "--patches-dir", "cut/out", "--side", "24", "-o",
                     "p.png", "--json", "p.json"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    const auto found = manifest_of(folder / "p.json");
    CHECK(found.contains("device"));
    const auto& layers = found["layers"];
    REQUIRE(layers.size() == 2);
    CHECK(layers[0]["layer"] == "relu1_1");
    CHECK(layers[1]["layer"] == "relu4_1");
    std::ptrdiff_t written = 0;
    for (const auto& layer : layers)
        for (const auto& unit : layer["channels"]) {
            const auto ranks = unit["patches"].size();
            REQUIRE((ranks == 1 || ranks == 2));  // few pictures excite a deep channel
            for (std::size_t rank = 1; rank <= ranks; ++rank) {
                auto channel = std::to_string(unit["channel"].get<int>());
                channel.insert(0, 3 - channel.size(), '0');
                const auto file = "cut/out/" + layer["layer"].get<std::string>() + "-" + channel +
                                  "-" + std::to_string(rank) + ".png";
                const auto side = layer["receptive_field"]["size"].get<std::int64_t>();
                CHECK(image::load(folder / file).shape() == shape{1, 3, side, side});
                ++written;
            }
        }
    CHECK(std::distance(fs::directory_iterator(folder / "cut/out"), {}) == written);
}

TEST_CASE("patches shows the channels that the library finds strongest, in that order") {
    const album folder;
    const auto result =
        run(folder, {"patches", "album", "--layer", "relu3_1", "--channels", "strongest:7", "--top",
                     "2", "-o", "p.png", "--json", "p.json", "--device", "cpu"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    context<cpu> here({.threads = 2});
    const auto network = weights::built_in();
    insight::unit_patches expected(network, {.layers = {"relu3_1"}, .top = 2});
    for (std::size_t i = 0; i < in_order.size(); ++i)
        expected.add(here, image::load(folder / in_order[i]), static_cast<std::int64_t>(i));
    check_manifest(manifest_of(folder / "p.json"), folder, "relu3_1",
                   insight::strongest_channels(expected.found(0), 7), insight::per_picture::one, 2,
                   0);
}

TEST_CASE("files that cannot be used are left out and named at the end") {
    const album folder;
    const auto good = run(
        folder, {"patches", "album", "--layer", "relu4_1", "-o", "p.png", "--json", "good.json"});
    REQUIRE(good.code == 0);
    CHECK(good.err.empty());
    std::ofstream(folder / "album/zebra.png") << "no PNG at all";
    save_waves(folder / "album/zero.png", 7, 30, 1);
    const auto result = run(folder, {"patches", "album", "gone.jpg", "--layer", "relu4_1", "-o",
                                     "p.png", "--json", "p.json"});
    CHECK(result.code == 0);
    CHECK_THAT(result.err, StartsWith("left out 3 of 7 pictures:\n") && Contains("zebra.png") &&
                               Contains("gone.jpg") && Contains("zero.png: ") &&
                               Contains("at least 8x8"));
    CHECK(lines_of(result.err) == 4);
    CHECK(text_of(folder / "p.json") == text_of(folder / "good.json"));
}

TEST_CASE("a picture smaller than what a unit sees has patches that reach beyond it") {
    const temporary_folder folder;
    save_waves(folder / "tiny.png", 11, 9, 2);
    const auto result = run(
        folder, {"patches", "tiny.png", "--layer", "relu4_2", "-o", "p.png", "--json", "p.json"});
    INFO(result.err);
    REQUIRE(result.code == 0);
    const auto found = manifest_of(folder / "p.json");
    REQUIRE(!found["channels"].empty());
    for (const auto& unit : found["channels"]) {
        const auto& patch = unit["patches"][0];
        CHECK(patch["width"] == 9);
        CHECK(patch["height"] == 11);
    }
}

TEST_CASE("Ctrl-C shows the best of the pictures seen so far and exits with 130") {
    const album folder;
    // The tool waits for a picture that comes through a pipe, and is interrupted there.
    REQUIRE(::mkfifo((folder / "pipe.png").c_str(), 0600) == 0);
    process tool(folder, {"patches", "album/a.png", "pipe.png", "album/c.png", "--layer", "relu2_1",
                          "-o", "p.png", "--json", "p.json"});
    int pipe = -1;
    for (int tenths = 0; tenths < 600 && pipe < 0; ++tenths) {
        pipe = ::open((folder / "pipe.png").c_str(), O_WRONLY | O_NONBLOCK);
        if (pipe < 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    REQUIRE(pipe >= 0);
    tool.send(SIGINT);
    ::close(pipe);
    const auto result = tool.wait();
    INFO(result.err);
    CHECK(result.code == 130);
    CHECK_THAT(result.out, Contains("the strongest patches of 1 picture\n"));
    CHECK(image::load(folder / "p.png").shape().w > 0);
    const auto found = manifest_of(folder / "p.json");
    REQUIRE(!found["channels"].empty());
    for (const auto& unit : found["channels"])
        for (const auto& patch : unit["patches"])
            CHECK(patch["file"] == "album/a.png");
}

TEST_CASE("patches refuses what cannot be before it looks at a picture") {
    const album folder;
    fs::create_directory(folder / "empty");
    const std::vector<std::string> right{"--layer", "relu3_2", "-o", "p.png"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.end(), right.begin(), right.end());
        return more;
    };
    refuses(folder, with({"empty"}), {"empty", ".png"});
    refuses(folder, with({"gone.png", "gone2.png"}), {"no picture can be used", "gone.png"});
    refuses(folder, with({"album/notes.txt"}), {"no picture can be used", "notes.txt"});
    refuses(folder, {"album", "--layer", "relu9_9", "-o", "p.png"}, {"relu9_9", "relu3_2"});
    refuses(folder, {"album", "--layer", "conv3_2", "-o", "p.png"}, {"did you mean relu3_2"});
    refuses(folder, {"album", "-o", "p.png"}, {"--layer"});
    refuses(folder, {"album", "--layers", "relu1_1,relu1_1", "-o", "p.png"}, {"twice"});
    refuses(folder, with({"album", "--channels", "3,128"}), {"128", "relu3_2", "0 to 127"});
    refuses(folder, with({"album", "--channels", "7-3"}), {"7-3"});
    for (const char* wrong : {"", "x", "1-", "-1", "1,,2", "strongest:", "strongest:0", "all,1"})
        refuses(folder, with({"album", "--channels", wrong}), {"--channels"});
    refuses(folder, with({"album", "--top", "0"}), {"--top", "from 1"});
    refuses(folder, with({"album", "--tile", "40"}), {"at least 48"});
    refuses(folder, with({"album", "--per-image", "two"}), {"--per-image", "one or any"});
    // There is no such GPU, or no GPU, or no driver, or no CUDA engine.
    refuses(folder, with({"album", "--device", "cuda:999"}), {"--device", " no "});
    refuses(folder, with({"album", "--device", "cpu", "--precision", "float16"}),
            {"float16", "needs a GPU"});
    refuses(folder, with({"album", "--precision", "int8"}), {"--precision", "'int8'"});
    refuses(folder, with({"album", "--json", "gone/p.json"}), {"gone"});
    refuses(folder, with({"album", "--json", "./p.png"}), {"./p.png", "choose two names"});
    refuses(folder, with({"album", "--patches-dir", "album/a.png/x"}), {"album/a.png/x"});
    refuses(folder, {"album", "--layer", "relu3_2", "-o", "p.gif"}, {"p.gif"});
    refuses(folder, {"album", "--layer", "relu3_2", "-o", "album/c.png"}, {"album/c.png", "input"});
    save_waves(folder / "small.png", 3, 3, 1);
    refuses(folder, with({"small.png"}), {"small.png", "at least 4x4"});
}
