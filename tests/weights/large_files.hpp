#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// All convolutions of VGG-19 with random filters, 80 MB, in each format. These writers are as
/// short as can be, for files whose size and layout matter; that formats are read right is shown by
/// the files of make_files.py, which the programs' own writers made.
namespace impasto::test {

/// Values belong to the filter in whatever order the format has.
struct random_layer {
    std::string name;  ///< "conv1_1"
    std::int64_t in = 0, out = 0;
    std::span<const float> weights, bias;
};

[[nodiscard]] std::vector<random_layer> random_vgg19();

using layer_list = std::span<const random_layer>;

/// The bytes of a file.
[[nodiscard]] std::string safetensors_file(layer_list layers);
[[nodiscard]] std::string pytorch_file(layer_list layers);
[[nodiscard]] std::string pytorch_legacy_file(layer_list layers);
[[nodiscard]] std::string npz_file(layer_list layers);
[[nodiscard]] std::string npz_deflated_file(layer_list layers);
[[nodiscard]] std::string npy_file(layer_list layers);
[[nodiscard]] std::string npy_text_file(
    layer_list layers);  ///< bytes as text, as protocol 2 has them
[[nodiscard]] std::string mat_file(layer_list layers);
[[nodiscard]] std::string mat_deflated_file(layer_list layers);
[[nodiscard]] std::string hdf5_file(layer_list layers);
[[nodiscard]] std::string keras_file(layer_list layers);
[[nodiscard]] std::string keras_deflated_file(layer_list layers);
[[nodiscard]] std::string caffe_file(layer_list layers);
[[nodiscard]] std::string onnx_file(layer_list layers);

}  // namespace impasto::test
