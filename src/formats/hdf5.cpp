#include "formats/hdf5.hpp"

#include <set>
#include <utility>

#include "core/describe.hpp"
#include "formats/hdf5_groups.hpp"

namespace impasto::formats::hdf5 {

namespace {

constexpr std::size_t largest_rank = 8, longest_path = 1'000;

/// Walks from the root through all groups and lists the datasets.
class reader {
public:
    reader(std::span<const std::byte> bytes, const std::string& file) : objects_(bytes, file) {}

    std::vector<dataset> read() {
        read_object("", objects_.root(), 0);
        return std::move(found_);
    }

private:
    void read_object(const std::string& path, std::uint64_t address, int depth) {
        if (depth > group_reader::deepest)
            objects_.refuse("groups are nested more than " + std::to_string(group_reader::deepest) +
                            " levels deep");
        if (!open_.insert(address).second)
            objects_.refuse("group " + impasto::quoted(path) + " contains itself");
        if (path.size() > longest_path)
            objects_.refuse("a path has more than " + std::to_string(longest_path) + " bytes");
        const auto messages = objects_.read_messages(address);
        if (find(messages, layout_message) != nullptr)
            found_.push_back(read_dataset(path, messages));
        for (const link& child : groups_.read_links(path, messages))
            read_object(path.empty() ? child.name : path + "/" + child.name, child.address,
                        depth + 1);
        open_.erase(address);
    }

    dataset read_dataset(const std::string& path, const std::vector<message>& messages) const {
        const message* space = find(messages, dataspace_message);
        const message* type = find(messages, datatype_message);
        dataset found{.path = path};
        if (find(messages, external_files_message) != nullptr)
            objects_.refuse("dataset " + impasto::quoted(path) + " is stored in another file");
        if (space == nullptr || space->is_shared || type == nullptr || type->is_shared)
            return found;
        found.type = read_type(*type);
        found.extents = read_extents(*space);
        if (found.type != element_type::other)
            read_layout(found, *find(messages, layout_message));
        return found;
    }

    std::vector<std::int64_t> read_extents(const message& m) const {
        cursor in(m.data, objects_.file());
        const auto version = in.get<std::uint8_t>(), rank = in.get<std::uint8_t>();
        in.skip(version == 1 ? 6 : 2);
        if (rank > largest_rank)
            objects_.refuse("a dataset has " + std::to_string(rank) +
                            " dimensions; expected at most 8");
        std::vector<std::int64_t> extents;
        for (int i = 0; i < rank; ++i)
            extents.push_back(in.get<std::int64_t>());
        return extents;
    }

    element_type read_type(const message& m) const {
        cursor in(m.data, objects_.file());
        const auto floating_point = in.get<std::uint8_t>() & 0x0f;
        const auto byte_order = in.get<std::uint8_t>() & 0x41;
        in.skip(2);
        const auto size = in.get<std::uint32_t>();
        if (floating_point != 1 || byte_order != 0 || in.left() < 12)
            return element_type::other;
        in.skip(4);  // no bits to spare in any of these
        const auto exponent_at = in.get<std::uint8_t>(), exponent = in.get<std::uint8_t>();
        if (size == 8 && exponent_at == 52 && exponent == 11)
            return element_type::float64;
        if (size == 4 && exponent_at == 23 && exponent == 8)
            return element_type::float32;
        if (size == 2 && exponent_at == 10 && exponent == 5)
            return element_type::float16;
        if (size == 2 && exponent_at == 7 && exponent == 8)
            return element_type::bfloat16;
        return element_type::other;
    }

    void read_layout(dataset& found, const message& m) const {
        enum : std::uint8_t { compact = 0, contiguous = 1 };
        cursor in(m.data, objects_.file());
        const auto version = in.get<std::uint8_t>(), kind = in.get<std::uint8_t>();
        const bool known = version == 3 || version == 4;
        if (known && kind == compact) {
            found.bytes = in.take(in.get<std::uint16_t>());
        } else if (known && kind == contiguous) {
            const auto address = in.get<std::uint64_t>(), size = in.get<std::uint64_t>();
            if (address != undefined)  // nothing was ever written: reading it is an error
                found.bytes = objects_.at(address, "dataset").take(size);
        } else {
            found.unpack = [what = objects_.file() + ": dataset " +
                                   impasto::quoted(found.path)]() -> std::vector<std::byte> {
                throw format_error(what +
                                   " is stored in chunks or compressed; expected one piece, as "
                                   "Keras writes it");
            };
        }
    }

    const object_reader objects_;
    group_reader groups_{objects_};
    std::set<std::uint64_t> open_;  ///< the objects on the way from the root to here
    std::vector<dataset> found_;
};

}  // namespace

bool is_hdf5(std::span<const std::byte> bytes) {
    return find_signature(bytes) < bytes.size();
}

std::vector<dataset> datasets(std::span<const std::byte> bytes, const std::string& file) {
    return reader(bytes, file).read();
}

}  // namespace impasto::formats::hdf5
