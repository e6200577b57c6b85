#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <impasto/image/resize.hpp>
#include <impasto/insight/explain.hpp>
#include <impasto/weights/weights.hpp>

#include "cli/pictures.hpp"
#include "pages/browser.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

outcome explained(const studio& folder, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"explain", "painting.png", "-o", "explain.html"};
    if (std::ranges::find(more, "--size") == more.end())
        arguments.insert(arguments.end(), {"--size", "48"});
    if (std::ranges::find(more, "--layer") == more.end())
        arguments.insert(arguments.end(), {"--layer", "relu2_1"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(folder, arguments);
}

void refuses(const std::vector<std::string>& more, const std::string& says) {
    const studio folder;
    fs::create_directory(folder / "empty");
    fs::create_directory(folder / "broken");
    std::ofstream(folder / "broken/a.png") << "no picture";
    const auto before = folder.entries();
    const auto result = explained(folder, more);
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK(lines_of(result.err) == 1);
    CHECK_THAT(result.err, Contains(says));
    CHECK(folder.entries() <= before + 2);  // .out and .err
}

}  // namespace

TEST_CASE("a cell of the matrix is clicked and its pair appears, with the figures of a count") {
    if (browser::missing())
        return;
    const studio folder;
    REQUIRE(explained(folder).code == 0);
    const auto seen = browser(folder).open(folder / "explain.html", R"(
        await new Promise((r) => setTimeout(r, 500));
        find('[data-view=gram]').click();
        find('#sorted').click();
        const box = find('#cells').getBoundingClientRect(), size = box.width / count;
        find('#cells').dispatchEvent(new MouseEvent('click',
            { clientX: box.left + 21.5 * size, clientY: box.top + 6.5 * size }));
        return { a: find('#a').value, b: find('#b').value, told: find('#told').textContent,
                 figures: [...document.querySelectorAll('#figures b')].map((e) => e.textContent),
                 both: style.both(6, 21), gram: style.gram(6, 21), correlation: correlation(6, 21),
                 nine: getComputedStyle(find('#nine-a')).backgroundImage.slice(0, 9),
                 across: find('#heat .across').style.top, listed: find('#list').children.length };
    )");
    CHECK(seen.console == std::vector<std::string>());
    CHECK(seen.answer["a"] == "6");
    CHECK(seen.answer["b"] == "21");
    CHECK_THAT(seen.answer["told"].get<std::string>(), Contains("6") && Contains("21"));
    CHECK(seen.answer["figures"].size() == 5);
    CHECK(seen.answer["nine"] == "url(\"data");
    CHECK(seen.answer["across"] == "9.375%");
    CHECK(seen.answer["listed"].get<int>() > 8);

    context<cpu> ctx;
    const auto painting = image::resize(image::load(folder / "painting.png"), 48, 48);
    const auto direct = insight::explain(ctx, weights::built_in(), painting, {.layer = "relu2_1"});
    CHECK(seen.answer["both"] == direct.together.both(6, 21));
    // The page keeps 16 bits of each value.
    CHECK(seen.answer["gram"].get<double>() == Approx(direct.gram[6 * 64 + 21]).epsilon(5e-4));
    CHECK(seen.answer["correlation"].get<double>() ==
          Approx(direct.correlation[6 * 64 + 21]).margin(1e-4));
}

TEST_CASE("an explanation opens in light and dark, on a desk and on a phone, with nothing amiss") {
    if (browser::missing())
        return;
    const studio folder;
    REQUIRE(explained(folder, {"--compare", "photo.png"}).code == 0);
    for (const int width : {390, 1200})
        for (const bool dark : {false, true}) {
            const auto seen = browser(folder).open(
                folder / "explain.html",
                "await new Promise((r) => setTimeout(r, 500));" + std::string(measure_page),
                {width, dark});
            CHECK(seen.console == std::vector<std::string>());
            CHECK(seen.answer["overflow"] == 0);
            CHECK((seen.answer["shade"].get<int>() < 80) == dark);
        }
}

TEST_CASE("a comparison begins with the pair that the style loss wants most") {
    if (browser::missing())
        return;
    const studio folder;
    REQUIRE(explained(folder, {"--compare", "photo.png"}).code == 0);
    const auto seen = browser(folder).open(folder / "explain.html", R"(
        await new Promise((r) => setTimeout(r, 500));
        let most = 0, pair = [];
        for (let a = 0; a < count; ++a)
            for (let b = a + 1; b < count; ++b)
                if (Math.abs(wanted(a, b)) > most) [most, pair] = [Math.abs(wanted(a, b)), [a, b]];
        const shown = [Number(find('#a').value), Number(find('#b').value)];
        find('#cells').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', cancelable: true }));
        find('#b').value = 999;
        find('#b').dispatchEvent(new Event('change'));
        return { pair, shown, result: !find('.result').hidden, b: find('#b').value,
                 title: find('#list-title').textContent };
    )");
    CHECK(seen.console == std::vector<std::string>());
    CHECK(seen.answer["shown"] == seen.answer["pair"]);
    CHECK(seen.answer["result"] == true);
    CHECK(seen.answer["b"] == "63");
    CHECK(seen.answer["title"] == "What the style loss still wants");
}

TEST_CASE("patches come from a folder of pictures, and what is none of them is left out") {
    const studio folder;
    fs::create_directories(folder / "pictures/deeper");
    fs::copy_file(folder / "photo.png", folder / "pictures/a.png");
    fs::copy_file(folder / "painting.png", folder / "pictures/deeper/b.png");
    std::ofstream(folder / "pictures/c.jpg") << "no picture";
    const auto result = explained(folder, {"--pictures", "pictures"});
    INFO(result.err);
    CHECK(result.code == 0);
    CHECK_THAT(result.err, Contains("1 of 3") && Contains("c.jpg"));
    CHECK_THAT(result.out, Contains("explain.html: 64 channels of relu2_1"));
    CHECK(lines_of(result.err) == 1);
}

TEST_CASE("an explanation that cannot be is refused in one line") {
    refuses({"--layer", "relu9_1"}, "relu9_1");
    refuses({"--layer", "conv2_1"}, "conv2_1");
    refuses({"--pictures", "empty"}, "empty");
    refuses({"--pictures", "broken"}, "a.png");
    refuses({"--pictures", "missing"}, "missing");
    refuses({"--compare", "missing.png"}, "missing.png");
    refuses({"--size", "1"}, "painting.png: a picture of 1x1 pixels is too small");
    const studio folder;
    const auto onto = run(folder, {"explain", "painting.png", "-o", "painting.png"});
    CHECK(onto.code == 2);
    CHECK_THAT(onto.err, Contains("is an input"));
    CHECK(run(folder, {"explain", "painting.png"}).code == 2);
    CHECK(run(folder, {"explain", "missing.png", "-o", "e.html"}).code == 2);
    CHECK(run(folder, {"explain", "painting.png", "-o", "nowhere/e.html"}).code == 2);
}
