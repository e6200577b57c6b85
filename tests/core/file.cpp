#include <impasto/core/file.hpp>

#include <csignal>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/resource.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/temporary_folder.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
namespace fs = std::filesystem;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string text_of(const fs::path& path) {
    const auto bytes = read_file(path, 1 << 24);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Files that this process writes may not grow past `bytes`, as on a full disk.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
    }
    ~file_size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int);
};

}  // namespace

TEST_CASE("what is written is read back, and replaced, with nothing left beside it") {
    const test::temporary_folder folder;
    const std::string long_text(300'001, 'x');
    for (const std::string& text : {std::string("first"), long_text, std::string("third")}) {
        write_atomically(folder / "a.txt", bytes_of(text));
        CHECK(text_of(folder / "a.txt") == text);
    }
    CHECK(folder.entries() == 1);
}

TEST_CASE("a file is read up to its limit and not beyond") {
    const test::temporary_folder folder;
    write_atomically(folder / "a", bytes_of(std::string(100'000, 'x')));
    CHECK(read_file(folder / "a", 100'000).size() == 100'000);
    CHECK_THROWS_AS(read_file(folder / "a", 99'999), format_error);
    CHECK_THROWS_WITH(read_file(folder / "a", 10), Contains("longer than 10 bytes"));
    // Has no size of its own and never ends.
    CHECK_THROWS_AS(read_file("/dev/zero", 1 << 20), format_error);
}

TEST_CASE("a missing file, a directory and an empty file are told apart") {
    const test::temporary_folder folder;
    CHECK_THROWS_AS(read_file(folder / "none.txt", 10), io_error);
    CHECK_THROWS_WITH(read_file(folder / "none.txt", 10),
                      EndsWith("none.txt: cannot open: No such file or directory"));
    CHECK_THROWS_AS(read_file(folder.path(), 10), io_error);
    CHECK_THROWS_WITH(read_file(folder.path(), 10), EndsWith(": is a directory, not a file"));
    std::ofstream{folder / "empty"}.close();
    CHECK_THROWS_AS(read_file(folder / "empty", 10), format_error);
    CHECK_THROWS_WITH(read_file(folder / "empty", 10), EndsWith("empty: the file is empty"));
}

TEST_CASE("a write that fails leaves the old file and nothing else") {
    const test::temporary_folder folder;
    write_atomically(folder / "a", bytes_of("old"));
    {
        const file_size_limit full_disk(4096);
        CHECK_THROWS_AS(write_atomically(folder / "a", bytes_of(std::string(10'000, 'x'))),
                        io_error);
    }
    CHECK(text_of(folder / "a") == "old");
    CHECK(folder.entries() == 1);
}

TEST_CASE("a place that cannot be written is known beforehand and left as it was") {
    const test::temporary_folder folder;
    fs::create_directory(folder / "sub");
    write_atomically(folder / "plain", bytes_of("x"));
    for (const fs::path& path :
         {folder / "sub", folder / "nowhere/a", folder / "plain/a", fs::path("/dev/null")}) {
        INFO(path);
        CHECK_THROWS_AS(expect_writable(path), io_error);
        CHECK_THROWS_AS(write_atomically(path, bytes_of("new")), io_error);
    }
    CHECK_THROWS_WITH(expect_writable(folder / "nowhere/a"), Contains("there is no folder"));
    expect_writable(folder / "new");
    expect_writable(folder / "plain");
    expect_writable("in_the_working_folder");
    CHECK(folder.entries() == 2);
    CHECK(text_of(folder / "plain") == "x");
}

TEST_CASE("a folder without write permission is named") {
    if (::geteuid() == 0)
        return;  // root may write anywhere
    const test::temporary_folder folder;
    fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
    CHECK_THROWS_WITH(expect_writable(folder / "a"), Contains("Permission denied"));
    CHECK_THROWS_AS(write_atomically(folder / "a", bytes_of("x")), io_error);
    fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST_CASE("a link stays a link and the file behind it is replaced") {
    const test::temporary_folder folder;
    write_atomically(folder / "file", bytes_of("old"));
    fs::create_symlink("file", folder / "link");
    write_atomically(folder / "link", bytes_of("new"));
    CHECK(fs::is_symlink(folder / "link"));
    CHECK(text_of(folder / "file") == "new");
}
