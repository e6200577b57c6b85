#include <array>
#include <cstring>
#include <map>
#include <regex>

#include <impasto/core/error.hpp>

#include "core/characters.hpp"
#include "core/elements.hpp"
#include "formats/mat.hpp"
#include "weights/by_order.hpp"
#include "weights/formats.hpp"

// A network of MatConvNet: a cell `layers` of structs, in which a convolution has `filters` and
// `biases` (until 2015) or a cell `weights` of both; filters are [height,width,in,out] in MATLAB's
// order. `normalization.averageImage` or `meta.normalization.averageImage` is what is subtracted
// from RGB pixels in [0,255]. Source: vlfeat.org/matconvnet, "Pretrained models".

namespace impasto::weights {

namespace {

namespace mat = formats::mat;

using mat::storage;
using mat::value;

template <class Stored>
std::vector<std::byte> widened(const std::vector<std::byte>& packed) {
    std::vector<std::byte> wide(packed.size() / sizeof(Stored) * sizeof(double));
    for (std::size_t i = 0; i < packed.size() / sizeof(Stored); ++i) {
        Stored number;
        std::memcpy(&number, packed.data() + i * sizeof number, sizeof number);
        const auto same = static_cast<double>(number);
        std::memcpy(wide.data() + i * sizeof same, &same, sizeof same);
    }
    return wide;
}

/// Whole numbers, which MATLAB packs, as the doubles that they were.
std::vector<std::byte> as_doubles(const std::vector<std::byte>& packed, storage stored_as) {
    using widen = std::vector<std::byte>(const std::vector<std::byte>&);
    constexpr widen* by_storage[] = {// from storage::int8, which is 1, to storage::uint32
                                     nullptr,
                                     widened<std::int8_t>,
                                     widened<std::uint8_t>,
                                     widened<std::int16_t>,
                                     widened<std::uint16_t>,
                                     widened<std::int32_t>,
                                     widened<std::uint32_t>};
    return by_storage[static_cast<std::size_t>(stored_as)](packed);
}

/// An entry with the file's own extents and order.
entry as_entry(const value& v, std::string name) {
    const bool single = v.stored_as == storage::float32, twice = v.stored_as == storage::float64;
    entry e{.name = std::move(name),
            .type = single ? element_type::float32 : element_type::float64,
            .extents = v.extents,
            .bytes = v.numbers.bytes,
            .unpack = v.numbers.unpack};
    if (!single && !twice) {
        e.bytes = {};
        e.unpack = [numbers = v.numbers, stored_as = v.stored_as] {
            return as_doubles(numbers.unpack
                                  ? numbers.unpack()
                                  : std::vector(numbers.bytes.begin(), numbers.bytes.end()),
                              stored_as);
        };
    }
    return e;
}

struct convolution {
    std::string name;
    const value* filters = nullptr;
    const value* biases = nullptr;
};

/// The layers that have filters of 3×3 pixels, in order: the classifier has others.
std::vector<convolution> convolutions_of(const std::vector<value>& values) {
    static const std::regex place(R"(layers\{(\d{1,4})\}\.(name|filters|biases|weights\{[01]\}))");
    std::map<int, convolution> layers;
    for (const value& v : values) {
        std::smatch parts;
        if (!std::regex_match(v.path, parts, place))
            continue;
        convolution& layer = layers[std::stoi(parts[1])];
        if (parts[2] == "name")
            layer.name = v.text;
        else if (v.extents.empty())
            continue;  // a text where numbers should be
        else if (parts[2] == "biases" || parts[2] == "weights{1}")
            layer.biases = &v;
        else
            layer.filters = &v;
    }
    std::vector<convolution> found;
    for (const auto& [number, layer] : layers)
        if (layer.filters != nullptr && layer.biases != nullptr &&
            layer.filters->extents.size() >= 3 && layer.filters->extents[0] == 3 &&
            layer.filters->extents[1] == 3)
            found.push_back(layer);
    return found;
}

void add_convolutions(archive& into, const std::vector<convolution>& layers) {
    std::vector<entry> filters;
    for (const convolution& layer : layers) {
        filters.push_back(as_entry(*layer.filters, layer.name));
        filters.back().extents.resize(4, 1);  // MATLAB drops extents of 1 at the end
        turn_to_out_in(filters.back(), /*first_is_fastest=*/true);
    }
    const auto known = topology_of(filters);
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::string name = layers[i].name.starts_with("conv") ? layers[i].name
                                 : known                            ? layer_name(*known, i)
                                                                    : "layer";
        filters[i].name = name + ".weight";
        entry bias = as_entry(*layers[i].biases, name + ".bias");
        bias.extents = {elements_of(bias.extents)};  // a row or a column
        into.entries.push_back(std::move(filters[i]));
        into.entries.push_back(std::move(bias));
    }
}

/// The mean of each of three channels, as text. An average image has them as planes.
std::string channel_means(const archive& source, const value& image) {
    entry pixels = as_entry(image, "averageImage");
    const std::int64_t elements = elements_of(pixels.extents);
    constexpr std::int64_t largest = 1024 * 1024 * 3;
    if (elements == 0 || elements % 3 != 0 || elements > largest)
        throw format_error(source.file + ": averageImage has " + std::to_string(elements) +
                           " numbers; expected as many for each of three channels");
    pixels.extents = {elements};
    std::vector<float> values(static_cast<std::size_t>(elements));
    read(source, pixels, values);
    std::string text;
    const std::size_t plane = values.size() / 3;
    for (std::size_t c = 0; c < 3; ++c) {
        double sum = 0;
        for (std::size_t i = 0; i < plane; ++i)
            sum += values[c * plane + i];
        std::array<char, 32> digits{};
        std::snprintf(digits.data(), digits.size(), "%.9g", sum / static_cast<double>(plane));
        text += (c == 0 ? "" : " ") + std::string(digits.data());
    }
    return text;
}

}  // namespace

bool is_mat(std::span<const std::byte> bytes) {
    constexpr std::size_t header = 128;
    const std::string_view text = characters(bytes);
    return text.size() >= header && text.starts_with("MATLAB") &&
           (text.substr(126, 2) == "IM" || text.substr(126, 2) == "MI");
}

archive open_mat(const file_pointer& file) {
    archive result{.file = file->path().string(), .format = file_format::matlab, .mapping = file};
    const auto bytes = file->bytes();
    if (std::to_integer<char>(bytes[126]) == 'M')
        throw format_error(result.file +
                           ": was written by a big-endian machine; expected "
                           "little-endian, as MATLAB writes today");
    if (std::to_integer<int>(bytes[125]) != 1)
        throw format_error(result.file +
                           ": is a MATLAB file of another version than 5; save it with -v7");
    const auto values = mat::parse(*file);
    const auto layers = convolutions_of(values);
    if (layers.empty())
        throw format_error(result.file +
                           ": no network of MatConvNet: expected a cell \"layers\" of structs "
                           "with filters and biases, or weights");
    add_convolutions(result, layers);
    result.metadata = {{"origin", "MatConvNet"}, {"pixels", "rgb 0..255"}, {"std", "1 1 1"}};
    for (const value& v : values)
        if ((v.path == "normalization.averageImage" ||
             v.path == "meta.normalization.averageImage") &&
            !v.extents.empty())
            result.metadata["mean"] = channel_means(result, v);
    if (!result.metadata.contains("mean"))
        result.metadata["mean"] = "123.68 116.779 103.939";
    return result;
}

}  // namespace impasto::weights
