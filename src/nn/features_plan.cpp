#include <impasto/nn/features_plan.hpp>

#include <algorithm>

#include <impasto/core/error.hpp>

#include "nn/stage_builder.hpp"

namespace impasto::nn {

namespace {

[[noreturn]] void refuse_size(const shape& pixels, const std::string& layer,
                              std::int64_t smallest) {
    throw shape_error("a picture of " + std::to_string(pixels.w) + "x" + std::to_string(pixels.h) +
                      " pixels is too small for " + layer + ", which needs at least " +
                      std::to_string(smallest) + "x" + std::to_string(smallest));
}

// The tap that needs the largest picture is named; of equals, the deepest.
void expect_size(const graph& g, std::span<const std::size_t> tap_of_node, const shape& pixels) {
    expect_shape("features", "pixels", {1, 3, pixels.h, pixels.w}, pixels);
    std::int64_t smallest = 0;
    std::size_t deepest = 0;
    for (std::size_t i = 0; i < tap_of_node.size(); ++i)
        if (tap_of_node[i] != features_plan::none)
            if (const auto side = smallest_side(g, i); side >= smallest) {
                smallest = side;
                deepest = i;
            }
    if (pixels.h < smallest || pixels.w < smallest)
        refuse_size(pixels, g.nodes[deepest].name, smallest);
}

}  // namespace

ops::pixel_transform transform_of(const preprocessing& input) {
    ops::pixel_transform t;
    for (std::size_t k = 0; k < 3; ++k) {
        t.source[k] = static_cast<int>(input.order == channel_order::bgr ? 2 - k : k);
        t.gain[k] = input.scale / input.deviation[k];
        t.offset[k] = -input.mean[k] / input.deviation[k];
    }
    return t;
}

void expect_pixels(std::span<const layer> layers, std::size_t last, const shape& pixels) {
    expect_shape("features", "pixels", {1, 3, pixels.h, pixels.w}, pixels);
    const auto smallest = smallest_side(layers, last);
    if (pixels.h < smallest || pixels.w < smallest)
        refuse_size(pixels, tap_name_of(layers[last]), smallest);
}

features_plan::features_plan(const network& net, const features_options& options,
                             const shape& pixels, const fuses_pooling& fuses)
    : graph_(graph_of(net)), options_(options), pixels_(pixels), padded_(pixels) {
    if (options.taps.empty())
        throw option_error("features: no layers are asked for; name at least one, such as relu1_1");
    check(graph_);
    const auto tap_of_node = find_taps(net);
    expect_size(graph_, tap_of_node, pixels);
    stage_builder builder(graph_, options_, net, tap_of_node, fuses);
    padded_ = builder.padded(pixels);
    stages_ = builder.stages(padded_);
    connect();
}

// Who reads which map; the last reader is the first to write its gradient.
void features_plan::connect() {
    taps_.resize(options_.taps.size());
    for (std::size_t i = 0; i < stages_.size(); ++i) {
        if (stages_[i].tap != none)
            taps_[stages_[i].tap] = i;
        for (const auto input : stages_[i].inputs)
            (input == graph::picture ? picture_readers_ : stages_[input].readers).push_back(i);
    }
    for (std::size_t i = 0; i < stages_.size(); ++i) {
        auto& s = stages_[i];
        for (const auto input : s.inputs)
            s.adds.push_back(readers_of(input).back() != i);
        if (s.inputs.size() == 2 && s.inputs[0] == s.inputs[1])
            s.adds[1] = true;
    }
}

// For each node up to the last tapped one, which tap it is.
std::vector<std::size_t> features_plan::find_taps(const network& net) const {
    std::vector<std::size_t> result;
    for (std::size_t t = 0; t < options_.taps.size(); ++t) {
        const auto& name = options_.taps[t];
        const auto node =
            net.graph.nodes.empty() ? find_tap(net.layers, name) : find_node(graph_, name);
        result.resize(std::max(result.size(), node + 1), none);
        if (result[node] != none)
            throw option_error("layer " + name + " is named twice; name each layer once");
        result[node] = t;
    }
    return result;
}

bool features_plan::has_relu(const stage& s) const {
    if (const auto* c = std::get_if<op::convolution>(&operation(s)))
        return c->activation == ops::activation::relu;
    return std::holds_alternative<op::relu>(operation(s));
}

namespace {

// What a stage does that no kernel does; nullptr where there is one.
const char* without_kernel(const any_op& operation, bool reads_picture) {
    if (const auto* c = std::get_if<op::convolution>(&operation)) {
        if (c->geometry.stride != 1)
            return c->geometry.stride == 2 ? "a stride of 2" : "a stride larger than 1";
        if (c->geometry.kernel > 3)
            return "filters larger than 3x3";
        if (c->in_channels == 3 && !reads_picture)
            return "a map of three channels, unless it is the picture";
    }
    if (std::holds_alternative<op::upsample>(operation))
        return "nearest-neighbour upsampling";
    if (std::holds_alternative<op::instance_norm>(operation))
        return "instance normalisation";
    return std::holds_alternative<op::add>(operation) ? "additions" : nullptr;
}

}  // namespace

void features_plan::expect_cuda_kernels() const {
    const auto refuse = [&](std::size_t node, const char* what) {
        throw option_error("features: " + graph_.nodes[node].name + ": CUDA has no kernel for " +
                           what + "; the CPU engine runs it");
    };
    for (const auto& s : stages_) {
        if (const char* what = without_kernel(operation(s), s.inputs.front() == graph::picture))
            refuse(s.node, what);
        if (options_.backward && s.readers.size() > 1)
            refuse(s.node, "gradients of a map that several nodes read");
    }
    if (options_.backward && picture_readers_.size() > 1)
        refuse(stages_[picture_readers_.back()].node,
               "gradients of pixels that several nodes read");
    if (options_.parameters)
        refuse(stages_.front().node, "gradients of parameters");
}

}  // namespace impasto::nn
