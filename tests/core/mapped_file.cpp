#include <impasto/core/mapped_file.hpp>

#include <algorithm>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/temporary_folder.hpp"

using namespace impasto;

namespace {

std::string text_of(const mapped_file& file) {
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

TEST_CASE("a file is mapped whole, and what was given back is still there") {
    const test::temporary_folder folder;
    std::string content(100'003, ' ');
    for (std::size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<char>(i * 7 % 251);
    std::ofstream(folder / "file") << content;
    const mapped_file file(folder / "file", content.size());
    CHECK(text_of(file) == content);
    file.give_back(file.bytes());
    file.give_back(file.bytes().subspan(5, 7));
    CHECK(text_of(file) == content);
    const std::vector<std::byte> elsewhere(20'000, std::byte{3});
    file.give_back(elsewhere);
    CHECK(std::ranges::count(elsewhere, std::byte{3}) == 20'000);
    CHECK_THROWS_AS(mapped_file(folder / "file", content.size() - 1), format_error);
}

TEST_CASE("a pipe is read") {
    const test::temporary_folder folder;
    const auto pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const pid_t writer = ::fork();
    if (writer == 0) {
        std::ofstream(pipe) << "through a pipe";
        ::_exit(0);
    }
    const mapped_file file(pipe, 100);
    CHECK(text_of(file) == "through a pipe");
    file.give_back(file.bytes());
    CHECK(text_of(file) == "through a pipe");
}

TEST_CASE("what is no file cannot be mapped") {
    const test::temporary_folder folder;
    CHECK_THROWS_AS(mapped_file(folder / "none", 100), io_error);
    CHECK_THROWS_AS(mapped_file(folder.path(), 100), io_error);
    std::ofstream(folder / "empty").close();
    CHECK_THROWS_AS(mapped_file(folder / "empty", 100), format_error);
}

TEST_CASE("bytes in memory can stand for a file") {
    const mapped_file file("memory", std::vector<std::byte>(10'000, std::byte{7}));
    file.give_back(file.bytes());
    CHECK(std::ranges::count(file.bytes(), std::byte{7}) == 10'000);
    CHECK(file.path() == "memory");
}
