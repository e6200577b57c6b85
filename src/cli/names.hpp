#pragma once

#include <impasto/painter/options.hpp>

#include "cli/parse.hpp"

/// The names of values on the command line, for parsing and printing.
namespace impasto::cli {

inline constexpr named<optimizer> optimizer_names[] = {
    {"lbfgs", optimizer::lbfgs},
    {"adam", optimizer::adam},
    {"gd", optimizer::gradient_descent},
};

/// start::picture has no name: any other text is the name of a file.
inline constexpr named<start> start_names[] = {
    {"content", start::content},
    {"noise", start::noise},
    {"style", start::style},
    {"gray", start::gray},
};

inline constexpr named<style::convention> loss_names[] = {
    {"relative", style::convention::relative},
    {"gatys", style::convention::gatys},
    {"lecture", style::convention::lecture},
    {"neural-style", style::convention::neural_style},
};

using preset = stylize_options (*)();

inline constexpr named<preset> preset_names[] = {
    {"lecture", lecture_preset},
    {"gatys", gatys_preset},
    {"neural-style", neural_style_preset},
    {"crowsonkb", crowsonkb_preset},
};

inline constexpr named<ops::pooling> pooling_names[] = {
    {"max", ops::pooling::max},
    {"average", ops::pooling::average},
    {"l2", ops::pooling::l2},
};

inline constexpr named<ops::border> border_names[] = {
    {"zero", ops::border::zero},
    {"replicate", ops::border::replicate},
    {"wrap", ops::border::wrap},
};

inline constexpr named<ops::conv_algorithm> convolution_names[] = {
    {"fastest", ops::conv_algorithm::fastest},
    {"direct", ops::conv_algorithm::direct},
};

/// Preprocessing that a network expects.
enum class input { as_recognised, torchvision, caffe, caffe_rgb, tensorflow };

inline constexpr named<input> input_names[] = {
    {"auto", input::as_recognised},   {"torchvision", input::torchvision},
    {"caffe", input::caffe},          {"keras", input::caffe},
    {"matconvnet", input::caffe_rgb}, {"tensorflow", input::tensorflow},
};

inline constexpr named<precision> precision_names[] = {
    {"float32", precision::float32},
    {"tf32", precision::tf32},
    {"float16", precision::float16},
    {"bfloat16", precision::bfloat16},
};

inline constexpr named<ops::conv_engine> conv_engine_names[] = {
    {"native", ops::conv_engine::native},
    {"cudnn", ops::conv_engine::cudnn},
};

}  // namespace impasto::cli
