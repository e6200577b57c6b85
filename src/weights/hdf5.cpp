#include "weights/hdf5.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "weights/cursor.hpp"
#include "weights/describe.hpp"

namespace impasto::weights::hdf5 {

namespace {

constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
constexpr std::uint64_t undefined = UINT64_MAX;
constexpr int deepest = 64;
constexpr std::size_t most_objects = 10'000, most_messages = 1'000, largest_rank = 8,
                      longest_path = 1'000;

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The superblock is at byte 0, or behind a block of the user's at 512, 1024, 2048, …
std::size_t find_signature(std::span<const std::byte> bytes) {
    constexpr std::size_t last = 1 << 20;
    for (std::size_t at = 0; at < std::min(bytes.size(), last); at = at == 0 ? 512 : 2 * at)
        if (text_of(bytes.subspan(at)).starts_with(signature))
            return at;
    return bytes.size();
}

enum message_type : std::uint16_t {
    dataspace_message = 0x01,
    link_info_message = 0x02,
    datatype_message = 0x03,
    link_message = 0x06,
    external_files_message = 0x07,
    layout_message = 0x08,
    continuation_message = 0x10,
    symbol_table_message = 0x11,
};

struct message {
    std::uint16_t type = 0;
    bool is_shared = false;
    std::span<const std::byte> data;
};

struct link {
    std::string name;
    std::uint64_t address = 0;
};

class reader {
public:
    reader(std::span<const std::byte> bytes, const std::string& file)
        : bytes_(bytes), file_(file) {}

    std::vector<entry> read() {
        read_object("", read_superblock(), 0);
        return std::move(found_);
    }

private:
    [[noreturn]] void refuse(const std::string& what) const {
        throw format_error(file_ + ": " + what);
    }

    cursor at(std::uint64_t address, const char* what, std::string_view expected = "") const {
        if (address >= bytes_.size())
            refuse(std::string(what) + " at byte " + std::to_string(address) +
                   " lies outside the file; it may be cut off");
        cursor here(bytes_, file_, address);
        if (text_of(here.take(expected.size())) != expected)
            refuse(std::string(what) + " at byte " + std::to_string(address) + " is damaged");
        return here;
    }

    /// The address of the root group; makes addresses count from where they should.
    std::uint64_t read_superblock() {
        const std::size_t begin = find_signature(bytes_);
        cursor in = at(begin, "superblock", signature);
        const auto version = in.get<std::uint8_t>();
        if (version > 3)
            refuse("is HDF5 with a superblock of version " + std::to_string(version) +
                   "; expected 0 to 3");
        const bool old = version < 2;
        if (old)
            in.skip(4);
        const auto offset_size = in.get<std::uint8_t>(), length_size = in.get<std::uint8_t>();
        if (offset_size != 8 || length_size != 8)
            refuse("is HDF5 with addresses of " + std::to_string(offset_size) +
                   " bytes; expected 8");
        in.skip(old ? (version == 1 ? 13 : 9) : 1);
        const auto base = in.get<std::uint64_t>();
        in.skip(8);
        const auto end = in.get<std::uint64_t>();
        in.skip(old ? 2 * 8 : 0);  // a driver; the root has no name
        const auto root = in.get<std::uint64_t>();
        if (base > end || end > bytes_.size())
            refuse("is HDF5 of " + std::to_string(end) + " bytes, and has " +
                   std::to_string(bytes_.size()) + "; it may be cut off");
        bytes_ = bytes_.subspan(base);
        return root;
    }

    // ---- object headers -------------------------------------------------------------------------

    std::vector<message> read_messages(std::uint64_t address) {
        cursor in = at(address, "object header");
        const bool modern = text_of(bytes_.subspan(address)).starts_with("OHDR");
        std::vector<message> messages;
        std::vector<std::span<const std::byte>> blocks;
        std::uint8_t flags = 0;
        if (modern) {
            in.skip(5);
            flags = in.get<std::uint8_t>();
            in.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
            blocks.push_back(in.take(in.get_sized(std::size_t{1} << (flags & 3))));
        } else {
            if (in.get<std::uint8_t>() != 1)
                refuse("object header at byte " + std::to_string(address) + " is damaged");
            in.skip(7);
            const auto size = in.get<std::uint32_t>();
            in.skip(4);
            blocks.push_back(in.take(size));
        }
        for (std::size_t i = 0; i < blocks.size(); ++i)
            read_block(blocks[i], modern, (flags & 4) != 0, messages, blocks);
        return messages;
    }

    /// Adds a block's messages, and the blocks in which it goes on.
    void read_block(std::span<const std::byte> block, bool modern, bool ordered,
                    std::vector<message>& messages,
                    std::vector<std::span<const std::byte>>& blocks) {
        const std::size_t head = modern ? (ordered ? 6 : 4) : 8;
        for (cursor in(block, file_); in.left() >= head;) {
            message m;
            m.type = modern ? in.get<std::uint8_t>() : in.get<std::uint16_t>();
            const auto size = in.get<std::uint16_t>();
            m.is_shared = (in.get<std::uint8_t>() & 2) != 0;
            in.skip(modern ? (ordered ? 2 : 0) : 3);
            m.data = in.take(size);
            if (m.type == continuation_message)
                blocks.push_back(continuation(m, modern));
            messages.push_back(m);
            if (messages.size() > most_messages)
                refuse("an object has more than " + std::to_string(most_messages) + " messages");
        }
    }

    std::span<const std::byte> continuation(const message& m, bool modern) const {
        cursor in(m.data, file_);
        const auto address = in.get<std::uint64_t>(), length = in.get<std::uint64_t>();
        constexpr std::size_t checksum = 4;
        cursor block = at(address, "object header's continuation", modern ? "OCHK" : "");
        if (!modern)
            return block.take(length);
        if (length < 4 + checksum)
            refuse("an object header's continuation has " + std::to_string(length) + " bytes");
        return block.take(length - 4 - checksum);
    }

    void read_object(const std::string& path, std::uint64_t address, int depth) {
        if (depth > deepest)
            refuse("groups lie more than " + std::to_string(deepest) + " deep in each other");
        if (!open_.insert(address).second)
            refuse("group " + weights::quoted(path) + " contains itself");
        if (path.size() > longest_path)
            refuse("a path has more than " + std::to_string(longest_path) + " bytes");
        const auto messages = read_messages(address);
        if (find(messages, layout_message) != nullptr)
            found_.push_back(read_dataset(path, messages));
        for (const link& child : read_links(path, messages))
            read_object(path.empty() ? child.name : path + "/" + child.name, child.address,
                        depth + 1);
        open_.erase(address);
    }

    static const message* find(const std::vector<message>& messages, std::uint16_t type) {
        const auto found = std::ranges::find(messages, type, &message::type);
        return found == messages.end() ? nullptr : &*found;
    }

    // ---- groups ---------------------------------------------------------------------------------

    std::vector<link> read_links(const std::string& path, const std::vector<message>& messages) {
        std::vector<link> links;
        for (const message& m : messages) {
            if (m.type == symbol_table_message) {
                cursor in(m.data, file_);
                const auto tree = in.get<std::uint64_t>(), heap = in.get<std::uint64_t>();
                read_tree(path, tree, read_heap(heap), links, 0);
            } else if (m.type == link_message) {
                links.push_back(read_link(path, m));
                count_link();
            } else if (m.type == link_info_message) {
                cursor in(m.data, file_);
                in.skip(1);
                in.skip(in.get<std::uint8_t>() & 1 ? 8 : 0);
                if (in.get<std::uint64_t>() != undefined)
                    refuse("group " + weights::quoted(path) +
                           " is stored in a way that only recent HDF5 has; write the file again "
                           "with libver=\"earliest\", which is the default");
            }
        }
        return links;
    }

    void count_link() {
        if (++links_ > most_objects)
            refuse("has more than " + std::to_string(most_objects) + " groups and datasets");
    }
    void count_node(const std::string& path) {
        if (++tree_nodes_ > most_objects)
            refuse("the tree of group " + weights::quoted(path) +
                   " is too large or contains itself");
    }

    std::span<const std::byte> read_heap(std::uint64_t address) const {
        cursor in = at(address, "heap of names", "HEAP");
        in.skip(4);
        const auto size = in.get<std::uint64_t>();
        in.skip(8);
        return at(in.get<std::uint64_t>(), "heap's data").take(size);
    }

    /// A B-tree of the first version: its leaves are lists of links.
    void read_tree(const std::string& path, std::uint64_t address, std::span<const std::byte> heap,
                   std::vector<link>& links, int depth) {
        if (depth > deepest)
            refuse("the tree of group " + weights::quoted(path) + " contains itself");
        count_node(path);
        cursor in = at(address, "group's tree", "TREE");
        const auto type = in.get<std::uint8_t>(), level = in.get<std::uint8_t>();
        const auto children = in.get<std::uint16_t>();
        if (type != 0)
            refuse("the tree of group " + weights::quoted(path) + " is damaged");
        in.skip(2 * 8);
        for (int i = 0; i < children; ++i) {
            in.skip(8);  // a key
            const auto child = in.get<std::uint64_t>();
            if (level > 0)
                read_tree(path, child, heap, links, depth + 1);
            else
                read_symbols(path, child, heap, links);
        }
    }

    void read_symbols(const std::string& path, std::uint64_t address,
                      std::span<const std::byte> heap, std::vector<link>& links) {
        count_node(path);
        cursor in = at(address, "list of links", "SNOD");
        in.skip(2);
        const auto count = in.get<std::uint16_t>();
        for (int i = 0; i < count; ++i) {
            const auto name_at = in.get<std::uint64_t>(),
                       address_of_object = in.get<std::uint64_t>();
            const auto cached = in.get<std::uint32_t>();
            in.skip(20);
            std::string name = read_name(heap, name_at);
            constexpr std::uint32_t soft_link = 2;
            if (cached == soft_link)
                refuse("group " + weights::quoted(path) + ": " + weights::quoted(name) +
                       " is a soft link; expected a dataset or a group");
            links.push_back({std::move(name), address_of_object});
            count_link();
        }
    }

    std::string read_name(std::span<const std::byte> heap, std::uint64_t at) const {
        const auto rest = text_of(heap).substr(std::min<std::uint64_t>(at, heap.size()));
        const auto name = rest.substr(0, rest.find('\0'));
        if (name.empty() || name.size() > longest_path)
            refuse("a name has " + std::to_string(name.size()) + " bytes; expected 1 to 1000");
        return std::string(name);
    }

    link read_link(const std::string& path, const message& m) const {
        cursor in(m.data, file_);
        in.skip(1);
        const auto flags = in.get<std::uint8_t>();
        const auto kind = flags & 8 ? in.get<std::uint8_t>() : std::uint8_t{0};
        in.skip((flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
        std::string name(text_of(in.take(in.get_sized(std::size_t{1} << (flags & 3)))));
        if (kind != 0)
            refuse("group " + weights::quoted(path) + ": " + weights::quoted(name) +
                   " is a soft or external link; expected a dataset or a group");
        return {std::move(name), in.get<std::uint64_t>()};
    }

    // ---- datasets -------------------------------------------------------------------------------

    entry read_dataset(const std::string& path, const std::vector<message>& messages) const {
        const message* space = find(messages, dataspace_message);
        const message* type = find(messages, datatype_message);
        entry tensor{
            .name = path, .type = element_type::other, .extents = {}, .strides = {}, .bytes = {}};
        if (find(messages, external_files_message) != nullptr)
            refuse("dataset " + weights::quoted(path) + " lies in another file");
        if (space == nullptr || space->is_shared || type == nullptr || type->is_shared)
            return tensor;
        tensor.type = read_type(*type);
        tensor.extents = read_extents(*space);
        if (tensor.type != element_type::other)
            read_layout(tensor, *find(messages, layout_message));
        return tensor;
    }

    std::vector<std::int64_t> read_extents(const message& m) const {
        cursor in(m.data, file_);
        const auto version = in.get<std::uint8_t>(), rank = in.get<std::uint8_t>();
        in.skip(version == 1 ? 6 : 2);
        if (rank > largest_rank)
            refuse("a dataset has " + std::to_string(rank) + " dimensions; expected at most 8");
        std::vector<std::int64_t> extents;
        for (int i = 0; i < rank; ++i)
            extents.push_back(in.get<std::int64_t>());
        return extents;
    }

    element_type read_type(const message& m) const {
        cursor in(m.data, file_);
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

    void read_layout(entry& tensor, const message& m) const {
        enum : std::uint8_t { compact = 0, contiguous = 1 };
        cursor in(m.data, file_);
        const auto version = in.get<std::uint8_t>(), kind = in.get<std::uint8_t>();
        const bool known = version == 3 || version == 4;
        if (known && kind == compact) {
            tensor.bytes = in.take(in.get<std::uint16_t>());
        } else if (known && kind == contiguous) {
            const auto address = in.get<std::uint64_t>(), size = in.get<std::uint64_t>();
            if (address != undefined)  // nothing was ever written: reading it will complain
                tensor.bytes = at(address, "dataset").take(size);
        } else {
            tensor.unpack = [what = file_ + ": dataset " +
                                    weights::quoted(tensor.name)]() -> std::vector<std::byte> {
                throw format_error(what +
                                   " is stored in chunks or compressed; expected one piece, as "
                                   "Keras writes it");
            };
        }
    }

    std::span<const std::byte> bytes_;
    const std::string& file_;
    std::set<std::uint64_t> open_;  ///< the objects on the way from the root to here
    std::size_t links_ = 0, tree_nodes_ = 0;
    std::vector<entry> found_;
};

}  // namespace

bool is_hdf5(std::span<const std::byte> bytes) {
    return find_signature(bytes) < bytes.size();
}

std::vector<entry> datasets(std::span<const std::byte> bytes, const std::string& file) {
    return reader(bytes, file).read();
}

}  // namespace impasto::weights::hdf5
