#include "weights/recognise.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include <impasto/core/error.hpp>

#include "weights/describe.hpp"

namespace impasto::weights {

namespace {

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 3 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "conv1_1" of "conv1_1.weight"; empty where the name is not one of a convolution's tensors.
std::string convolution_stem(std::string_view tensor, naming names) {
    const std::string_view prefix = names == naming::by_layer ? "conv" : "features.";
    const auto dot = std::min(tensor.rfind('.'), tensor.size());
    const std::string_view stem = tensor.substr(0, dot), part = tensor.substr(dot);
    if ((part != ".weight" && part != ".bias") || !stem.starts_with(prefix))
        return "";
    const std::string_view place = stem.substr(prefix.size());
    const auto bar = std::min(place.find('_'), place.size());
    const bool matches = names == naming::by_position
                             ? is_number(place)
                             : bar < place.size() && is_number(place.substr(0, bar)) &&
                                   is_number(place.substr(bar + 1));
    return matches ? std::string(stem) : "";
}

std::set<std::string> convolution_stems(const archive& source, naming names) {
    std::set<std::string> stems;
    for (const entry& tensor : source.entries)
        stems.insert(convolution_stem(tensor.name, names));
    stems.erase("");
    return stems;
}

std::string known_names() {
    std::string names;
    for (const nn::topology& known : nn::topologies)
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    return names;
}

/// Empty where the tensor is there and has the shape.
std::string fault(const archive& source, const std::string& name,
                  const std::vector<std::int64_t>& expected, std::string_view network) {
    const std::string as_in = to_text(expected) + " as in " + std::string(network);
    const entry* found = source.find(name);
    if (found == nullptr)
        return "tensor " + quoted(name) + " is missing; expected " + as_in;
    if (found->extents != expected)
        return "tensor " + quoted(name) + ": expected " + as_in + ", found " +
               to_text(found->extents);
    return "";
}

/// A topology held against the file.
struct attempt {
    nn::topology topology;
    std::span<const nn::layer> layers;
    std::vector<std::string> faults;  ///< what the file has too much, too little or differently
};

/// Moves the stems that the topology does not know from `stems` into the faults.
void refuse_strangers(attempt& result, std::set<std::string>& stems, naming names) {
    std::set<std::string> known;
    for (std::size_t i = 0; i < result.layers.size(); ++i)
        if (!result.layers[i].is_pool())
            known.insert(stem_of(result.layers, i, names));
    for (const std::string& stem : std::set(stems))
        if (!known.contains(stem)) {
            result.faults.push_back("tensor " + quoted(stem + ".weight") +
                                    " belongs to no layer of " + std::string(result.topology.name));
            stems.erase(stem);
        }
}

attempt hold_against(const nn::topology& known, const archive& source, naming names,
                     std::set<std::string> stems) {
    attempt result{known, known.layers, {}};
    refuse_strangers(result, stems, names);
    for (std::size_t i = 0; i < known.layers.size(); ++i) {
        const nn::layer& row = known.layers[i];
        if (row.is_pool())
            continue;
        if (stems.empty()) {  // what is left of the table is not in the file: a prefix
            result.layers = known.layers.first(i);
            break;
        }
        const std::string stem = stem_of(known.layers, i, names);
        stems.erase(stem);
        const shape weight = weight_shape(row);
        for (auto found : {fault(source, stem + ".weight", {weight.n, weight.c, 3, 3}, known.name),
                           fault(source, stem + ".bias", {row.out_channels}, known.name)})
            if (!found.empty())
                result.faults.push_back(std::move(found));
    }
    return result;
}

/// Explains what a file without a VGG in it holds instead.
[[noreturn]] void refuse_unknown(const archive& source) {
    const std::string found =
        source.entries.empty() ? "nothing" : quoted(source.entries.front().name);
    throw format_error(source.file + ": no known network (" + known_names() +
                       "): expected tensors features.0.weight or conv1_1.weight, found " + found);
}

void refuse_batch_norm(const archive& source) {
    for (const entry& tensor : source.entries)
        if (tensor.name.ends_with(".running_mean"))
            throw format_error(source.file + ": tensor " + quoted(tensor.name) +
                               " belongs to a BatchNorm; expected one folded into its convolution");
}

}  // namespace

std::string stem_of(std::span<const nn::layer> layers, std::size_t position, naming names) {
    if (names == naming::by_layer)
        return nn::name_of(layers[position]);
    const auto before = layers.first(position);
    const auto pools = static_cast<std::size_t>(std::ranges::count_if(before, &nn::layer::is_pool));
    return "features." + std::to_string(2 * (position - pools) + pools);
}

shape weight_shape(const nn::layer& convolution) {
    return {convolution.out_channels, convolution.in_channels, 3, 3};
}

shape bias_shape(const nn::layer& convolution) {
    return {1, convolution.out_channels, 1, 1};
}

recognised recognise(const archive& source) {
    naming names = naming::by_layer;
    auto stems = convolution_stems(source, names);
    if (stems.empty())
        stems = convolution_stems(source, names = naming::by_position);
    if (stems.empty())
        refuse_unknown(source);
    refuse_batch_norm(source);

    std::vector<attempt> attempts;
    for (const nn::topology& known : nn::topologies)
        attempts.push_back(hold_against(known, source, names, stems));
    const auto nearest =
        std::ranges::min_element(attempts, {}, [](const attempt& a) { return a.faults.size(); });
    if (!nearest->faults.empty())
        throw format_error(source.file + ": " + nearest->faults.front());
    return {nearest->topology, nearest->layers, names};
}

}  // namespace impasto::weights
