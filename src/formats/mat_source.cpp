#include "formats/mat_source.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace impasto::formats::mat {

namespace {

constexpr std::uint64_t best_ratio = 1032;  ///< zlib.net/zlib_tech.html
constexpr std::uint64_t worth_a_checkpoint = 1 << 16;
constexpr std::size_t piece = 1 << 20;  ///< that is inflated before its pages are given back

/// Bytes that were inflated, and where to inflate them again.
class kept_bytes {
public:
    kept_bytes(std::vector<std::byte> bytes, const inflating_source& before)
        : bytes_(std::move(bytes)), size_(bytes_.size()), before_(before) {}

    [[nodiscard]] std::vector<std::byte> take() {
        if (!bytes_.empty())
            return std::exchange(bytes_, {});
        std::vector<std::byte> again(size_);
        inflating_source(before_).read(again);
        return again;
    }

private:
    std::vector<std::byte> bytes_;
    std::size_t size_;
    inflating_source before_;
};

}  // namespace

inflating_source::inflating_source(std::span<const std::byte> deflated, const mapped_file& file,
                                   inflate_budget budget)
    : deflated_(deflated), file_(file), budget_(budget) {
    if (::inflateInit(&stream_) != Z_OK)
        throw out_of_memory(file.path().string() + ": zlib has no memory");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(deflated.data()));
}

inflating_source::inflating_source(const inflating_source& other)
    : deflated_(other.deflated_),
      file_(other.file_),
      given_back_(other.given_back_),
      budget_(other.budget_),
      position_(other.position_) {
    if (::inflateCopy(&stream_, const_cast<z_stream*>(&other.stream_)) != Z_OK)
        throw out_of_memory(file_.path().string() + ": zlib has no memory");
}

std::size_t inflating_source::consumed() const {
    return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(stream_.next_in) -
                                    deflated_.data());
}

void inflating_source::give_back() {
    const std::size_t end = consumed();
    if (end - given_back_ < piece)
        return;
    file_.give_back(deflated_.subspan(given_back_, end - given_back_));
    constexpr std::size_t page = 1 << 16;  // the largest there is: one that is half read stays
    given_back_ = end - page;
}

void inflating_source::read(std::span<std::byte> into) {
    if (into.size() > budget_.inflate)
        refuse("inflates to more than two gigabytes");
    budget_.inflate -= into.size();
    position_ += into.size();
    while (!into.empty()) {
        constexpr std::size_t longest = std::numeric_limits<uInt>::max();
        const auto room = static_cast<uInt>(std::min(into.size(), longest));
        stream_.avail_in = static_cast<uInt>(std::min(deflated_.size() - consumed(), piece));
        stream_.avail_out = room;
        stream_.next_out = reinterpret_cast<Bytef*>(into.data());
        const int status = ::inflate(&stream_, Z_NO_FLUSH);
        into = into.subspan(room - stream_.avail_out);
        if (status != Z_OK && !(status == Z_STREAM_END && into.empty()))
            refuse("compressed data end early or are damaged");
        give_back();
    }
}

void inflating_source::skip(std::uint64_t size) {
    std::array<std::byte, 1 << 14> unread;
    while (size > 0) {
        const auto part = std::min<std::uint64_t>(size, unread.size());
        read(std::span(unread).first(part));
        size -= part;
    }
}

std::vector<std::byte> inflating_source::read(std::uint64_t size) {
    const std::size_t left = deflated_.size() - consumed();
    constexpr std::uint64_t window = 1 << 15;  // may still be there to hand out
    if (size > left * best_ratio + window)
        refuse(std::to_string(size) + " bytes cannot come from " + std::to_string(left) +
               " compressed ones; the file may be cut off");
    if (size > budget_.keep)
        refuse("its arrays have more than " + std::to_string(inflate_budget{}.keep >> 20) + " MiB");
    budget_.keep -= size;
    std::vector<std::byte> bytes(size);
    read(bytes);
    return bytes;
}

content inflating_source::keep(std::uint64_t size) {
    if (size < worth_a_checkpoint)
        return {{}, [bytes = read(size)] { return bytes; }};
    const inflating_source before(*this);
    const auto kept = std::make_shared<kept_bytes>(read(size), before);
    return {{}, [kept] { return kept->take(); }};
}

}  // namespace impasto::formats::mat
