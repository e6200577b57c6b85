#include <algorithm>
#include <map>

#include <impasto/core/error.hpp>
#include <impasto/core/shape.hpp>

#include "core/characters.hpp"
#include "core/describe.hpp"
#include "formats/cursor.hpp"
#include "formats/zip.hpp"
#include "weights/formats.hpp"
#include "weights/pickled_tensors.hpp"

// torch.save's two formats. Since 1.6 a zip archive: NAME/data.pkl is the pickle, NAME/data/KEY the
// bytes of a storage. Before, one file: four pickles (a magic number, the protocol's version, what
// the machine was like, the object), a fifth with the storages' keys, and behind them the storages:
// a number of elements each, and the elements. Source: torch/serialization.py of 1.13 and of 1.5.

namespace impasto::weights {

namespace {

namespace pickle = formats::pickle;
namespace zip = formats::zip;

using pickle::kind;
using pickle::value;

struct storage_kind {
    std::string_view name;
    std::size_t bytes;
    element_type type = element_type::other;
};
constexpr storage_kind storage_kinds[] = {
    {"torch.FloatStorage", 4, element_type::float32},
    {"torch.DoubleStorage", 8, element_type::float64},
    {"torch.HalfStorage", 2, element_type::float16},
    {"torch.BFloat16Storage", 2, element_type::bfloat16},
    {"torch.LongStorage", 8},
    {"torch.IntStorage", 4},
    {"torch.ShortStorage", 2},
    {"torch.CharStorage", 1},
    {"torch.ByteStorage", 1, element_type::uint8},
    {"torch.BoolStorage", 1},
};

/// What a pickle says of a storage: ("storage", kind, key, device, elements, view).
struct storage {
    storage_kind kind;
    std::string key;
    std::int64_t elements;
    std::int64_t begin = 0;  ///< first element, where it is a view of another storage
};

storage storage_of(const value* reference, const std::string& file) {
    const value* fields = reference != nullptr && reference->what == kind::persistent
                              ? reference->arguments
                              : nullptr;
    const auto field = [&](std::size_t i) {
        const value* found = fields == nullptr ? nullptr : fields->at(i);
        if (found == nullptr)
            refuse(file, "a tensor's storage is not described as torch.save does");
        return found;
    };
    const auto known = std::ranges::find(storage_kinds, field(1)->text, &storage_kind::name);
    if (known == std::end(storage_kinds))
        refuse(file, "a tensor's storage is a " + quoted(std::string(field(1)->text)) +
                         "; expected torch.FloatStorage or the like");
    storage result{*known, std::string(field(2)->text), field(4)->integer};
    if (const value* view = fields->at(5); view != nullptr && view->at(1) != nullptr)
        result.begin = view->at(1)->integer;
    if (result.elements < 0 || result.begin < 0)
        refuse(file, "a tensor's storage has a negative size");
    return result;
}

/// Bytes of storages by key, each from its first element on.
using find_storage = std::function<entry(const storage&)>;

/// torch._utils._rebuild_tensor_v2(storage, offset, extents, strides, …), perhaps as a parameter.
std::optional<entry> tensor_of(const value& at, const find_storage& find, const std::string& file) {
    if (at.is_made_by("torch._utils._rebuild_parameter") ||
        at.is_made_by("torch.nn.parameter.Parameter")) {
        const value* data = at.arguments->at(0);
        return data == nullptr || data == &at || data->is_made_by(at.callable->text)
                   ? std::nullopt
                   : tensor_of(*data, find, file);
    }
    if (!at.is_made_by("torch._utils._rebuild_tensor") &&
        !at.is_made_by("torch._utils._rebuild_tensor_v2"))
        return std::nullopt;
    const value& arguments = *at.arguments;
    const storage from = storage_of(arguments.at(0), file);
    const value* offset = arguments.at(1);
    if (offset == nullptr || offset->what != kind::integer || offset->integer < 0)
        refuse(file, "a tensor has no offset into its storage");
    entry tensor = find(from);
    tensor.type = from.kind.type;
    tensor.extents = integers_of(arguments.at(2), file, "size");
    tensor.strides = integers_of(arguments.at(3), file, "stride");
    const auto element = static_cast<std::int64_t>(from.kind.bytes);
    const auto skipped = static_cast<std::uint64_t>(
        checked_multiply(std::max(from.begin, std::int64_t{0}), element) +
        checked_multiply(offset->integer, element));
    if (tensor.unpack)
        tensor.unpack = [inner = tensor.unpack, skipped] {
            auto bytes = inner();
            bytes.erase(bytes.begin(),
                        bytes.begin() + static_cast<std::ptrdiff_t>(
                                            std::min<std::uint64_t>(skipped, bytes.size())));
            return bytes;
        };
    else
        tensor.bytes = tensor.bytes.subspan(std::min<std::uint64_t>(skipped, tensor.bytes.size()));
    return tensor;
}

std::vector<entry> tensors_of(const pickle::document& pickled, const find_storage& find,
                              const std::string& file) {
    try {
        return collect_tensors(
            pickled.root(), [&](const value& at) { return tensor_of(at, find, file); }, file);
    } catch (const shape_error& too_large) {
        refuse(file, std::string("a tensor's offset: ") + too_large.what());
    }
}

// ---- since 1.6 ----------------------------------------------------------------------------------

constexpr std::string_view pickle_name = "data.pkl";

const zip::member* find_pickle(const zip::reader& members) {
    const auto is_pickle = [](const zip::member& m) {
        return m.name == pickle_name || m.name.ends_with("/" + std::string(pickle_name));
    };
    const auto found = std::ranges::find_if(members.members(), is_pickle);
    return found == members.members().end() ? nullptr : &*found;
}

archive open_zip(const file_pointer& file) {
    constexpr std::size_t largest_pickle = 16u << 20;
    archive result{.file = file->path().string(), .format = file_format::pytorch, .mapping = file};
    const auto members = std::make_shared<const zip::reader>(file);
    const zip::member* pickled = find_pickle(*members);
    if (pickled == nullptr)
        refuse(result.file, "a zip archive without data.pkl; expected one of torch.save");
    const std::string folder = pickled->name.substr(0, pickled->name.size() - pickle_name.size());
    if (const auto* order = members->find(folder + "byteorder"))
        if (const auto text = members->unpack(*order, 16);
            text.empty() || text.front() != std::byte{'l'})
            refuse(result.file, "its tensors are big-endian; expected little-endian");

    const auto bytes = members->unpack(*pickled, largest_pickle);
    const auto find = [&](const storage& wanted) {
        const auto* m = members->find(folder + "data/" + wanted.key);
        const std::uint64_t size = static_cast<std::uint64_t>(
            checked_multiply(wanted.elements, static_cast<std::int64_t>(wanted.kind.bytes)));
        if (m == nullptr || m->size < size)
            refuse(result.file, "storage " + quoted(wanted.key) + " of " + std::to_string(size) +
                                    " bytes is " + (m == nullptr ? "missing" : "cut short"));
        entry tensor;
        tensor.bytes = members->packed(*m);
        if (m->deflated)
            tensor.unpack = [members, m] { return members->unpack(*m, zip::plausible_size(*m)); };
        return tensor;
    };
    result.entries = tensors_of(pickle::read(bytes, result.file), find, result.file);
    return result;
}

// ---- before 1.6 ---------------------------------------------------------------------------------

/// LONG1, ten bytes: 0x1950a86a20f9469cfc6c.
constexpr std::string_view magic{"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12};

bool is_legacy(std::span<const std::byte> bytes) {
    constexpr std::size_t protocol = 2;  // its opcode and number
    return bytes.size() > protocol + magic.size() && bytes[0] == std::byte{0x80} &&
           characters(bytes.subspan(protocol)).starts_with(magic);
}

/// The storages of the file in the order of their keys. How wide their elements are is known from
/// the tensors alone.
std::map<std::string, std::span<const std::byte>> storages_of(
    const value& keys, formats::cursor in, const std::map<std::string, std::size_t>& widths) {
    std::map<std::string, std::span<const std::byte>> found;
    for (const value* key : keys.items) {
        const auto width = widths.find(std::string(key->text));
        const auto elements = in.get<std::int64_t>();
        if (width == widths.end())
            in.refuse("storage " + quoted(std::string(key->text)) + " belongs to no tensor");
        if (elements < 0 || static_cast<std::uint64_t>(elements) > in.left() / width->second)
            in.refuse("storage " + quoted(width->first) + " claims " + std::to_string(elements) +
                      " elements, the file has " + std::to_string(in.left()) +
                      " bytes left; it may be cut off");
        found[width->first] = in.take(static_cast<std::uint64_t>(elements) * width->second);
    }
    return found;
}

void expect_little_endian(const value& machine, const std::string& file) {
    const value* little = machine.at("little_endian");
    if (little != nullptr && little->integer == 0)
        refuse(file, "its tensors are big-endian; expected little-endian");
}

archive open_legacy(const file_pointer& file) {
    archive result{.file = file->path().string(), .format = file_format::pytorch, .mapping = file};
    auto rest = file->bytes();
    const auto next = [&] {
        auto document = pickle::read(rest, result.file);
        rest = rest.subspan(document.bytes_read());
        return document;
    };
    (void)next();  // the magic number
    (void)next();  // the protocol's version
    expect_little_endian(next().root(), result.file);
    const auto pickled = next();
    const auto keys = next();

    // Twice over the tensors: how long a storage is follows from what is said about it.
    std::map<std::string, std::size_t> widths;
    const auto note_width = [&](const storage& s) {
        widths[s.key] = s.kind.bytes;
        return entry{};
    };
    (void)tensors_of(pickled, note_width, result.file);
    const auto storages = storages_of(keys.root(), formats::cursor(rest, result.file), widths);
    const auto find = [&](const storage& s) {
        const auto found = storages.find(s.key);
        if (found == storages.end())
            refuse(result.file, "storage " + quoted(s.key) + " is missing");
        entry tensor;
        tensor.bytes = found->second;
        return tensor;
    };
    result.entries = tensors_of(pickled, find, result.file);
    return result;
}

}  // namespace

bool is_pytorch(std::span<const std::byte> bytes) {
    if (!zip::is_zip(bytes))
        return is_legacy(bytes);
    try {
        return find_pickle(zip::reader(bytes, "")) != nullptr;
    } catch (const format_error&) {
        return true;  // open_pytorch says what is wrong with the archive
    }
}

archive open_pytorch(const file_pointer& file) {
    return zip::is_zip(file->bytes()) ? open_zip(file) : open_legacy(file);
}

}  // namespace impasto::weights
