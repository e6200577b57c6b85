/// conv2d at every shape of VGG-19, for pictures of 512×512, 1024×1024 and 2048×2048, in each
/// number format; and the stack of all convolutions up to conv5_1. Beside it cuDNN, where it was
/// found when this was built and is found now. FLOP are those of the definition, 2·9·in·out·H·W.
///
/// Ours adds a bias and applies a ReLU going forward; cuDNN's does not.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/nn/topology.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/ops/relu.hpp>

#include "cuda/support/device.hpp"
#include "cuda/support/timer.hpp"
#include "cudnn/convolution.hpp"
#include "support/bench.hpp"

namespace impasto::bench {

namespace {

enum class direction { forward, backward_data };

struct convolution {
    std::int64_t in, out, side;

    [[nodiscard]] shape input() const { return {1, in, side, side}; }
    [[nodiscard]] shape output() const { return {1, out, side, side}; }
    [[nodiscard]] double flop() const {
        return 2.0 * 9 * static_cast<double>(in * out * side * side);
    }
};

/// He et al. 2015: maps keep their magnitude through ReLUs.
tensor<float, cpu> filters_of(const convolution& c) {
    context<cpu> ctx;
    tensor<float, cpu> weights({c.out, c.in, 3, 3});
    ops::fill_normal(ctx, 1, 0, std::sqrt(2.0f / static_cast<float>(9 * c.in)), weights);
    return weights;
}

/// ops::conv2d, whose pixels are planar.
template <class T>
class own_convolution {
public:
    own_convolution(context<cuda>& ctx, tensor_view<const float, cpu> weights, shape input)
        : ctx_(&ctx), conv_(ctx, weights, {}, input, {.activation = ops::activation::relu}) {}

    [[nodiscard]] layout input_layout() const { return conv_.input_layout(); }
    void forward(tensor_view<const stored<T>, cuda> input,
                 tensor_view<stored<T>, cuda> output) const {
        conv_.forward(*ctx_, input, output);
    }
    void backward_data(tensor_view<const stored<T>, cuda> d_output,
                       tensor_view<stored<T>, cuda> d_input) const {
        conv_.backward_data(*ctx_, d_output, d_input);
    }

private:
    context<cuda>* ctx_;
    ops::conv2d<T, cuda> conv_;
};

/// cuDNN's by itself: no bias, no ReLU.
template <class T>
class cudnn_convolution {
public:
    cudnn_convolution(context<cuda>& ctx, tensor_view<const float, cpu> weights, shape input)
        : ctx_(&ctx), conv_(kernels::plan_cudnn_convolution<T>(ctx, weights, input, {})) {}

    [[nodiscard]] layout input_layout() const { return layout::nhwc; }
    void forward(tensor_view<const stored<T>, cuda> input,
                 tensor_view<stored<T>, cuda> output) const {
        conv_->forward(*ctx_, input.data(), output.data());
    }
    void backward_data(tensor_view<const stored<T>, cuda> d_output,
                       tensor_view<stored<T>, cuda> d_input) const {
        conv_->backward_data(*ctx_, d_output.data(), d_input.data());
    }

private:
    context<cuda>* ctx_;
    std::unique_ptr<kernels::cudnn_convolution<T>> conv_;
};

/// The same numbers interleaved, and planar if they are pixels.
template <class T>
struct input_maps {
    tensor<stored<T>, cuda> interleaved, planar;

    input_maps(context<cuda>& ctx, const shape& s) : interleaved(s, layout::nhwc) {
        const auto values = random_pixels(ctx, s);
        ops::reorder<float, T>(ctx, values, interleaved);
        if (s.c == 3) {
            planar = tensor<stored<T>, cuda>(s);
            ops::normalize_pixels<T>(ctx, {}, ops::border::zero, values, planar);
        }
        ctx.synchronize();
    }
    [[nodiscard]] tensor_view<stored<T>, cuda> in(layout order) {
        return order == layout::nchw ? planar.view() : interleaved.view();
    }
};

template <class T, class Convolution>
void run(benchmark::State& state, const convolution& c, direction to) {
    auto& ctx = device();
    const Convolution conv(ctx, filters_of(c), c.input());
    input_maps<T> x(ctx, c.input());
    auto y = random_map<T>(ctx, c.output());
    timer(ctx).run(state, {.flop = c.flop()}, [&] {
        if (to == direction::forward)
            conv.forward(x.in(conv.input_layout()), y);
        else
            conv.backward_data(y, x.interleaved);
    });
}

/// Every convolution up to conv5_1, on two buffers in turn: pools, and all else that a network
/// does, are left out.
template <class T, class Convolution>
class stack {
public:
    stack(context<cuda>& ctx, std::int64_t side) : pixels_(ctx, {1, 3, side, side}) {
        std::int64_t largest = 0;
        for (const auto& layer : nn::vgg19.layers) {
            if (layer.block == 5 && layer.index > 1)
                break;
            if (layer.is_pool()) {
                side /= 2;
                continue;
            }
            const auto& c =
                layers_.emplace_back(convolution{layer.in_channels, layer.out_channels, side});
            convolutions_.emplace_back(ctx, filters_of(c), c.input());
            largest = std::max({largest, c.input().elements(), c.output().elements()});
            flop_ += c.flop();
        }
        for (auto& buffer : buffers_)
            buffer = random_map<T>(ctx, {1, 1, 1, largest});
        d_top_ = random_map<T>(ctx, layers_.back().output());
    }

    void forward() {
        for (std::size_t i = 0; i < layers_.size(); ++i)
            convolutions_[i].forward(
                i == 0 ? pixels_.in(convolutions_[0].input_layout()) : input(i), output(i));
    }
    void backward_data() {
        for (std::size_t i = layers_.size(); i-- > 0;)
            convolutions_[i].backward_data(i + 1 == layers_.size() ? d_top_.view() : output(i),
                                           input(i));
    }
    [[nodiscard]] double flop() const { return flop_; }

private:
    tensor_view<stored<T>, cuda> output(std::size_t i) {
        return {buffers_[i % 2].data(), layers_[i].output(), layout::nhwc};
    }
    tensor_view<stored<T>, cuda> input(std::size_t i) {
        return {buffers_[(i + 1) % 2].data(), layers_[i].input(), layout::nhwc};
    }

    input_maps<T> pixels_;
    tensor<stored<T>, cuda> buffers_[2], d_top_;
    std::vector<convolution> layers_;
    std::vector<Convolution> convolutions_;
    double flop_ = 0;
};

template <class T, class Convolution>
void run_stack(benchmark::State& state, std::int64_t side, direction to) {
    auto& ctx = device();
    stack<T, Convolution> all(ctx, side);
    timer(ctx).run(state, {.flop = all.flop()},
                   [&] { to == direction::forward ? all.forward() : all.backward_data(); });
}

/// How far cuDNN's result is from ours, over our largest value: both are to compute the same.
template <class T>
double difference_from_own(const convolution& c, direction to) {
    auto& ctx = device();
    const auto weights = filters_of(c);
    const own_convolution<T> own(ctx, weights, c.input());
    const cudnn_convolution<T> other(ctx, weights, c.input());
    input_maps<T> x(ctx, c.input());
    if (to == direction::backward_data) {
        const auto y = random_map<T>(ctx, c.output());
        tensor<stored<T>, cuda> a(c.input(), layout::nhwc), b(c.input(), layout::nhwc);
        own.backward_data(y, a);
        other.backward_data(y, b);
        return difference<T>(ctx, a, b);
    }
    tensor<stored<T>, cuda> a(c.output(), layout::nhwc), b(c.output(), layout::nhwc);
    own.forward(x.in(own.input_layout()), a);
    other.forward(x.in(other.input_layout()), b);
    ops::relu<T>(ctx, b);
    return difference<T>(ctx, a, b);
}

/// Whether there is a cuDNN; if not, says so in one line, once.
bool finds_cudnn() {
    static const bool found = [] {
        try {
            kernels::expect_cudnn();
            return true;
        } catch (const error& e) {
            std::cerr << "cuDNN's rows are left out: " << e.what() << '\n';
            return false;
        }
    }();
    return found;
}

/// Our row, and cuDNN's.
template <class T>
void add_rows(const std::string& name, const convolution& c, direction to) {
    add_timed(name + "/impasto", [=](auto& state) { run<T, own_convolution<T>>(state, c, to); });
    if (finds_cudnn())
        add_timed(name + "/cudnn", [=](auto& state) {
            run<T, cudnn_convolution<T>>(state, c, to);
            state.counters["difference"] = difference_from_own<T>(c, to);
        });
}

template <class T>
void add_stack(const std::string& name, std::int64_t side, direction to) {
    add_timed(name + "/impasto",
              [=](auto& state) { run_stack<T, own_convolution<T>>(state, side, to); });
    if (finds_cudnn())
        add_timed(name + "/cudnn",
                  [=](auto& state) { run_stack<T, cudnn_convolution<T>>(state, side, to); });
}

/// conv/1024/conv1_2/bfloat16/forward/impasto
template <class T>
void add_type(std::int64_t picture) {
    const auto name_of_row = [&](const std::string& layer, direction to) {
        return "conv/" + std::to_string(picture) + "/" + layer + "/" + type_name<T> +
               (to == direction::forward ? "/forward" : "/backward_data");
    };
    for (const auto to : {direction::forward, direction::backward_data}) {
        std::int64_t side = picture;
        for (const auto& layer : nn::vgg19.layers) {
            if (layer.is_pool())
                side /= 2;
            // Third and fourth of a block are as the second; so are all after conv5_1.
            else if (layer.index <= 2 && (layer.block < 5 || layer.index == 1))
                add_rows<T>(name_of_row(nn::name_of(layer), to),
                            {layer.in_channels, layer.out_channels, side}, to);
        }
        add_stack<T>(name_of_row("stack", to), picture, to);
    }
}

}  // namespace

void add_benchmarks() {
    for (const std::int64_t picture : {512, 1024, 2048}) {
        add_type<bfloat16>(picture);
        add_type<half>(picture);
        add_type<tf32>(picture);
        add_type<float>(picture);
    }
}

}  // namespace impasto::bench
