#include <impasto/weights/fetch.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <impasto/core/error.hpp>
#include <impasto/core/mapped_file.hpp>

#include "core/sha256.hpp"
#include "weights/download.hpp"

namespace impasto::weights {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t largest_file = std::size_t{2} << 30;

[[noreturn]] void fail(const fs::path& path, const std::string& attempt, int code) {
    throw io_error(path.string() + ": " + attempt + ": " + std::generic_category().message(code));
}

/// FILE.part, open and locked: two that write it would spoil it.
class partial_file {
public:
    explicit partial_file(fs::path path) : path_(std::move(path)) {
        fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd_ < 0)
            fail(path_, "cannot write", errno);
        if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
            ::close(fd_);
            throw io_error(path_.string() + ": another program is fetching this file");
        }
    }
    partial_file(const partial_file&) = delete;
    partial_file& operator=(const partial_file&) = delete;
    ~partial_file() { ::close(fd_); }

    [[nodiscard]] int descriptor() const { return fd_; }
    [[nodiscard]] const fs::path& path() const { return path_; }
    [[nodiscard]] std::uint64_t size() const {
        struct stat status {};
        return ::fstat(fd_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
    }
    void remove() { ::unlink(path_.c_str()); }
    void clear() {
        if (::ftruncate(fd_, 0) != 0)
            fail(path_, "cannot be emptied", errno);
    }
    void rename_to(const fs::path& target) {
        if (::fsync(fd_) != 0 || ::rename(path_.c_str(), target.c_str()) != 0)
            fail(target, "cannot write", errno);
    }

private:
    fs::path path_;
    int fd_;
};

std::string hash_of(const fs::path& path) {
    const mapped_file file(path, largest_file);
    sha256 hash;
    constexpr std::size_t piece = 1 << 20;
    for (auto rest = file.bytes(); !rest.empty();
         rest = rest.subspan(std::min(piece, rest.size()))) {
        hash.add(rest.first(std::min(piece, rest.size())));
        file.give_back(rest.first(std::min(piece, rest.size())));
    }
    return hash.finish();
}

/// The digits to compare with, in lower case.
std::string expected_hash(const published& network, const fetch_options& options) {
    std::string digits(options.sha256.empty() ? network.sha256 : options.sha256);
    std::ranges::transform(digits, digits.begin(), [](char c) {
        return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (digits.size() < 8 || digits.size() > 64 ||
        digits.find_first_not_of("0123456789abcdef") != std::string::npos)
        throw option_error("sha256: '" + options.sha256 + "' is not 8 to 64 hexadecimal digits");
    return digits;
}

void make_folder(const fs::path& folder) {
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure)
        fail(folder, "cannot make the folder", failure.value());
}

bool is_complete(const partial_file& part, const std::string& expected) {
    return part.size() > 0 && hash_of(part.path()).starts_with(expected);
}

/// Resumes an earlier attempt, or starts again where the server cannot resume it.
void complete(partial_file& part, const std::string& url, const std::string& expected,
              const fetch_options& options) {
    const bool went_on = download(part.descriptor(), url, part.size(), options.observer);
    if (!went_on && !is_complete(part, expected)) {
        part.clear();
        (void)download(part.descriptor(), url, 0, options.observer);
    }
    if (part.size() == 0)
        throw io_error(url + ": the server sends an empty file");
    const std::string found = hash_of(part.path());
    if (!found.starts_with(expected)) {
        part.clear();
        throw format_error(url + ": SHA-256 begins with " + found.substr(0, expected.size()) +
                           ", expected " + expected + "; the download was deleted");
    }
}

}  // namespace

const published* find_published(std::string_view name) {
    const auto found = std::ranges::find(published_networks, name, &published::name);
    return found == std::end(published_networks) ? nullptr : &*found;
}

fs::path cache_folder() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return fs::path(value == nullptr ? "" : value);
    };
    if (const fs::path cache = variable("XDG_CACHE_HOME"); cache.is_absolute())
        return cache / "impasto";
    const fs::path home = variable("HOME");
    if (home.empty())
        throw io_error("there is no cache folder: set HOME or XDG_CACHE_HOME");
    return home / ".cache" / "impasto";
}

std::optional<fs::path> find_cached(const published& network) {
    const fs::path folder = cache_folder();
    for (const std::string_view name : {network.oxford, network.file})
        if (!name.empty() && fs::exists(folder / name))
            return folder / name;
    return std::nullopt;
}

fs::path fetch(const published& network, const fetch_options& options) {
    const std::string expected = expected_hash(network, options);
    const fs::path folder = options.folder.empty() ? cache_folder() : options.folder;
    fs::path target = folder / network.file;
    if (fs::exists(target)) {
        if (const std::string found = hash_of(target); !found.starts_with(expected))
            throw format_error(target.string() + ": exists, but its SHA-256 begins with " +
                               found.substr(0, expected.size()) + ", expected " + expected +
                               "; remove it and fetch again");
        return target;
    }
    make_folder(folder);
    partial_file part(target.string() + ".part");
    try {
        const std::string url = options.url.empty() ? std::string(network.url) : options.url;
        complete(part, url, expected, options);
        part.rename_to(target);
        return target;
    } catch (...) {
        if (part.size() == 0)
            part.remove();
        throw;
    }
}

}  // namespace impasto::weights
