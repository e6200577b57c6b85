#include <impasto/weights/weights.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <impasto/core/error.hpp>

#include "core/describe.hpp"
#include "weights/chain.hpp"
#include "weights/fold.hpp"
#include "weights/origin.hpp"
#include "weights/recognise.hpp"

namespace impasto::weights {

namespace {

/// The tensors of a recognised file; recognise has seen that they are there.
class loader {
public:
    loader(const archive& source, const recognised& found) : source_(source), found_(found) {}

    [[nodiscard]] nn::filter convolution(std::size_t position) const {
        const nn::layer& row = found_.layers[position];
        nn::filter result{tensor<float, cpu>({row.out_channels, row.in_channels, 3, 3}),
                          tensor<float, cpu>({1, row.out_channels, 1, 1})};
        const auto filter = as_filter(at(found_.names.weight, position), result.weights.shape());
        const auto bias = as_vector(at(found_.names.bias, position), row.out_channels);
        read(source_, *filter, {result.weights.begin(), result.weights.end()});
        read(source_, *bias, {result.bias.begin(), result.bias.end()});
        if (found_.names.has_norm())
            fold(norm(position), result);
        return result;
    }

    [[nodiscard]] colour_layer colour() const {
        colour_layer layer{};
        const auto matrix = as_filter(at(found_.names.colour[0], 0), {3, 3, 1, 1});
        const auto bias = as_vector(at(found_.names.colour[1], 0), 3);
        read(source_, *matrix, {layer.matrix[0].data(), 9});
        read(source_, *bias, layer.bias);
        return layer;
    }

private:
    [[nodiscard]] const entry& at(std::string_view pattern, std::size_t position) const {
        return *source_.find(found_.name_of(pattern, position));
    }
    [[nodiscard]] std::vector<float> channels(std::string_view pattern,
                                              std::size_t position) const {
        std::vector<float> values(static_cast<std::size_t>(found_.layers[position].out_channels));
        read(source_, *as_vector(at(pattern, position), found_.layers[position].out_channels),
             values);
        return values;
    }
    [[nodiscard]] float number(const entry& tensor) const {
        float value = 0;
        read(source_, tensor, {&value, 1});
        return value;
    }
    [[nodiscard]] batch_norm norm(std::size_t position) const {
        const auto& names = found_.names.norm;
        batch_norm result{channels(names[0], position), channels(names[1], position),
                          channels(names[2], position), channels(names[3], position)};
        const std::string variance = found_.name_of(names[3], position);
        if (std::ranges::min(result.variance) < 0)
            throw format_error(source_.file + ": tensor " + quoted(variance) +
                               " has a negative variance");
        if (const auto* epsilon = source_.find(found_.name_of(found_.names.epsilon, position)))
            result.epsilon = number(*epsilon);
        if (std::ranges::min(result.variance) + result.epsilon <= 0)
            throw format_error(source_.file + ": tensor " + quoted(variance) +
                               ": variance + epsilon is not positive for epsilon " +
                               std::to_string(result.epsilon));
        return result;
    }

    const archive& source_;
    const recognised& found_;
};

origin origin_of(const archive& source, const recognised& found, const nn::filter& first) {
    first_filter values;
    std::copy_n(first.weights.data(), values.size(), values.begin());
    return find_origin(source, found, values);
}

/// What the first layer of AdaIN's networks makes of pixels, or that layer folded into the next.
origin origin_behind(const colour_layer& layer, nn::filter& first) {
    if (const auto input = as_preprocessing(layer))
        return {"AdaIN", *input};
    fold(layer, first);
    return {"AdaIN"};
}

nn::network to_network(const archive& source, const recognised& found,
                       const load_options& options) {
    const loader tensors(source, found);
    nn::network network;
    network.name = found.topology.name;
    network.layers.assign(found.layers.begin(), found.layers.end());
    for (std::size_t i = 0; i < network.layers.size(); ++i)
        if (!network.layers[i].is_pool())
            network.filters.push_back(tensors.convolution(i));

    nn::filter& first = network.filters.front();
    const origin known = found.names.has_colour() ? origin_behind(tensors.colour(), first)
                                                  : origin_of(source, found, first);
    network.origin = known.name;
    network.input = options.preprocessing.value_or(known.input);
    if (!options.preprocessing)
        network.note = known.note;
    return network;
}

/// Networks of these formats are mostly torchvision's or trained from it; the others', Caffe's.
bool is_format_of_torchvision(file_format format) {
    return format == file_format::pytorch || format == file_format::safetensors ||
           format == file_format::onnx;
}

nn::network to_network(const named_by_chain& chain, const load_options& options) {
    recognised found = recognise(chain.renamed);
    found.by_shapes = true;
    if (is_format_of_torchvision(chain.renamed.format))
        found.names.origin = "torchvision";
    nn::network network = to_network(chain.renamed, found, options);
    const std::string named = chain.renamed.file + ": ";
    if (!network.note.empty())
        network.note = chain.note + "; " + network.note.substr(named.size());
    else
        network.note = chain.note;
    return network;
}

/// Known names may cover the first layers alone: "slice1.0.weight" of a network in slices looks
/// like a Sequential of two convolutions. Then the chain of shapes is longer.
std::optional<named_by_chain> longer_chain(const archive& source, const recognised& found) {
    const auto convolutions =
        std::ranges::count_if(found.layers, [](const nn::layer& row) { return !row.is_pool(); });
    try {
        auto chain = name_by_chain(source);
        constexpr std::size_t tensors = 2;  // of a convolution
        const bool is_longer = chain && chain->renamed.entries.size() >
                                            tensors * static_cast<std::size_t>(convolutions);
        return is_longer ? std::move(chain) : std::nullopt;
    } catch (const format_error&) {
        return std::nullopt;  // no chain, which the names do not need
    }
}

}  // namespace

nn::network to_network(const archive& source, const load_options& options) {
    if (!has_known_names(source))
        if (const auto chain = name_by_chain(source))
            return to_network(*chain, options);
    const recognised found = recognise(source);
    if (const auto chain = longer_chain(source, found))
        return to_network(*chain, options);
    return to_network(source, found, options);
}

nn::network load(const std::filesystem::path& file, const load_options& options) {
    return to_network(open(file), options);
}

}  // namespace impasto::weights
