#include "formats/zip.hpp"

#include <algorithm>
#include <cstring>

#include <zlib.h>

#include <impasto/core/error.hpp>

#include "core/characters.hpp"

namespace impasto::formats::zip {

namespace {

constexpr std::uint32_t far_end_signature = 0x06064b50, far_locator_signature = 0x07064b50;
constexpr std::size_t far_locator_size = 20, longest_comment = 0xffff;
constexpr std::uint64_t most_members = 0x10000;
constexpr std::uint32_t far = 0xffff'ffff;  // "the number is in the extra field"

std::string printable(std::string name) {
    constexpr std::size_t longest = 60;
    name.resize(std::min(name.size(), longest));
    std::ranges::replace_if(
        name, [](char c) { return c < ' ' || c > '~'; }, '?');
    return "\"" + name + "\"";
}

/// Inflates without a zlib header. Stops where `out` is full. Gives back the pages of `mapping`, if
/// any, that were read.
std::size_t inflate_into(std::span<const std::byte> packed, std::span<std::byte> out, bool& good,
                         const mapped_file* mapping) {
    z_stream stream{};
    constexpr int raw = -15;
    if (inflateInit2(&stream, raw) != Z_OK)
        throw out_of_memory("zip: zlib has no memory left");
    std::size_t taken = 0, made = 0;
    int state = Z_OK;
    const std::size_t most = mapping == nullptr ? 1u << 30 : 1u << 20;  // zlib counts in 32 bits
    while (state == Z_OK && made < out.size()) {
        const std::size_t in = std::min(packed.size() - taken, most),
                          room = std::min(out.size() - made, most);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + taken));
        stream.avail_in = static_cast<uInt>(in);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + made);
        stream.avail_out = static_cast<uInt>(room);
        state = inflate(&stream, Z_NO_FLUSH);
        if (mapping != nullptr)
            mapping->give_back(packed.subspan(taken, in - stream.avail_in));
        taken += in - stream.avail_in;
        made += room - stream.avail_out;
    }
    inflateEnd(&stream);
    good = state == Z_OK || state == Z_STREAM_END;
    return made;
}

}  // namespace

std::uint32_t checksum_of(std::span<const std::byte> bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

bool is_zip(std::span<const std::byte> bytes) {
    constexpr std::string_view magic{"PK\x03\x04", 4};
    return characters(bytes).starts_with(magic);
}

std::size_t plausible_size(const member& m) {
    constexpr std::uint64_t best_ratio = 100, small = 1 << 20, largest = 1u << 30;
    return static_cast<std::size_t>(std::min(m.packed * best_ratio + small, largest));
}

reader::reader(std::shared_ptr<const mapped_file> file)
    : reader(file->bytes(), file->path().string()) {
    mapping_ = std::move(file);
}

reader::reader(std::span<const std::byte> bytes, std::string file)
    : bytes_(bytes), file_(std::move(file)) {
    const directory where = find_directory();
    if (where.count > most_members)
        refuse("zip directory claims " + std::to_string(where.count) + " members; at most " +
               std::to_string(most_members) + " are read");
    std::size_t at = where.begin;
    std::uint64_t total = 0;
    for (std::uint64_t i = 0; i < where.count; ++i) {
        at = read_member(at);
        total += packed(members_.back()).size();
    }
    if (total > bytes_.size())  // or a small file could unpack to a large one many times
        refuse("zip members overlap: they claim " + std::to_string(total) +
               " bytes, the file has " + std::to_string(bytes_.size()));
}

const member* reader::find(std::string_view name) const {
    const auto found = std::ranges::find(members_, name, &member::name);
    return found == members_.end() ? nullptr : &*found;
}

std::span<const std::byte> reader::packed(const member& m) const {
    if (get<std::uint32_t>(m.offset) != local_signature)
        refuse("zip member " + printable(m.name) + " is not where the directory says");
    const std::uint64_t begin = m.offset + local_size + get<std::uint16_t>(m.offset + 26) +
                                get<std::uint16_t>(m.offset + 28);
    return slice(begin, m.packed);
}

void reader::fill(const member& m, std::span<std::byte> out) const {
    const auto source = packed(m);
    if (!m.deflated) {
        std::ranges::copy(source.first(out.size()), out.begin());
        return;
    }
    bool good = false;
    const std::size_t made = inflate_into(source, out, good, mapping_.get());
    if (!good || made != out.size())
        refuse("zip member " + printable(m.name) + " is damaged: it unpacks to " +
               std::to_string(made) + " of " + std::to_string(out.size()) + " bytes");
}

std::vector<std::byte> reader::begin_of(const member& m, std::size_t limit) const {
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::min<std::uint64_t>(m.size, limit)));
    fill(m, bytes);
    return bytes;
}

std::vector<std::byte> reader::unpack(const member& m, std::size_t limit) const {
    expect_at_most(m, limit);
    auto bytes = begin_of(m, limit);
    expect_checksum(m, bytes);
    return bytes;
}

void reader::unpack_into(const member& m, std::span<std::byte> out) const {
    fill(m, out);
    expect_checksum(m, out);
}

void reader::expect_at_most(const member& m, std::size_t limit) const {
    if (m.size > limit)
        refuse("zip member " + printable(m.name) + " claims " + std::to_string(m.size) +
               " bytes; at most " + std::to_string(limit) + " are read");
}

void reader::expect_checksum(const member& m, std::span<const std::byte> bytes) const {
    if (checksum_of(bytes) != m.checksum)
        refuse("zip member " + printable(m.name) + " has a wrong checksum");
}

void reader::refuse(const std::string& what) const {
    throw format_error(file_ + ": " + what);
}

reader::directory reader::find_directory() const {
    const std::size_t size = bytes_.size();
    if (size < end_size)
        refuse("is no zip archive: it has " + std::to_string(size) + " bytes");
    std::size_t end = size - end_size;  // the end record is last, but for a comment
    const std::size_t earliest = end - std::min(end, longest_comment);
    while (get<std::uint32_t>(end) != end_signature ||
           end + end_size + get<std::uint16_t>(end + 20) != size)
        if (end-- == earliest)
            refuse("the end record of the zip archive is missing; the file may be cut off");
    directory found{get<std::uint16_t>(end + 10), get<std::uint32_t>(end + 16)};
    if (end >= far_locator_size &&
        get<std::uint32_t>(end - far_locator_size) == far_locator_signature) {
        const auto far_end = get<std::uint64_t>(end - far_locator_size + 8);
        if (get<std::uint32_t>(far_end) != far_end_signature)
            refuse("zip end record is damaged");
        found = {get<std::uint64_t>(far_end + 32), get<std::uint64_t>(far_end + 48)};
    }
    return found;
}

/// Returns where the next one begins.
std::size_t reader::read_member(std::size_t at) {
    constexpr std::uint16_t stored = 0, deflated = 8, encrypted = 1, far_sizes = 1;
    if (get<std::uint32_t>(at) != entry_signature)
        refuse("zip directory is damaged");
    const auto name_size = get<std::uint16_t>(at + 28), extra_size = get<std::uint16_t>(at + 30);
    const auto name = slice(at + entry_size, name_size);
    member m{.name = std::string(characters(name))};
    const auto method = get<std::uint16_t>(at + 10);
    if ((method != stored && method != deflated) || (get<std::uint16_t>(at + 8) & encrypted) != 0)
        refuse("zip member " + printable(m.name) + " is encrypted or compressed by method " +
               std::to_string(method) + "; expected stored (0) or deflated (8)");
    m.deflated = method == deflated;
    m.checksum = get<std::uint32_t>(at + 16);
    m.packed = get<std::uint32_t>(at + 20);
    m.size = get<std::uint32_t>(at + 24);
    m.offset = get<std::uint32_t>(at + 42);

    const std::size_t extra = at + entry_size + name_size, end = extra + extra_size;
    for (std::size_t field = extra; field + 4 <= end; field += 4u + get<std::uint16_t>(field + 2)) {
        if (get<std::uint16_t>(field) != far_sizes)
            continue;
        std::size_t next = field + 4;
        for (std::uint64_t* number : {&m.size, &m.packed, &m.offset})
            if (*number == far) {
                *number = get<std::uint64_t>(next);
                next += 8;
            }
    }
    if (!m.deflated && m.packed != m.size)
        refuse("zip member " + printable(m.name) + " is stored, but has " +
               std::to_string(m.packed) + " bytes and claims " + std::to_string(m.size));
    constexpr std::uint64_t best_ratio = 1032, least = 1024;  // zlib.net/zlib_tech.html
    if (m.packed < far && m.size > m.packed * best_ratio + least)
        refuse("zip member " + printable(m.name) + " claims " + std::to_string(m.size) +
               " bytes, which " + std::to_string(m.packed) + " compressed ones cannot hold");
    members_.push_back(std::move(m));
    return end + get<std::uint16_t>(at + 32);
}

std::span<const std::byte> reader::slice(std::uint64_t begin, std::uint64_t size) const {
    if (begin > bytes_.size() || size > bytes_.size() - begin)
        refuse("zip points to " + std::to_string(size) + " bytes at " + std::to_string(begin) +
               ", the file has " + std::to_string(bytes_.size()));
    return bytes_.subspan(begin, size);
}

template <class Integer>
Integer reader::get(std::uint64_t at) const {
    Integer value;
    std::memcpy(&value, slice(at, sizeof value).data(), sizeof value);
    return value;
}

}  // namespace impasto::formats::zip
