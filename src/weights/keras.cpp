#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <set>
#include <utility>

#include <impasto/core/error.hpp>

#include "core/describe.hpp"
#include "formats/hdf5.hpp"
#include "formats/inflated.hpp"
#include "formats/zip.hpp"
#include "weights/by_order.hpp"
#include "weights/formats.hpp"
#include "weights/natural_order.hpp"

// Keras stores a layer's tensors in a group: block1_conv1/block1_conv1_W_1:0 (Keras 1),
// block1_conv1/block1_conv1/kernel:0 (Keras 2), layers/conv2d_3/vars/0 (Keras 3, which forgets the
// names of layers and keeps their order). A whole model has them in model_weights. Filters are
// [height,width,in,out]. Source: keras.io/api/models/model_saving_apis.

namespace impasto::weights {

namespace {

namespace hdf5 = formats::hdf5;
namespace zip = formats::zip;

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
}

/// The optimiser keeps tensors of the filters' shapes.
bool belongs_to_network(const std::string& path, bool whole_model) {
    return whole_model ? path.starts_with("model_weights/") : !path.starts_with("optimizer");
}

constexpr std::string_view weights_member = "model.weights.h5";  ///< of a .keras

struct convolution {
    std::string group;
    entry filter;
    entry bias;
};

/// A BatchNorm has three or four vectors of one length, and no filter. Its place among the
/// convolutions is not known, and without it the network would be another.
void refuse_norms(const std::string& file, const std::vector<entry>& tensors, bool whole_model) {
    std::set<std::string> with_filter;
    for (const entry& tensor : tensors)
        if (tensor.extents.size() == 4)
            with_filter.insert(parent_of(tensor.name));
    std::map<std::pair<std::string, std::int64_t>, int> vectors;
    for (const entry& tensor : tensors) {
        const std::string group = parent_of(tensor.name);
        if (belongs_to_network(tensor.name, whole_model) && tensor.extents.size() == 1 &&
            !with_filter.contains(group) && ++vectors[{group, tensor.extents[0]}] == 3)
            throw format_error(file + ": group " + impasto::quoted(group) +
                               " holds three vectors " + to_text(tensor.extents) +
                               ", as a BatchNorm does; expected convolutions alone");
    }
}

std::vector<entry> tensors_of(std::span<const std::byte> bytes, const std::string& file) {
    std::vector<entry> tensors;
    for (hdf5::dataset& found : hdf5::datasets(bytes, file))
        tensors.push_back({.name = std::move(found.path),
                           .type = found.type,
                           .extents = std::move(found.extents),
                           .bytes = found.bytes,
                           .unpack = std::move(found.unpack)});
    return tensors;
}

std::vector<convolution> convolutions_of(std::vector<entry> tensors, const std::string& file) {
    const bool whole_model = std::ranges::any_of(
        tensors, [](const entry& e) { return e.name.starts_with("model_weights/"); });
    refuse_norms(file, tensors, whole_model);
    std::map<std::string, convolution, decltype(&naturally_less)> groups(&naturally_less);
    for (entry& tensor : tensors) {
        if (!belongs_to_network(tensor.name, whole_model))
            continue;
        const std::string group = parent_of(tensor.name);
        if (tensor.extents.size() == 4)
            groups[group].filter = std::move(tensor);
        else if (tensor.extents.size() == 1)
            groups[group].bias = std::move(tensor);
    }
    std::vector<convolution> found;
    for (auto& [group, layer] : groups)
        if (!layer.filter.extents.empty()) {
            found.push_back(std::move(layer));
            found.back().group = group;
        }
    return found;
}

void refuse_theano(const archive& into, const entry& filter) {
    const auto& e = filter.extents;
    if (e[2] == 3 && e[3] == 3 && e[0] != 3)
        throw format_error(into.file + ": dataset " + impasto::quoted(filter.name) + " is " +
                           to_text(e) +
                           ", in Theano's order, where filters are also flipped; use the file "
                           "with tf_dim_ordering_tf_kernels in its name");
}

/// "conv1_2" of "…block1_conv2…"; else the name that the place among the others gives.
std::string name_of_layer(const convolution& layer, const std::optional<nn::topology>& known,
                          std::size_t index) {
    static const std::regex keras_name(R"(block(\d)_conv(\d)(?!\d))");
    std::smatch parts;
    if (std::regex_search(layer.group, parts, keras_name))
        return "conv" + parts[1].str() + "_" + parts[2].str();
    return known ? layer_name(*known, index) : layer.group;
}

}  // namespace

bool is_hdf5(std::span<const std::byte> bytes) {
    return hdf5::is_hdf5(bytes);
}

archive open_hdf5(const file_pointer& file, std::span<const std::byte> bytes) {
    archive result{.file = file->path().string(),
                   .format = file_format::hdf5,
                   .metadata = {{"origin", "Keras"}},
                   .mapping = file};
    auto layers = convolutions_of(tensors_of(bytes, result.file), result.file);
    if (layers.empty())
        throw format_error(result.file +
                           ": no network of Keras: expected datasets such as "
                           "block1_conv1/kernel:0 or layers/conv2d/vars/0");
    std::vector<entry> filters;
    for (convolution& layer : layers) {
        refuse_theano(result, layer.filter);
        turn_to_out_in(layer.filter, /*first_is_fastest=*/false);
        filters.push_back(layer.filter);
    }
    const auto known = topology_of(filters);
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::string name = name_of_layer(layers[i], known, i);
        layers[i].filter.name = name + ".weight";
        layers[i].bias.name = name + ".bias";
        result.entries.push_back(std::move(layers[i].filter));
        if (!layers[i].bias.extents.empty())
            result.entries.push_back(std::move(layers[i].bias));
    }
    return result;
}

archive open_hdf5(const file_pointer& file) {
    return open_hdf5(file, file->bytes());
}

bool is_keras(std::span<const std::byte> bytes) {
    if (!zip::is_zip(bytes))
        return false;
    try {
        return zip::reader(bytes, "").find(weights_member) != nullptr;
    } catch (const format_error&) {
        return false;
    }
}

archive open_keras(const file_pointer& file) {
    const std::string called = file->path().string();
    const zip::reader archive_of_model(file->bytes(), called);
    const zip::member& weights = *archive_of_model.find(weights_member);
    if (!weights.deflated)  // as Keras does it
        return open_hdf5(file, archive_of_model.packed(weights));
    const auto content =
        std::make_shared<formats::inflated>(file, weights, zip::plausible_size(weights));
    archive result = open_hdf5(file, content->bytes());
    for (entry& tensor : result.entries)
        if (!tensor.unpack && !tensor.bytes.empty())
            tensor.unpack = [content, part = std::exchange(tensor.bytes, {})] {
                return content->take(part);
            };
    return result;
}

}  // namespace impasto::weights
