#pragma once

#include <utility>

#include "core/describe.hpp"
#include "formats/hdf5_objects.hpp"

namespace impasto::formats::hdf5 {

/// A member of a group.
struct link {
    std::string name;
    std::uint64_t address = 0;
};

/// Reads the links of groups in each form that Keras' files have: messages, or a tree with a heap
/// of names. Links and nodes are counted over all groups, so that a small file cannot make a long
/// walk.
class group_reader {
public:
    static constexpr int deepest = 64;  ///< levels of groups, and of a group's tree

    explicit group_reader(const object_reader& objects) : objects_(objects) {}

    /// `messages` are those of the group `path`. Throws format_error on soft and external links.
    std::vector<link> read_links(const std::string& path, const std::vector<message>& messages) {
        std::vector<link> links;
        for (const message& m : messages) {
            if (m.type == symbol_table_message) {
                cursor in(m.data, objects_.file());
                const auto tree = in.get<std::uint64_t>(), heap = in.get<std::uint64_t>();
                read_tree(path, tree, read_heap(heap), links, 0);
            } else if (m.type == link_message) {
                links.push_back(read_link(path, m));
                count_link();
            } else if (m.type == link_info_message) {
                cursor in(m.data, objects_.file());
                in.skip(1);
                in.skip(in.get<std::uint8_t>() & 1 ? 8 : 0);
                if (in.get<std::uint64_t>() != undefined)
                    objects_.refuse(
                        "group " + impasto::quoted(path) +
                        " is stored in a way that only recent HDF5 has; write the file again "
                        "with libver=\"earliest\", which is the default");
            }
        }
        return links;
    }

private:
    static constexpr std::size_t most_objects = 10'000, longest_name = 1'000;

    void count_link() {
        if (++links_ > most_objects)
            objects_.refuse("has more than " + std::to_string(most_objects) +
                            " groups and datasets");
    }
    void count_node(const std::string& path) {
        if (++tree_nodes_ > most_objects)
            objects_.refuse("the tree of group " + impasto::quoted(path) +
                            " is too large or contains itself");
    }

    std::span<const std::byte> read_heap(std::uint64_t address) const {
        cursor in = objects_.at(address, "heap of names", "HEAP");
        in.skip(4);
        const auto size = in.get<std::uint64_t>();
        in.skip(8);
        return objects_.at(in.get<std::uint64_t>(), "heap's data").take(size);
    }

    /// A B-tree of the first version: its leaves are lists of links.
    void read_tree(const std::string& path, std::uint64_t address, std::span<const std::byte> heap,
                   std::vector<link>& links, int depth) {
        if (depth > deepest)
            objects_.refuse("the tree of group " + impasto::quoted(path) + " contains itself");
        count_node(path);
        cursor in = objects_.at(address, "group's tree", "TREE");
        const auto type = in.get<std::uint8_t>(), level = in.get<std::uint8_t>();
        const auto children = in.get<std::uint16_t>();
        if (type != 0)
            objects_.refuse("the tree of group " + impasto::quoted(path) + " is damaged");
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
        cursor in = objects_.at(address, "list of links", "SNOD");
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
                objects_.refuse("group " + impasto::quoted(path) + ": " + impasto::quoted(name) +
                                " is a soft link; expected a dataset or a group");
            links.push_back({std::move(name), address_of_object});
            count_link();
        }
    }

    std::string read_name(std::span<const std::byte> heap, std::uint64_t at) const {
        const auto rest = characters(heap).substr(std::min<std::uint64_t>(at, heap.size()));
        const auto name = rest.substr(0, rest.find('\0'));
        if (name.empty() || name.size() > longest_name)
            objects_.refuse("a name has " + std::to_string(name.size()) +
                            " bytes; expected 1 to 1000");
        return std::string(name);
    }

    link read_link(const std::string& path, const message& m) const {
        cursor in(m.data, objects_.file());
        in.skip(1);
        const auto flags = in.get<std::uint8_t>();
        const auto kind = flags & 8 ? in.get<std::uint8_t>() : std::uint8_t{0};
        in.skip((flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
        std::string name(characters(in.take(in.get_sized(std::size_t{1} << (flags & 3)))));
        if (kind != 0)
            objects_.refuse("group " + impasto::quoted(path) + ": " + impasto::quoted(name) +
                            " is a soft or external link; expected a dataset or a group");
        return {std::move(name), in.get<std::uint64_t>()};
    }

    const object_reader& objects_;
    std::size_t links_ = 0, tree_nodes_ = 0;
};

}  // namespace impasto::formats::hdf5
