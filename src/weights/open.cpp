#include <impasto/weights/archive.hpp>

#include <algorithm>

#include <impasto/core/error.hpp>

#include "weights/formats.hpp"
#include "weights/palettes.hpp"

namespace impasto::weights {

namespace {

/// VGG-19 with its classifier in float32 has 575 MB.
constexpr std::size_t largest_file = std::size_t{2} << 30;

struct reader {
    const char* files;  ///< their usual extensions
    bool (*recognises)(std::span<const std::byte> bytes);
    archive (*open)(const file_pointer& file);
};

constexpr reader readers[] = {
    {".mat", is_mat, open_mat},
    {".keras", is_keras, open_keras},
    {".h5", is_hdf5, open_hdf5},
    {".onnx", is_onnx, open_onnx},
    {".pth, .pt", is_pytorch, open_pytorch},
    {".npz, .npy", is_numpy, open_numpy},
    {".safetensors", is_safetensors, open_safetensors},
    {".caffemodel", is_caffe, open_caffe},
};

std::string known_files() {
    std::string list;
    for (const reader& known : readers)
        list += (list.empty() ? "" : ", ") + std::string(known.files);
    return list;
}

}  // namespace

archive open(std::shared_ptr<const mapped_file> file) {
    const auto found = std::ranges::find_if(
        readers, [&](const reader& known) { return known.recognises(file->bytes()); });
    if (found == std::end(readers))
        throw format_error(file->path().string() +
                           ": is no weight file of a known format; impasto reads " + known_files());
    archive result = found->open(file);
    join_palettes(result);
    file->give_back(file->bytes());  // what was looked at on the way to the tensors
    return result;
}

archive open(const std::filesystem::path& file) {
    return open(std::make_shared<const mapped_file>(file, largest_file));
}

}  // namespace impasto::weights
