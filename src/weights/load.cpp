#include <impasto/weights/weights.hpp>

#include "weights/recognise.hpp"

namespace impasto::weights {

namespace {

tensor<float, cpu> read(const archive& source, const std::string& name, const shape& extents) {
    tensor<float, cpu> values(extents);
    read(source, *source.find(name), {values.data(), static_cast<std::size_t>(values.size())});
    return values;
}

}  // namespace

nn::network to_network(const archive& source, const load_options& options) {
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
    return to_network(open(file), options);
}

}  // namespace impasto::weights
