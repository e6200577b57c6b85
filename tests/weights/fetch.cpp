#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/weights/fetch.hpp>

#include "core/sha256.hpp"
#include "support/http_server.hpp"
#include "support/temporary_folder.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

const weights::published& vgg19 = *weights::find_published("vgg19");

std::string some_content() {
    std::string content(300'001, '\0');
    for (std::size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<char>(i * i % 251);
    return content;
}
const std::string content = some_content();

std::string hash_of(const std::string& text) {
    sha256 hash;
    hash.add(std::as_bytes(std::span(text)));
    return hash.finish();
}

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder to fetch into and a server to fetch from.
struct scene {
    explicit scene(http_server::handler answer) : server(std::move(answer)) {
        ::setenv("no_proxy", "127.0.0.1", 1);
    }

    fs::path fetch(const std::string& hash = hash_of(content)) {
        return weights::fetch(vgg19, {.folder = folder / "cache",
                                      .url = server.url("/vgg.pth"),
                                      .sha256 = hash,
                                      .observer = [this](auto now) { last = now; }});
    }
    [[nodiscard]] std::size_t files() const {
        const fs::path cache = folder / "cache";
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(cache), fs::directory_iterator()));
    }
    [[nodiscard]] fs::path part() const {
        return folder / "cache" / (std::string(vgg19.file) + ".part");
    }

    temporary_folder folder;
    http_server server;
    weights::fetch_progress last;
};

}  // namespace

TEST_CASE("fetch brings a file under its name, and once") {
    scene at([](const std::string& request) { return http_file(request, content); });
    const fs::path file = at.fetch();
    CHECK(file.filename() == "vgg19-dcbb9e9d.pth");
    CHECK(text_of(file) == content);
    CHECK(at.files() == 1);
    CHECK(at.last.done == content.size());
    CHECK(at.last.total == content.size());
    CHECK(at.fetch() == file);
    CHECK(at.server.requests().size() == 1);
    CHECK_THAT(at.server.requests().front(), Contains("User-Agent: impasto/"));
}

TEST_CASE("fetch goes on where a broken download ended") {
    scene at([](const std::string& request) {
        return http_file(request, content, range_of(request) == 0 ? 100'000 : std::string::npos);
    });
    CHECK_THROWS_WITH(at.fetch(), Contains("100000 bytes are kept") && Contains("/vgg.pth: "));
    CHECK(fs::file_size(at.part()) == 100'000);
    CHECK(text_of(at.fetch()) == content);
    CHECK(at.files() == 1);
    CHECK(at.last.done == content.size());
    REQUIRE(at.server.requests().size() == 2);
    CHECK(range_of(at.server.requests()[1]) == 100'000);
}

TEST_CASE("fetch begins anew where the server cannot go on") {
    const bool too_long = GENERATE(true, false);  // or a server that knows no ranges
    scene at([=](const std::string& request) {
        return too_long ? http_file(request, content) : http_answer("200 OK", content);
    });
    fs::create_directory(at.folder / "cache");
    std::ofstream(at.part(), std::ios::binary)
        << std::string(too_long ? content.size() + 5 : 1000, 'x');
    CHECK(text_of(at.fetch()) == content);
    CHECK(at.files() == 1);
}

TEST_CASE("fetch takes a download that was complete but for its name") {
    scene at([](const std::string& request) { return http_file(request, content); });
    fs::create_directory(at.folder / "cache");
    std::ofstream(at.part(), std::ios::binary) << content;
    CHECK(text_of(at.fetch()) == content);
}

TEST_CASE("a wrong hash leaves nothing behind") {
    scene at([](const std::string& request) { return http_file(request, content); });
    CHECK_THROWS_AS(at.fetch("0123456789abcdef"), format_error);
    CHECK_THROWS_WITH(at.fetch("0123456789abcdef"), Contains("expected 0123456789abcdef") &&
                                                        Contains(hash_of(content).substr(0, 16)));
    CHECK(at.files() == 0);
    // The name that torchvision gave the file has its hash.
    CHECK_THROWS_WITH(at.fetch(""), Contains("expected dcbb9e9d"));
}

TEST_CASE("a file of another hash is not fetched over") {
    scene at([](const std::string& request) { return http_file(request, content); });
    const fs::path file = at.fetch();
    std::ofstream(file, std::ios::binary) << "mine";
    CHECK_THROWS_WITH(at.fetch(), Contains("exists, but") && Contains("remove it"));
    CHECK(text_of(file) == "mine");
}

TEST_CASE("fetch says what the server answers") {
    scene at([](const std::string&) { return http_answer("404 Not Found", "no such page"); });
    CHECK_THROWS_WITH(at.fetch(), Contains("the server answers 404"));
    CHECK(at.files() == 0);
    scene empty([](const std::string&) { return http_answer("200 OK", ""); });
    CHECK_THROWS_WITH(empty.fetch(), Contains("empty file"));
    CHECK(empty.files() == 0);
}

TEST_CASE("fetch follows the server elsewhere, but not everywhere") {
    const std::string place = GENERATE("/other", "file:///etc/passwd", "/vgg.pth");
    CAPTURE(place);
    scene at([=](const std::string& request) {
        if (request.starts_with("GET /other"))
            return http_file(request, content);
        return http_answer("302 Found", "", 0, "Location: " + place + "\r\n");
    });
    if (place == "/other") {
        CHECK(text_of(at.fetch()) == content);
    } else {
        CHECK_THROWS_AS(at.fetch(), io_error);
        CHECK(at.files() == 0);
    }
}

TEST_CASE("fetch refuses what is no hash, and folders that cannot be made") {
    scene at([](const std::string& request) { return http_file(request, content); });
    CHECK_THROWS_AS(at.fetch("dcbb9e9"), option_error);
    CHECK_THROWS_AS(at.fetch("dcbb9e9g"), option_error);
    std::ofstream(at.folder / "cache") << "a file";
    CHECK_THROWS_AS(at.fetch(), io_error);
    CHECK(at.server.requests().empty());
}

TEST_CASE("the cache is where XDG has it") {
    const auto value = [](const char* name) {
        const char* text = std::getenv(name);
        return std::string(text == nullptr ? "" : text);
    };
    const std::string cache = value("XDG_CACHE_HOME"), home = value("HOME");
    ::setenv("XDG_CACHE_HOME", "/somewhere", 1);
    CHECK(weights::cache_folder() == "/somewhere/impasto");
    ::setenv("XDG_CACHE_HOME", "relative", 1);  // is to be ignored, says the specification
    ::setenv("HOME", "/home/someone", 1);
    CHECK(weights::cache_folder() == "/home/someone/.cache/impasto");
    ::setenv("XDG_CACHE_HOME", cache.c_str(), 1);
    ::setenv("HOME", home.c_str(), 1);
}
