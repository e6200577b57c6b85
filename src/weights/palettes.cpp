#include "weights/palettes.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <impasto/core/error.hpp>

#include "core/describe.hpp"

namespace impasto::weights {

namespace {

constexpr std::int64_t most_values = 256;

[[noreturn]] void refuse(const archive& file, const std::string& tensor, const std::string& what) {
    throw format_error(file.file + ": tensor " + impasto::quoted(tensor) + ": " + what);
}

std::vector<float> read_palette(const archive& file, const entry& palette) {
    const auto& extents = palette.extents;
    if (extents.size() != 1 || extents[0] < 1 || extents[0] > most_values)
        refuse(file, palette.name,
               "is " + to_text(extents) + "; expected a palette of 1 to 256 values, [256]");
    std::vector<float> values(static_cast<std::size_t>(extents[0]));
    read(file, palette, values);
    return values;
}

/// The naming of an index; null for every other tensor.
const palette_naming* naming_of(const entry& tensor) {
    if (tensor.type != element_type::uint8)
        return nullptr;
    const auto* found = std::ranges::find_if(palette_namings, [&](const palette_naming& names) {
        return tensor.name.ends_with(names.index);
    });
    return found == std::end(palette_namings) ? nullptr : found;
}

}  // namespace

void join_palettes(archive& file) {
    if (std::ranges::none_of(file.entries, naming_of))
        return;
    std::map<std::string, const entry*> by_name;
    for (const entry& tensor : file.entries)
        by_name.emplace(tensor.name, &tensor);
    std::set<std::string> palettes;
    for (entry& tensor : file.entries) {
        const palette_naming* names = naming_of(tensor);
        if (names == nullptr)
            continue;
        std::string joint = tensor.name.substr(0, tensor.name.size() - names->index.size());
        if (by_name.contains(joint))
            refuse(file, tensor.name,
                   "exists beside " + impasto::quoted(joint) + "; expected one of the two");
        const std::string palette = joint + std::string(names->palette);
        if (!by_name.contains(palette))
            refuse(file, tensor.name, "its palette " + impasto::quoted(palette) + " is missing");
        tensor.palette = read_palette(file, *by_name.at(palette));
        tensor.name = std::move(joint);
        palettes.insert(palette);
    }
    std::erase_if(file.entries, [&](const entry& e) { return palettes.contains(e.name); });
}

}  // namespace impasto::weights
