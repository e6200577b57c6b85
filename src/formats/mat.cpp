#include "formats/mat.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace impasto::formats::mat {

namespace {

constexpr std::size_t header_size = 128;
constexpr std::uint64_t most_elements = std::uint64_t{1} << 40;  // no product overflows
constexpr std::uint64_t largest_array = std::uint64_t{512} * 512 * 9 * sizeof(double);
constexpr std::size_t most_arrays = 10'000;
constexpr int deepest = 16;  // meta.normalization.averageImage is 3 deep

enum element_type : std::uint32_t {
    uint16_element = 4,
    array_element = 14,
    compressed_element = 15
};
enum array_class : std::uint8_t {
    cell_array = 1,
    struct_array = 2,
    char_array = 4,
    first_numeric = 6,
    last_numeric = 13
};

std::size_t bytes_of(std::uint32_t type) {
    constexpr std::size_t sizes[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8};
    return type < std::size(sizes) ? sizes[type] : 0;
}

/// What stands before an element's data, and the data too where they are at most four bytes.
struct tag {
    std::uint32_t type = 0;
    std::uint32_t size = 0;
    bool is_small = false;
    std::array<std::byte, 4> small{};
};

struct array_header {
    std::uint8_t kind = 0;
    bool is_complex = false;
    std::vector<std::int64_t> extents;
    std::uint64_t elements = 1;
    std::string name;
};

/// Walks one variable depth first and appends what it finds to `values`.
class array_reader {
public:
    array_reader(source& in, std::vector<value>& values) : in_(in), values_(values) {}

    /// A variable's array, or one in a cell or a field, which then has the name `path`. It must end
    /// before `end`.
    void read_array(const std::string& path, std::uint64_t end, int depth = 0) {
        const tag t = read_tag(end);
        if (t.type != array_element || t.is_small)
            in_.refuse("expected an array, found data of type " + std::to_string(t.type));
        if (depth > deepest)
            in_.refuse("arrays are nested more than " + std::to_string(deepest) + " levels deep");
        if (++count_ > most_arrays)
            in_.refuse("has more than " + std::to_string(most_arrays) + " arrays");
        const std::uint64_t inner_end = in_.position() + t.size;
        if (t.size != 0)  // an empty cell is a tag alone
            read_content(path, inner_end, depth);
        if (in_.position() > inner_end)
            in_.refuse("an array is longer than its header says");
        in_.skip(inner_end - in_.position());
    }

private:
    void expect_room(std::uint64_t size, std::uint64_t end) const {
        if (in_.position() > end || size > end - in_.position())
            in_.refuse("an element of " + std::to_string(size) +
                       " bytes does not fit into the array around it; the file may be cut off");
    }

    tag read_tag(std::uint64_t end) {
        expect_room(8, end);
        std::array<std::byte, 8> raw;
        in_.read(raw);
        tag t;
        std::memcpy(&t.type, raw.data(), 4);
        std::memcpy(t.small.data(), raw.data() + 4, 4);
        t.is_small = t.type >> 16 != 0;
        if (t.is_small)
            t.size = std::exchange(t.type, t.type & 0xffff) >> 16;
        else
            std::memcpy(&t.size, t.small.data(), 4);
        if (t.is_small && t.size > t.small.size())
            in_.refuse("a small element claims " + std::to_string(t.size) + " bytes");
        if (!t.is_small)
            expect_room(t.size, end);
        return t;
    }

    /// Elements begin at multiples of eight bytes; the last needs no padding.
    void skip_padding(const tag& t, std::uint64_t end) {
        if (!t.is_small)
            in_.skip(std::min<std::uint64_t>((8 - t.size % 8) % 8, end - in_.position()));
    }

    /// An element's data, at most `most` bytes of them.
    std::string read_short(const tag& t, std::uint64_t end, std::uint64_t most) {
        if (t.size > most)
            in_.refuse("expected at most " + std::to_string(most) + " bytes, found " +
                       std::to_string(t.size));
        std::string data(t.size, '\0');
        if (t.is_small)
            std::memcpy(data.data(), t.small.data(), t.size);
        else
            in_.read(std::as_writable_bytes(std::span(data)));
        skip_padding(t, end);
        return data;
    }
    std::string read_short(std::uint64_t end, std::uint64_t most) {
        return read_short(read_tag(end), end, most);
    }

    array_header read_header(std::uint64_t end) {
        constexpr std::uint64_t flags_size = 8, largest_rank = 8, longest_name = 64;
        array_header h;
        const std::string flags = read_short(end, flags_size);
        if (flags.size() != flags_size)
            in_.refuse("an array's flags have " + std::to_string(flags.size()) + " bytes");
        h.kind = static_cast<std::uint8_t>(flags[0]);
        h.is_complex = (static_cast<std::uint8_t>(flags[1]) & 0x08) != 0;
        const std::string extents = read_short(end, largest_rank * 4);
        for (std::size_t i = 0; i + 4 <= extents.size(); i += 4) {
            std::int32_t extent;
            std::memcpy(&extent, extents.data() + i, 4);
            if (extent < 0 || (extent > 0 && h.elements > most_elements / extent))
                in_.refuse("an array has the impossible extent " + std::to_string(extent));
            h.extents.push_back(extent);
            h.elements *= static_cast<std::uint64_t>(extent);
        }
        h.name = read_short(end, longest_name);
        return h;
    }

    void read_content(const std::string& path, std::uint64_t end, int depth) {
        const array_header h = read_header(end);
        const std::string here = path.empty() ? h.name : path;
        if (h.kind == cell_array) {
            for (std::uint64_t i = 0; i < h.elements; ++i)
                read_array(here + "{" + std::to_string(i) + "}", end, depth + 1);
        } else if (h.kind == struct_array) {
            read_fields(here, h.elements, end, depth);
        } else if (h.kind == char_array) {
            read_text(here, end);
        } else if (h.kind >= first_numeric && h.kind <= last_numeric && !h.is_complex) {
            read_numbers(here, h, end);
        }
    }

    void read_fields(const std::string& path, std::uint64_t structs, std::uint64_t end, int depth) {
        constexpr std::uint64_t longest_list = 1 << 16;
        constexpr std::int32_t longest_name = 64;
        std::string length = read_short(end, 4);
        length.resize(4);
        std::int32_t width;  // of each name, filled up with zeros
        std::memcpy(&width, length.data(), 4);
        const std::string names = read_short(end, longest_list);
        if (width <= 0 || width > longest_name)
            in_.refuse("names of fields have the length " + std::to_string(width));
        for (std::uint64_t i = 0; i < structs; ++i) {
            const std::string stem = structs == 1 ? path : path + "(" + std::to_string(i) + ")";
            for (std::size_t at = 0; at < names.size(); at += static_cast<std::size_t>(width)) {
                const std::string name = names.substr(at, static_cast<std::size_t>(width));
                read_array(stem + "." + name.substr(0, name.find('\0')), end, depth + 1);
            }
            if (names.empty())
                break;  // however many there are, nothing is in them
        }
    }

    void read_text(const std::string& path, std::uint64_t end) {
        constexpr std::uint64_t longest = 256;
        const tag t = read_tag(end);
        if (t.size > longest)
            return;
        std::string text = read_short(t, end, longest);
        if (t.type == uint16_element) {  // all that is of interest is ASCII
            for (std::size_t i = 0; 2 * i < text.size(); ++i)
                text[i] = text[2 * i];
            text.resize(text.size() / 2);
        }
        values_.push_back({.path = path, .text = std::move(text)});
    }

    void read_numbers(const std::string& path, const array_header& h, std::uint64_t end) {
        const tag t = read_tag(end);
        const std::size_t element = bytes_of(t.type);
        if (element == 0 || t.size == 0 || t.size > largest_array)
            return;
        if (t.size % element != 0 || t.size / element != h.elements)
            in_.refuse("an array of " + std::to_string(h.elements) + " elements has " +
                       std::to_string(t.size) + " bytes");
        value found{.path = path, .extents = h.extents, .stored_as = static_cast<storage>(t.type)};
        if (t.is_small)
            found.numbers.unpack =
                [bytes = std::vector(t.small.begin(), t.small.begin() + t.size)] { return bytes; };
        else
            found.numbers = in_.keep(t.size);
        values_.push_back(std::move(found));
    }

    source& in_;
    std::vector<value>& values_;
    std::size_t count_ = 0;
};

}  // namespace

std::vector<value> parse(const mapped_file& file) {
    const std::string name = file.path().string();
    std::vector<value> values;
    inflate_budget budget;
    cursor at(file.bytes(), name);
    at.skip(header_size);
    while (at.left() > 0) {
        const std::size_t begin = at.at();
        const auto type = at.get<std::uint32_t>();
        const auto size = at.get<std::uint32_t>();
        const auto data = at.take(size);
        if (type == compressed_element) {
            inflating_source inside(data, file, budget);
            array_reader(inside, values).read_array("", most_elements);
            budget = inside.budget();
        } else if (type == array_element) {
            plain_source inside(file.bytes().subspan(begin, 8 + std::size_t{size}), name);
            array_reader(inside, values).read_array("", 8 + std::uint64_t{size});
        }
    }
    return values;
}

}  // namespace impasto::formats::mat
