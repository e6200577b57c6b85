#include <impasto/core/mapped_file.hpp>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>

namespace impasto {

namespace fs = std::filesystem;

namespace {

/// Empty where there is nothing to map: no ordinary file, none at all, or an empty one.
std::span<const std::byte> map(const fs::path& path, std::size_t max_bytes) {
    std::error_code unknown;
    if (!fs::is_regular_file(path, unknown))
        return {};  // not even opened: a pipe can be opened once, by who will read it
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return {};
    struct stat status {};
    void* at = MAP_FAILED;
    std::size_t size = 0;
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        size = static_cast<std::size_t>(status.st_size);
        if (size > 0 && size <= max_bytes)
            at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    ::close(fd);  // the mapping stays
    if (at == MAP_FAILED)
        return {};
    return {static_cast<const std::byte*>(at), size};
}

}  // namespace

mapped_file::mapped_file(const fs::path& path, std::size_t max_bytes)
    : path_(path), bytes_(map(path, max_bytes)) {
    if (bytes_.empty()) {  // read_file reads it after all, or says why not
        buffer_ = read_file(path, max_bytes);
        bytes_ = buffer_;
    }
}

mapped_file::mapped_file(fs::path path, std::vector<std::byte> bytes)
    : path_(std::move(path)), buffer_(std::move(bytes)), bytes_(buffer_) {}

mapped_file::~mapped_file() {
    if (buffer_.empty() && !bytes_.empty())
        ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void mapped_file::give_back(std::span<const std::byte> part) const {
    const auto address = [](const std::byte* p) { return reinterpret_cast<std::uintptr_t>(p); };
    const bool inside =
        address(part.data()) >= address(bytes_.data()) &&
        address(part.data() + part.size()) <= address(bytes_.data() + bytes_.size());
    if (!buffer_.empty() || !inside)
        return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (address(part.data()) + page - 1) / page * page;
    const auto end = address(part.data() + part.size()) / page * page;
    if (begin < end)
        ::madvise(const_cast<std::byte*>(part.data()) + (begin - address(part.data())), end - begin,
                  MADV_DONTNEED);
}

}  // namespace impasto
