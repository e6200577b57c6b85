#include "weights/large_files.hpp"

#include <initializer_list>
#include <utility>

#include <impasto/nn/topology.hpp>
#include <impasto/weights/safetensors.hpp>

#include "support/made_zip.hpp"

namespace impasto::test {

namespace {

using extent_list = std::vector<std::int64_t>;

std::string u16(std::int64_t value) {
    return number(static_cast<std::uint16_t>(value));
}
std::string u64(std::int64_t value) {
    return number(static_cast<std::uint64_t>(value));
}
std::int64_t size_of(const std::string& text) {
    return static_cast<std::int64_t>(text.size());
}
std::string bytes_of(std::span<const float> values) {
    return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

extent_list out_first(const random_layer& layer) {
    return {layer.out, layer.in, 3, 3};
}
extent_list out_last(const random_layer& layer) {
    return {3, 3, layer.in, layer.out};
}

using member_list = std::vector<std::pair<std::string, std::string>>;  ///< name and content

std::string zip(const member_list& members, bool deflate) {
    std::vector<zip_member> made;
    for (const auto& [name, content] : members)
        made.push_back(deflate ? deflated_member(name, content)
                               : zip_member{.name = name, .content = content});
    return test::zip(made);
}

// ---- pickles ------------------------------------------------------------------------------------

std::string text(const std::string& characters) {
    return "X" + u32(size_of(characters)) + characters;
}
std::string integer(std::int64_t value) {
    return "J" + u32(value);
}
std::string tuple(std::initializer_list<std::string> items) {
    std::string all = "(";
    for (const std::string& item : items)
        all += item;
    return all + "t";
}
std::string tuple(const extent_list& numbers) {
    std::string all = "(";
    for (const std::int64_t value : numbers)
        all += integer(value);
    return all + "t";
}
std::string global(const std::string& module, const std::string& name) {
    return "c" + module + "\n" + name + "\n";
}
const std::string none = "N", no = "\x89", call = "R", set_state = "b";

std::string torch_tensor(const std::string& key, const extent_list& extents) {
    extent_list strides(extents.size(), 1);
    for (std::size_t i = extents.size() - 1; i > 0; --i)
        strides[i - 1] = strides[i] * extents[i];
    const std::string storage = tuple({text("storage"), global("torch", "FloatStorage"), text(key),
                                       text("cpu"), integer(strides[0] * extents[0])});
    return global("torch._utils", "_rebuild_tensor_v2") +
           tuple({storage + "Q", integer(0), tuple(extents), tuple(strides), no,
                  global("collections", "OrderedDict") + tuple({}) + call}) +
           call;
}

/// A state_dict, whose storages are numbered in the order of its tensors.
std::string state_dict(layer_list layers) {
    std::string pickled = "\x80\x02}(";
    int key = 0;
    for (const random_layer& layer : layers) {
        pickled += text(layer.name + ".weight") +
                   torch_tensor(std::to_string(key), out_first(layer)) +
                   text(layer.name + ".bias") + torch_tensor(std::to_string(key + 1), {layer.out});
        key += 2;
    }
    return pickled + "u.";
}

/// `content` is what makes the array's bytes.
std::string numpy_array(const extent_list& extents, const std::string& content) {
    const std::string type =
        global("numpy", "dtype") + tuple({text("f4"), integer(0), integer(1)}) + call +
        tuple({integer(3), text("<"), none, none, none, integer(-1), integer(-1), integer(0)}) +
        set_state;
    return global("numpy.core.multiarray", "_reconstruct") +
           tuple({global("numpy", "ndarray"), tuple(extent_list{0}), text("b")}) + call +
           tuple({integer(1), tuple(extents), type, no, content}) + set_state;
}

std::string npy_head(const std::string& descr, const std::string& extents) {
    const std::string header =
        "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + extents + "), }\n";
    return "\x93NUMPY" + std::string("\x01\x00", 2) + u16(size_of(header)) + header;
}

std::string pickled_npy(layer_list layers, std::string (*as_bytes)(std::span<const float>)) {
    std::string pickled = npy_head("|O", "") + "\x80\x03}(";
    for (const random_layer& layer : layers)
        pickled += text(layer.name) + "](" + numpy_array(out_last(layer), as_bytes(layer.weights)) +
                   numpy_array({layer.out}, as_bytes(layer.bias)) + "e";
    return pickled + "u.";
}

/// _codecs.encode("…", "latin1")
std::string latin1_bytes(std::span<const float> values) {
    std::string utf8;
    utf8.reserve(2 * values.size_bytes());
    for (const std::byte byte : std::as_bytes(values)) {
        const auto c = std::to_integer<unsigned>(byte);
        if (c >= 0x80)
            utf8 += static_cast<char>(0xc0 | c >> 6);
        utf8 += static_cast<char>(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
    }
    return global("_codecs", "encode") + tuple({text(utf8), text("latin1")}) + call;
}

std::string plain_bytes(std::span<const float> values) {
    return "B" + u32(static_cast<std::int64_t>(values.size_bytes())) + bytes_of(values);
}

member_list arrays(layer_list layers) {
    member_list members;
    for (const random_layer& layer : layers) {
        const std::string in = std::to_string(layer.in), out = std::to_string(layer.out);
        members.emplace_back(layer.name + "_W.npy",
                             npy_head("<f4", "3, 3, " + in + ", " + out) + bytes_of(layer.weights));
        members.emplace_back(layer.name + "_b.npy",
                             npy_head("<f4", out + ",") + bytes_of(layer.bias));
    }
    return members;
}

// ---- MATLAB -------------------------------------------------------------------------------------

std::string element(int type, std::string data) {
    const std::string tag = u32(type) + u32(size_of(data));
    data.resize((data.size() + 7) / 8 * 8);
    return tag + data;
}

std::string matrix(int kind, const extent_list& extents, const std::string& name,
                   const std::string& content) {
    constexpr int int8 = 1, int32 = 5, uint32 = 6, array = 14;
    std::string sizes;
    for (const std::int64_t extent : extents)
        sizes += u32(extent);
    return element(array, element(uint32, u32(kind) + u32(0)) + element(int32, sizes) +
                              element(int8, name) + content);
}

/// The cell `layers` of a network of MatConvNet.
std::string mat_layers(layer_list layers) {
    constexpr int cell = 1, structure = 2, characters = 4, single = 7;
    constexpr int int8 = 1, int32 = 5, float32 = 7, utf8 = 16;
    std::string all;
    for (const random_layer& layer : layers) {
        std::string fields = "name" + std::string(4, '\0') + "weights" + std::string(1, '\0');
        const std::string weights =
            matrix(single, out_last(layer), "", element(float32, bytes_of(layer.weights))) +
            matrix(single, {layer.out, 1}, "", element(float32, bytes_of(layer.bias)));
        all +=
            matrix(structure, {1, 1}, "",
                   element(int32, u32(8)) + element(int8, fields) +
                       matrix(characters, {1, size_of(layer.name)}, "", element(utf8, layer.name)) +
                       matrix(cell, {1, 2}, "", weights));
    }
    return matrix(cell, {1, static_cast<std::int64_t>(layers.size())}, "layers", all);
}

std::string mat_head() {
    std::string head = "MATLAB 5.0 MAT-file";
    head.resize(124, ' ');
    return head + std::string("\0\1IM", 4);
}

// ---- HDF5 ---------------------------------------------------------------------------------------

/// Objects, each behind those that it points to, in the form of HDF5 1.10.
class hdf5_writer {
public:
    hdf5_writer() : bytes_(superblock_size, '\0') {}

    std::int64_t add_dataset(const extent_list& extents, std::span<const float> values) {
        const std::int64_t data = size_of(bytes_);
        bytes_ += bytes_of(values);
        std::string space =
            std::string("\2", 1) + static_cast<char>(extents.size()) + std::string("\0\1", 2);
        for (const std::int64_t extent : extents)
            space += u64(extent);
        const std::string ieee_float = std::string("\x11\x20\x1f\0", 4) + u32(4) + u16(0) +
                                       u16(32) + std::string("\x17\x08\0\x17", 4) + u32(127);
        const std::string layout = std::string("\3\1", 2) + u64(data) +
                                   u64(static_cast<std::int64_t>(values.size_bytes()));
        return add_object(message(1, space) + message(3, ieee_float) + message(8, layout));
    }

    std::int64_t add_group(const std::vector<std::pair<std::string, std::int64_t>>& links) {
        std::string messages;
        for (const auto& [name, address] : links)
            messages += message(
                6, std::string("\1\0", 2) + static_cast<char>(name.size()) + name + u64(address));
        return add_object(messages);
    }

    std::string finish(std::int64_t root) && {
        const std::string superblock = "\x89HDF\r\n\x1a\n" + std::string("\2\x8\x8\0", 4) + u64(0) +
                                       u64(-1) + u64(size_of(bytes_)) + u64(root);
        bytes_.replace(0, superblock.size(), superblock);
        return std::move(bytes_);
    }

private:
    static constexpr std::size_t superblock_size = 48;

    static std::string message(char type, const std::string& data) {
        return std::string(1, type) + u16(size_of(data)) + std::string(1, '\0') + data;
    }
    std::int64_t add_object(const std::string& messages) {
        const std::int64_t address = size_of(bytes_);
        constexpr std::int64_t no_checksum = 0;
        bytes_ +=
            "OHDR" + std::string("\2\2", 2) + u32(size_of(messages)) + messages + u32(no_checksum);
        return address;
    }

    std::string bytes_;
};

// ---- Protocol Buffers ---------------------------------------------------------------------------

std::string varint(std::uint64_t value) {
    std::string text;
    for (; value >= 0x80; value >>= 7)
        text += static_cast<char>(value | 0x80);
    return text + static_cast<char>(value);
}
std::string field(std::uint64_t number, const std::string& content) {
    return varint(number << 3 | 2) + varint(content.size()) + content;
}
std::string field(std::uint64_t number, std::uint64_t value) {
    return varint(number << 3) + varint(value);
}

std::string blob(const extent_list& extents, std::span<const float> values) {
    std::string shape;
    for (const std::int64_t extent : extents)
        shape += field(1, static_cast<std::uint64_t>(extent));
    return field(7, field(7, shape) + field(5, bytes_of(values)));
}

std::string initializer(const std::string& name, const extent_list& extents,
                        std::span<const float> values) {
    std::string tensor;
    for (const std::int64_t extent : extents)
        tensor += field(1, static_cast<std::uint64_t>(extent));
    constexpr std::uint64_t float32 = 1;
    return field(5, tensor + field(2, float32) + field(8, name) + field(9, bytes_of(values)));
}

}  // namespace

std::vector<random_layer> random_vgg19() {
    static const std::vector<float> values = [] {
        constexpr std::size_t largest = 512 * 512 * 9;
        std::vector<float> numbers(largest);
        std::uint32_t state = 1;
        for (float& v : numbers) {
            state = state * 1664525 + 1013904223;  // Numerical Recipes, "quick and dirty"
            v = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-36f;
        }
        return numbers;
    }();
    std::vector<random_layer> layers;
    for (const nn::layer& row : nn::vgg19.layers) {
        if (row.is_pool())
            continue;
        const auto in = static_cast<std::size_t>(row.in_channels),
                   out = static_cast<std::size_t>(row.out_channels);
        layers.push_back({nn::name_of(row), row.in_channels, row.out_channels,
                          std::span(values).first(9 * in * out), std::span(values).last(out)});
    }
    return layers;
}

std::string safetensors_file(layer_list layers) {
    std::vector<weights::safetensors::named_values> tensors;
    for (const random_layer& layer : layers) {
        tensors.push_back({layer.name + ".weight", out_first(layer), layer.weights});
        tensors.push_back({layer.name + ".bias", {layer.out}, layer.bias});
    }
    const auto bytes =
        weights::safetensors::serialize(tensors, {}, weights::safetensors::precision::float32);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string pytorch_file(layer_list layers) {
    member_list members{{"vgg19/data.pkl", state_dict(layers)}};
    for (const random_layer& layer : layers)
        for (const auto values : {layer.weights, layer.bias})
            members.emplace_back("vgg19/data/" + std::to_string(members.size() - 1),
                                 bytes_of(values));
    return zip(members, false);
}

std::string pytorch_legacy_file(layer_list layers) {
    const std::string magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
    std::string keys = "\x80\x02](";
    for (std::size_t key = 0; key < 2 * layers.size(); ++key)
        keys += text(std::to_string(key));
    std::string file =
        magic + "\x80\x02" + integer(1001) + ".\x80\x02}." + state_dict(layers) + keys + "e.";
    for (const random_layer& layer : layers)
        for (const auto values : {layer.weights, layer.bias})
            file += u64(static_cast<std::int64_t>(values.size())) + bytes_of(values);
    return file;
}

std::string npz_file(layer_list layers) {
    return zip(arrays(layers), false);
}
std::string npz_deflated_file(layer_list layers) {
    return zip(arrays(layers), true);
}
std::string npy_file(layer_list layers) {
    return pickled_npy(layers, plain_bytes);
}
std::string npy_text_file(layer_list layers) {
    return pickled_npy(layers, latin1_bytes);
}

std::string mat_file(layer_list layers) {
    return mat_head() + mat_layers(layers);
}
std::string mat_deflated_file(layer_list layers) {
    constexpr int compressed = 15, zlib = 15;
    const std::string packed = deflated(mat_layers(layers), zlib);
    return mat_head() + u32(compressed) + u32(size_of(packed)) + packed;
}

std::string hdf5_file(layer_list layers) {
    hdf5_writer file;
    std::vector<std::pair<std::string, std::int64_t>> groups;
    for (const random_layer& layer : layers) {
        const std::string name = "block" + layer.name.substr(4, 1) + "_conv" + layer.name.substr(6);
        const auto kernel = file.add_dataset(out_last(layer), layer.weights),
                   bias = file.add_dataset({layer.out}, layer.bias);
        groups.emplace_back(name, file.add_group({{"kernel:0", kernel}, {"bias:0", bias}}));
    }
    const std::int64_t root = file.add_group(groups);
    return std::move(file).finish(root);
}
std::string keras_file(layer_list layers) {
    return zip({{"model.weights.h5", hdf5_file(layers)}}, false);
}
std::string keras_deflated_file(layer_list layers) {
    return zip({{"model.weights.h5", hdf5_file(layers)}}, true);
}

std::string caffe_file(layer_list layers) {
    std::string net = field(1, "VGG_ILSVRC_19_layers");
    for (const random_layer& layer : layers)
        net += field(100, field(1, layer.name) + blob(out_first(layer), layer.weights) +
                              blob({layer.out}, layer.bias));
    return net;
}

std::string onnx_file(layer_list layers) {
    std::string graph;
    for (const random_layer& layer : layers) {
        const std::string weight = layer.name + ".weight", bias = layer.name + ".bias";
        graph += field(1, field(1, "x") + field(1, weight) + field(1, bias) + field(2, "x") +
                              field(4, "Conv")) +
                 initializer(weight, out_first(layer), layer.weights) +
                 initializer(bias, {layer.out}, layer.bias);
    }
    return field(1, std::uint64_t{8}) + field(7, graph);
}

}  // namespace impasto::test
