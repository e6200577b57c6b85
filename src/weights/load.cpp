#include <impasto/weights/weights.hpp>

#include <impasto/core/file.hpp>

#include "weights/recognise.hpp"

namespace impasto::weights {

namespace {

/// VGG-19 with its classifier in float32 has 575 MB.
constexpr std::size_t largest_file = std::size_t{2} << 30;

tensor<float, cpu> read(const safetensors::archive& source, const std::string& name,
                        const shape& extents) {
    tensor<float, cpu> values(extents);
    safetensors::read(source, *source.find(name),
                      {values.data(), static_cast<std::size_t>(values.size())});
    return values;
}

}  // namespace

nn::network to_network(const safetensors::archive& source, const load_options& options) {
    const recognised found = recognise(source);
    nn::network network;
    network.name = found.topology.name;
    network.layers.assign(found.layers.begin(), found.layers.end());
    network.input = choose_preprocessing(source, found.names, options);
    network.origin = has_impasto_metadata(source)         ? "impasto"
                     : found.names == naming::by_position ? "torchvision"
                                                          : "Caffe";
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
        const nn::layer& row = network.layers[i];
        if (row.is_pool())
            continue;
        const std::string stem = stem_of(network.layers, i, found.names);
        network.filters.push_back({read(source, stem + ".weight", weight_shape(row)),
                                   read(source, stem + ".bias", bias_shape(row))});
    }
    return network;
}

nn::network load(const std::filesystem::path& file, const load_options& options) {
    const auto bytes = read_file(file, largest_file);
    return to_network(safetensors::parse(bytes, file.string()), options);
}

}  // namespace impasto::weights
