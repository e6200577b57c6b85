#include <impasto/core/file.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <impasto/core/error.hpp>

namespace impasto {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t smallest_buffer = 1 << 16;

[[noreturn]] void fail(const fs::path& path, const std::string& attempt, int code) {
    throw io_error(path.string() + ": " + attempt + ": " + std::generic_category().message(code));
}

class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { close(); }

    [[nodiscard]] int get() const { return fd_; }
    /// 0 or an errno: a network file system may report a failed write only here.
    int close() {
        const int fd = std::exchange(fd_, -1);
        return fd >= 0 && ::close(fd) != 0 ? errno : 0;
    }

private:
    int fd_;
};

/// Bytes that the file says it has; 0 for a pipe, which cannot tell.
std::size_t claimed_size(int fd, const fs::path& path) {
    struct stat status {};
    if (::fstat(fd, &status) != 0)
        fail(path, "cannot read", errno);
    if (S_ISDIR(status.st_mode))
        throw io_error(path.string() + ": is a directory, not a file");
    return S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
}

[[noreturn]] void fail_too_long(const fs::path& path, std::size_t max_bytes) {
    throw format_error(path.string() + ": the file is longer than " + std::to_string(max_bytes) +
                       " bytes, the most that is read here");
}

/// 0 at the end of the file.
std::size_t read_some(int fd, std::span<std::byte> buffer, const fs::path& path) {
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got >= 0)
            return static_cast<std::size_t>(got);
        if (errno != EINTR)
            fail(path, "cannot read", errno);
    }
}

/// A new file in `folder`. O_EXCL: never through a link that somebody planted.
std::pair<int, fs::path> create_temporary(const fs::path& folder) {
    static std::atomic<unsigned> counter = 0;
    for (;;) {
        fs::path name = folder / (".impasto-" + std::to_string(::getpid()) + "-" +
                                  std::to_string(counter++) + ".tmp");
        const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return {fd, std::move(name)};
    }
}

/// 0 or an errno.
int write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return 0;
}

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// What a rename has to replace. Throws io_error where that is not an ordinary file:
/// a rename onto /dev/null would succeed, and there would be no /dev/null any more.
fs::path rename_target(const fs::path& path) {
    std::error_code ignored;
    const fs::file_status status = fs::status(path, ignored);
    if (fs::is_directory(status))
        throw io_error(path.string() + ": is a directory, not a file");
    if (fs::exists(status) && !fs::is_regular_file(status))
        throw io_error(path.string() + ": is not an ordinary file, and cannot be replaced");
    return fs::exists(status) ? fs::canonical(path) : path;
}

}  // namespace

std::vector<std::byte> read_file(const fs::path& path, std::size_t max_bytes) {
    descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0)
        fail(path, "cannot open", errno);

    const std::size_t claimed = claimed_size(file.get(), path);
    if (claimed > max_bytes)
        fail_too_long(path, max_bytes);
    // One byte more than the file should have, so that its end shows without growing.
    std::vector<std::byte> bytes(std::min(std::max(claimed, smallest_buffer), max_bytes) + 1);
    std::size_t length = 0;
    while (const std::size_t got = read_some(file.get(), std::span(bytes).subspan(length), path)) {
        length += got;
        if (length > max_bytes)
            fail_too_long(path, max_bytes);
        if (length == bytes.size())
            bytes.resize(std::min(2 * length, max_bytes) + 1);
    }
    if (length == 0)
        throw format_error(path.string() + ": the file is empty");
    bytes.resize(length);
    return bytes;
}

void write_atomically(const fs::path& path, std::span<const std::byte> bytes) {
    const fs::path target = rename_target(path);
    const auto [fd, temporary] = create_temporary(folder_of(target));
    if (fd < 0)
        fail(path, "cannot write into the folder", errno);

    descriptor file(fd);
    int code = write_all(fd, bytes);
    if (const int closing = file.close(); code == 0)
        code = closing;
    if (code == 0 && ::rename(temporary.c_str(), target.c_str()) != 0)
        code = errno;
    if (code != 0) {
        ::unlink(temporary.c_str());
        fail(path, "cannot write", code);
    }
}

void expect_writable(const fs::path& path) {
    const fs::path folder = folder_of(rename_target(path));
    std::error_code ignored;
    if (!fs::exists(folder, ignored))
        throw io_error(path.string() + ": there is no folder " + folder.string());
    if (!fs::is_directory(folder, ignored))
        throw io_error(path.string() + ": " + folder.string() + " is not a folder");
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        fail(path, "cannot write into the folder", errno);
}

}  // namespace impasto
