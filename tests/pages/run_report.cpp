#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "cli/pictures.hpp"
#include "pages/browser.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

/// A run of a second with a page about it.
std::vector<std::string> reported_run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{
        "stylize",    "photo.png", "painting.png", "-o", "out.png",  "--size", "40",
        "--threads",  "1",         "--iterations", "6",  "--scales", "2",      "--report",
        "report.html"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

json data_of(const std::string& page) {
    const std::string before = "id=\"data\">";
    const auto begin = page.find(before) + before.size();
    return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

}  // namespace

TEST_CASE("the report of a run holds every term, every scale, its snapshots and its recipe") {
    const studio folder;
    const auto result = run(folder, reported_run({"--style-layers", "relu1_1=1,relu3_1=3"}));
    INFO(result.err);
    REQUIRE(result.code == 0);
    const auto data = data_of(text_of(folder / "report.html"));

    CHECK(data["title"] == "photo, after painting");
    CHECK(data["width"] == 40);
    CHECK(data["height"] == 28);
    REQUIRE(data["scales"].size() == 2);
    CHECK(data["scales"][0]["last"] == 9);  // half as many more at the coarser one
    CHECK(data["scales"][1]["last"] == 15);
    CHECK(data["scales"][1]["seconds"].get<double>() >= data["scales"][0]["seconds"].get<double>());
    CHECK(data["iterations"].size() == 15);

    std::vector<int> snapshots;
    for (const auto& s : data["snapshots"])
        snapshots.push_back(s["iteration"]);
    CHECK(snapshots == std::vector{1, 2, 4, 8, 9, 15});

    const auto& curves = data["curves"];
    REQUIRE(curves.size() == 5);  // J, content, two of style, variation
    for (std::size_t i = 0; i < 15; ++i) {
        double sum = 0;
        for (std::size_t k = 1; k < 5; ++k)
            sum += curves[k]["weight"].get<double>() * curves[k]["values"][i].get<double>();
        CHECK(sum == Approx(curves[0]["values"][i].get<double>()).epsilon(1e-4));
    }
    CHECK(curves[3]["layer"] == "relu3_1");
    CHECK(curves[3]["weight"] == 75.0);
    CHECK_THAT(data["recipe"].dump(), Contains(R"(["style-layers","relu1_1=1, relu3_1=3"])"));
}

TEST_CASE("the report opens in light and dark, on a desk and on a phone, with nothing amiss") {
    if (browser::missing())
        return;
    const studio folder;
    REQUIRE(run(folder, reported_run()).code == 0);
    for (const int width : {390, 1200})
        for (const bool dark : {false, true}) {
            const auto seen =
                browser(folder).open(folder / "report.html", measure_page, {width, dark});
            CHECK(seen.console == std::vector<std::string>());
            CHECK(seen.answer["overflow"] == 0);
            CHECK(seen.answer["broken"] == 0);
            CHECK((seen.answer["shade"].get<int>() < 80) == dark);
        }
}

TEST_CASE("the line between photo and picture moves, and a curve tells its values") {
    if (browser::missing())
        return;
    const studio folder;
    REQUIRE(run(folder, reported_run()).code == 0);
    const auto seen = browser(folder).open(folder / "report.html", R"(
        const slider = find('#compare input');
        slider.value = 20;
        slider.dispatchEvent(new Event('input'));
        const chart = find('#total .chart'), box = chart.querySelector('svg').getBoundingClientRect();
        const before = chart.querySelector('.now').textContent;
        chart.querySelector('svg').dispatchEvent(new PointerEvent('pointermove',
            { clientX: box.left + 48, clientY: box.top + 20 }));
        return { clip: getComputedStyle(find('#photo')).clipPath, charts: document.querySelectorAll('svg path').length,
                 snapshots: document.querySelectorAll('#snapshots img').length, before,
                 pointed: chart.querySelector('.now').textContent };
    )");
    CHECK(seen.console == std::vector<std::string>());
    CHECK_THAT(seen.answer["clip"].get<std::string>(), Contains("80%"));
    CHECK(seen.answer["charts"] == 8);
    CHECK(seen.answer["snapshots"] == 6);
    CHECK_THAT(seen.answer["pointed"].get<std::string>(), Contains("iteration 1:"));
    CHECK_THAT(seen.answer["before"].get<std::string>(), !Contains("iteration"));
}

TEST_CASE("a report that cannot be is refused before the run") {
    const studio folder;
    const auto refused = [&](const std::string& report) {
        auto arguments = reported_run();
        arguments.back() = report;
        const auto result = run(folder, arguments);
        CHECK(result.code == 2);
        CHECK(lines_of(result.err) == 1);
        CHECK_FALSE(std::filesystem::exists(folder / "out.png"));
        return result.err;
    };
    CHECK_THAT(refused("nowhere/report.html"), Contains("nowhere"));
    CHECK_THAT(refused("photo.png"), Contains("is an input"));
    CHECK_THAT(refused("out.png"), Contains("choose two names"));
    CHECK_THAT(refused("./out.png"), Contains("choose two names"));
}
