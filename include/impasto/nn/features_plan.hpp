#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <impasto/core/arena_plan.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/nn/view.hpp>

namespace impasto::nn {

struct features_options {
    std::vector<std::string> taps;  ///< "relu4_2", "pool3", …; any order, each once
    nn::view view{};
    bool backward = true;  ///< false: forward alone, and the memory of forward alone
    /// Backward stops negative gradients at every ReLU: what excites a unit, not what inhibits it.
    /// Not the gradient of anything. Source: Springenberg et al. 2015, section 3.4.
    bool guided = false;
    /// Backward also leaves the gradients of filters, biases and instance norms' parameters: see
    /// features::filter_gradient. It keeps every map that a convolution reads. On the CPU.
    bool parameters = false;
};

/// Pixels to a network's input, channel by channel, as one multiply-add.
[[nodiscard]] ops::pixel_transform transform_of(const preprocessing& input);

/// Throws shape_error unless pixels are [1,3,H,W] and large enough for the layers up to `last`;
/// says how large is enough.
void expect_pixels(std::span<const layer> layers, std::size_t last, const shape& pixels);

/// How nn::features runs a network on one size of picture: which nodes of its graph, in which
/// order, and where in one arena their buffers lie. It knows of no device.
///
/// Stage i of n runs forward at step i. In the backward pass, which takes the stages in reverse,
/// its tap's gradient is added at one step and the stage itself runs at the next.
class features_plan {
public:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    /// A node; or a convolution with its ReLU and the pool behind it.
    struct stage {
        std::size_t node;                 ///< in the graph; of a fused pool, its convolution
        std::vector<std::size_t> inputs;  ///< stages, or graph::picture
        /// For each input, whether another stage's share of its gradient is there already.
        std::vector<bool> adds{};
        std::vector<std::size_t> readers{};  ///< stages, in order
        shape input{}, map{}, output{};      ///< map: before a fused pool
        ops::conv_options conv{};            ///< of a convolution
        std::size_t parameters = none;       ///< position in the network's filters or norms
        std::size_t local = none;            ///< among the plan's convolutions, or its norms
        std::size_t tap = none;
        int exponent = 0;  ///< the map is the network's own, divided by 2^exponent
        // Buffers in the arena. share: of an input's gradient, until it is added to the others'.
        // planar: the input in the layout that a convolution of three channels reads.
        std::size_t features = none, gates = none, argmax = none, gradient = none,
                    statistics = none, share = none, planar = none;
    };

    /// Whether the device can pool where it convolves.
    using fuses_pooling = std::function<bool(const shape& input, const ops::conv_options&)>;

    /// Which nodes run, and how. Throws as features does.
    features_plan(const network& net, const features_options& options, const shape& pixels,
                  const fuses_pooling& fuses);

    /// What lies in the arena, and where; call once, when the convolutions are planned.
    /// maps: the device's feature layout; input: the layout that the first convolution reads.
    void place(std::size_t element_bytes, layout maps, layout input);

    /// Throws option_error, which names the node, unless CUDA kernels exist for all stages.
    void expect_cuda_kernels() const;

    [[nodiscard]] const std::vector<stage>& stages() const { return stages_; }
    [[nodiscard]] const any_op& operation(const stage& s) const {
        return graph_.nodes[s.node].operation;
    }
    [[nodiscard]] const features_options& options() const { return options_; }
    [[nodiscard]] const shape& pixels() const { return pixels_; }
    /// The network's input, with the margin that the border asks for.
    [[nodiscard]] const shape& padded() const { return padded_; }
    /// The stage at a tap, in the order of options().taps.
    [[nodiscard]] const stage& at_tap(std::size_t tap) const { return stages_[taps_[tap]]; }
    /// Whether a ReLU ends the stage or, of a fused pool, comes before it.
    [[nodiscard]] bool has_relu(const stage& s) const;
    /// Whether the backward pass computes this stage's map again in place of keeping it.
    [[nodiscard]] bool recomputes(std::size_t i) const;

    // Buffers in the arena.
    [[nodiscard]] std::size_t input() const { return input_; }
    [[nodiscard]] std::size_t d_input() const { return d_input_; }
    [[nodiscard]] std::size_t first_again() const { return first_again_; }
    [[nodiscard]] std::size_t offset(std::size_t buffer) const { return arena_.offset(buffer); }
    [[nodiscard]] std::size_t bytes() const { return arena_.bytes(); }

private:
    [[nodiscard]] std::vector<std::size_t> find_taps(const network& net) const;
    void connect();
    [[nodiscard]] const std::vector<std::size_t>& readers_of(std::size_t input) const {
        return input == graph::picture ? picture_readers_ : stages_[input].readers;
    }
    [[nodiscard]] int adds_gradient(std::size_t i) const;
    [[nodiscard]] int goes_back(std::size_t i) const { return adds_gradient(i) + 1; }
    [[nodiscard]] bool backward_reads_input(const stage& reader) const;
    [[nodiscard]] int last_backward_read(std::size_t i) const;
    [[nodiscard]] int last_read(std::size_t i) const;
    [[nodiscard]] int first_gradient(std::size_t i) const;
    void place_forward(std::size_t i, std::size_t element_bytes, layout maps);
    void place_backward(std::size_t i, std::size_t element_bytes, layout maps);

    nn::graph graph_;
    features_options options_;
    shape pixels_, padded_;
    std::vector<stage> stages_;
    std::vector<std::size_t> taps_;             // stage of each tap
    std::vector<std::size_t> picture_readers_;  // stages, in order
    std::size_t input_ = none, d_input_ = none, first_again_ = none;
    arena_plan arena_;
};

}  // namespace impasto::nn
