#include <catch2/catch.hpp>

#include <cstddef>
#include <fstream>
#include <string>

#include "insight/page.hpp"
#include "pages/browser.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;

namespace {

std::string encoded(const std::string& text) {
    return insight::base64(std::as_bytes(std::span(text)));
}

constexpr insight::page_kind plain{.body = "<p id='said'></p>",
                                   .style = "p { color: red }",
                                   .script = "find('#said').textContent = data.said;"};

}  // namespace

TEST_CASE("base64 agrees with the examples of RFC 4648") {
    CHECK(encoded("").empty());
    CHECK(encoded("f") == "Zg==");
    CHECK(encoded("fo") == "Zm8=");
    CHECK(encoded("foo") == "Zm9v");
    CHECK(encoded("foob") == "Zm9vYg==");
    CHECK(encoded("fooba") == "Zm9vYmE=");
    CHECK(encoded("foobar") == "Zm9vYmFy");
    CHECK(encoded("\xff\xfe\xfd") == "//79");
}

TEST_CASE("what a page is told cannot become markup or script") {
    CHECK(insight::escaped("<a href=\"x\">&'") == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    const std::string hostile = "</script><script>alert(1)</script>{{style}}<!--";
    const auto page = insight::make_page(plain, hostile, {{"said", hostile}});
    CHECK_THAT(page, !Contains("<script>alert"));
    CHECK_THAT(page, Contains("\\u003c/script>\\u003cscript>alert(1)"));
    CHECK_THAT(page, Contains("<title>&lt;/script&gt;"));
    CHECK_THAT(page, Contains("{{style}}"));  // taken as text, not as a place for the style
}

TEST_CASE("a page asks nothing of anybody") {
    const auto page = insight::make_page(insight::run_report_page_kind(), "a title", {});
    CHECK_THAT(page, Contains("default-src 'none'"));
    for (const char* elsewhere : {"https://", "url(", "@import", "<link", " src=", "fetch("})
        CHECK_THAT(page, !Contains(elsewhere));
}

TEST_CASE("hostile text arrives in the browser as it was, and nothing of it runs") {
    if (browser::missing())
        return;
    const temporary_folder folder;
    const std::string hostile =
        "</script><script>throw 1</script><img src=x onerror=throw> \xc3\xa4";
    std::ofstream(folder / "hostile.html")
        << insight::make_page(plain, hostile, {{"said", hostile}});
    const auto seen = browser(folder).open(folder / "hostile.html",
                                           "return [find('#said').textContent, document.title];");
    CHECK(seen.answer == nlohmann::json({hostile, hostile}));
    CHECK(seen.console.empty());
}

TEST_CASE("the test of pages hears what goes wrong in one") {
    if (browser::missing())
        return;
    const temporary_folder folder;
    insight::page_kind broken = plain;
    broken.script = "missing.thing = 1;";
    std::ofstream(folder / "broken.html") << insight::make_page(broken, "broken", {});
    CHECK_FALSE(browser(folder).open(folder / "broken.html", "return 1;").console.empty());
    broken.script = "document.body.append(make('img', { src: 'https://example.com/a.png' }));";
    std::ofstream(folder / "curious.html") << insight::make_page(broken, "curious", {});
    CHECK_FALSE(browser(folder).open(folder / "curious.html", "return 1;").console.empty());
}
