#include "formats/inflated.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <impasto/core/error.hpp>

namespace impasto::formats {

namespace {

std::size_t page_size() {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

std::byte* map_pages(std::size_t size) {
    if (size == 0)
        return nullptr;
    void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        throw out_of_memory("cannot allocate " + std::to_string(size) + " bytes");
    return static_cast<std::byte*>(at);
}

}  // namespace

void inflated::unmap::operator()(std::byte* pages) const {
    ::munmap(pages, size);
}

inflated::inflated(std::shared_ptr<const mapped_file> archive, const zip::member& member,
                   std::size_t limit)
    : reader_(std::move(archive)), member_(member) {
    reader_.expect_at_most(member_, limit);
    const auto size = static_cast<std::size_t>(member_.size);
    pages_ = {map_pages(size), unmap{size}};
    fill();
}

void inflated::fill() {
    const std::size_t size = pages_.get_deleter().size;
    reader_.unpack_into(member_, {pages_.get(), size});
    is_gone_.assign((size + page_size() - 1) / page_size(), false);
}

std::vector<std::byte> inflated::take(std::span<const std::byte> part) {
    const auto begin = static_cast<std::size_t>(part.data() - pages_.get());
    const std::size_t page = page_size(), end = begin + part.size();
    const auto flag = [&](std::size_t i) {
        return is_gone_.begin() + static_cast<std::ptrdiff_t>(i);
    };
    const auto to = flag((end + page - 1) / page);
    if (std::find(flag(begin / page), to, true) != to)
        fill();

    constexpr std::size_t piece = 1 << 20;
    std::vector<std::byte> copy;
    copy.reserve(part.size());
    std::size_t gone = (begin + page - 1) / page;  // the first page has something of the neighbour
    while (copy.size() < part.size()) {
        const auto next =
            part.subspan(copy.size()).first(std::min(piece, part.size() - copy.size()));
        copy.insert(copy.end(), next.begin(), next.end());
        const std::size_t read = (begin + copy.size()) / page;
        if (gone >= read)
            continue;
        ::madvise(pages_.get() + gone * page, (read - gone) * page, MADV_DONTNEED);
        std::fill(flag(gone), flag(read), true);
        gone = read;
    }
    return copy;
}

}  // namespace impasto::formats
