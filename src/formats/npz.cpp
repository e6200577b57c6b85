#include <algorithm>
#include <cstring>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>

#include "core/describe.hpp"
#include "formats/npy_bytes.hpp"
#include "formats/zip.hpp"

// A zip archive: for each member a local header, its name and its bytes; then the directory with an
// entry for each; then the end record, which says where the directory begins. Source: PKWARE's
// APPNOTE, 4.3. Written are only stored members, without the extensions for 4 GiB and more.

namespace impasto::formats::npy {

namespace {

constexpr std::uint16_t version = 20;
constexpr std::uint16_t first_of_january_1980 = 0x21;  // zip knows no "no time"

struct member {
    std::string name;
    std::uint32_t checksum = 0;
    std::uint32_t size = 0;
    std::uint32_t offset = 0;  ///< of the local header
};

class zip_writer {
public:
    void add(const std::string& name, std::span<const std::byte> bytes) {
        if (bytes_.size() + bytes.size() + name.size() + zip::local_size > largest_file)
            throw option_error("npz: array " + name +
                               " would make the archive longer than 4 GiB; " +
                               "store fewer or smaller arrays");
        const auto size = static_cast<std::uint32_t>(bytes.size());
        members_.push_back({name, zip::checksum_of(bytes), size, position()});
        put(zip::local_signature);
        put_common(members_.back());
        put_bytes(name.data(), name.size());
        put_bytes(bytes.data(), bytes.size());
    }

    std::vector<std::byte> finish() {
        const std::uint32_t begin = position();
        for (const member& m : members_) {
            put(zip::entry_signature);
            put(version);
            put_common(m);
            put(std::uint16_t{0});  // comment
            put(std::uint32_t{0});  // disk, internal attributes
            put(std::uint32_t{0});  // external attributes
            put(m.offset);
            put_bytes(m.name.data(), m.name.size());
        }
        const std::uint32_t length = position() - begin;
        const auto count = static_cast<std::uint16_t>(members_.size());
        put(zip::end_signature);
        put(std::uint32_t{0});  // disks
        put(count);
        put(count);
        put(length);
        put(begin);
        put(std::uint16_t{0});  // comment
        return std::move(bytes_);
    }

private:
    /// What a local header and an entry of the directory share.
    void put_common(const member& m) {
        put(version);
        put(std::uint32_t{0});  // flags; method: stored
        put(std::uint16_t{0});  // time
        put(first_of_january_1980);
        put(m.checksum);
        put(m.size);  // compressed
        put(m.size);
        put(static_cast<std::uint16_t>(m.name.size()));
        put(std::uint16_t{0});  // extra field
    }
    template <class Integer>
    void put(Integer value) {
        put_bytes(&value, sizeof value);
    }
    void put_bytes(const void* from, std::size_t size) {
        const auto* begin = static_cast<const std::byte*>(from);
        bytes_.insert(bytes_.end(), begin, begin + size);
    }
    [[nodiscard]] std::uint32_t position() const {
        return static_cast<std::uint32_t>(bytes_.size());
    }

    std::vector<std::byte> bytes_;
    std::vector<member> members_;
};

}  // namespace

void write_archive(const std::filesystem::path& file,
                   const std::map<std::string, array_view>& arrays) {
    constexpr std::size_t longest_key = 1000, most_arrays = 0xffff;
    if (arrays.size() > most_arrays)
        throw option_error("npz: " + std::to_string(arrays.size()) + " arrays, at most 65535");
    zip_writer archive;
    for (const auto& [key, values] : arrays) {
        if (key.empty() || key.size() > longest_key || key.find('/') != std::string::npos)
            throw option_error("npz: key \"" + key + "\" is empty, too long or has a slash");
        archive.add(key + ".npy", serialize(values));
    }
    write_atomically(file, archive.finish());
}

std::map<std::string, array> read_archive(const std::filesystem::path& file) {
    constexpr std::string_view suffix = ".npy";
    const auto bytes = read_file(file, largest_file);
    const std::string called = file.string();
    const zip::reader archive(bytes, called);
    std::map<std::string, array> arrays;
    for (const zip::member& m : archive.members()) {
        if (!m.name.ends_with(suffix))
            archive.refuse("npz holds " + quoted(m.name) + "; expected .npy arrays alone");
        const std::string key = m.name.substr(0, m.name.size() - suffix.size());
        if (!arrays.emplace(key, parse(archive.unpack(m, largest_file), called)).second)
            archive.refuse("npz has the array " + quoted(key) + " twice; names must differ");
    }
    return arrays;
}

}  // namespace impasto::formats::npy
