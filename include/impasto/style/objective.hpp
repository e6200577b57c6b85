#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <impasto/core/half.hpp>
#include <impasto/core/recording.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/ops/gram.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/ops/scalars.hpp>
#include <impasto/style/gradient_range.hpp>
#include <impasto/style/objective_options.hpp>
#include <impasto/style/target.hpp>
#include <impasto/style/term_scale.hpp>

namespace impasto::style {

/// J(G) = α·J_content + β·J_style + γ·J_tv of pixels of one size, and its gradient. Fits every
/// optimiser in optim. Layers with weight 0 are left out.
///
/// An evaluation has two passes: forward, which forms the Gram matrices; then backward, at whose
/// taps the losses add their gradients. Source: Gatys et al. 2016, eqs. 1 to 7.
template <class T, class Device>
class objective {
public:
    /// pixels: [1,3,H,W]. The targets' layers must be those of the options, in their order.
    /// Throws option_error on weights that are negative, not finite or all zero.
    objective(context<Device>& ctx, const nn::network& net, shape pixels,
              objective_options options);

    [[nodiscard]] const objective_options& options() const { return options_; }
    /// Takes the targets; call both before evaluate (a kind without layers needs none).
    void set_content(content_target<T, Device> target);
    void set_style(style_target<Device> target);

    /// J at x [1,3,H,W], planar; writes dJ/dx. Allocates nothing, and waits for the device once;
    /// maps of half now and then need another try, with gradients of another magnitude.
    double evaluate(tensor_view<const float, Device> x, tensor_view<float, Device> gradient) {
        do
            enqueue(x, gradient);
        while (again());
        return value();
    }

    /// The two halves of evaluate: the first waits for nothing.
    void enqueue(tensor_view<const float, Device> x, tensor_view<float, Device> gradient);
    [[nodiscard]] double value() { return terms().total; }
    /// Between them: whether it is to be enqueued again, since half's gradients wanted another
    /// magnitude. Of half it waits.
    [[nodiscard]] bool again();

    /// The terms of the last evaluation, once it is done.
    [[nodiscard]] const loss_terms& terms();
    /// The first layer whose term was not finite then; empty where all were.
    [[nodiscard]] std::string not_finite();
    [[nodiscard]] std::size_t peak_bytes() const;
    [[nodiscard]] std::int64_t forward_macs() const { return features_.forward_macs(); }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    struct tap_use {
        std::size_t content = none, style = none;  // position among their kind
    };

    [[nodiscard]] term_scale content_scale(std::size_t i) const;
    [[nodiscard]] term_scale style_scale(std::size_t i) const;
    [[nodiscard]] ops::variation variation_scale() const {
        return variation_factors(options_.loss, features_.pixels_shape());
    }

    // Where each term's sum lies among sums_.
    [[nodiscard]] std::size_t style_slot(std::size_t i) const { return i; }
    [[nodiscard]] std::size_t content_slot(std::size_t i) const { return terms_.style.size() + i; }
    [[nodiscard]] std::size_t variation_slot() const {
        return terms_.style.size() + terms_.content.size();
    }

    [[nodiscard]] std::size_t largest_slot() const { return variation_slot() + 2; }
    // What turns a map as it is stored into the network's own, squared.
    [[nodiscard]] double square_scale(std::size_t tap) const {
        return features_.tap_scale(tap) * features_.tap_scale(tap);
    }
    // Gradients of maps are those of so many times J.
    static constexpr bool narrow = std::is_same_v<T, half>;
    [[nodiscard]] double gradient_scale() const {
        return narrow ? std::ldexp(1.0, range_.exponent()) : 1;
    }

    void expect_targets() const;
    void run(tensor_view<const float, Device> x, tensor_view<float, Device> gradient);
    void measure_style(std::size_t i, tensor_view<const stored<T>, Device> map);
    void add_gradient(std::size_t tap, tensor_view<const stored<T>, Device> map,
                      tensor_view<stored<T>, Device> gradient);

    context<Device>* context_;
    objective_options options_;
    nn::features<T, Device> features_;
    std::vector<tap_use> uses_;  // of each tap
    std::vector<std::size_t> content_taps_, style_taps_;
    content_target<T, Device> content_;
    style_target<Device> style_;
    std::vector<double> content_norms_;         // ΣP² of each layer, of maps as they are stored
    std::vector<double> style_norms_;           // ΣA² of each layer
    std::vector<tensor<float, Device>> grams_;  // G, then what gram_backward wants
    ops::scalars<Device> sums_;                 // of squares, before any factor
    bool read_ = true;                          // terms_ are those of the last evaluation
    gradient_range range_;
    recording<Device> recording_;
    loss_terms terms_;
};

template <class T, class Device>
objective<T, Device>::objective(context<Device>& ctx, const nn::network& net, shape pixels,
                                objective_options options)
    : context_(&ctx),
      options_(detail::checked(std::move(options))),
      features_(ctx, net, pixels, [&] {
          auto plan = extractor_options(options_, {});
          plan.taps = detail::taps_of(options_);
          plan.recompute = options_.recompute;
          return plan;
      }()) {
    const auto taps = detail::taps_of(options_);
    uses_.resize(taps.size());
    const auto find = [&](const std::string& name) {
        return static_cast<std::size_t>(std::find(taps.begin(), taps.end(), name) - taps.begin());
    };
    for (std::size_t i = 0; i < options_.content_layers.size(); ++i) {
        const auto& name = options_.content_layers[i].name;
        content_taps_.push_back(find(name));
        uses_[content_taps_.back()].content = i;
        terms_.content.push_back({name, 0});
    }
    for (std::size_t i = 0; i < options_.style_layers.size(); ++i) {
        const auto& name = options_.style_layers[i].name;
        style_taps_.push_back(find(name));
        uses_[style_taps_.back()].style = i;
        terms_.style.push_back({name, 0});
        const auto channels = features_.tap_shape(style_taps_.back()).c;
        grams_.emplace_back(shape{1, 1, channels, channels});
    }
    sums_ = {ctx, largest_slot() + 1};
}

template <class T, class Device>
void objective<T, Device>::set_content(content_target<T, Device> target) {
    content_ = std::move(target);
    recording_ = {};
    content_norms_.clear();
    for (const auto& map : content_.maps) {
        tensor<stored<T>, Device> zero(map.shape(), map.layout());
        ops::fill<T>(*context_, 0, zero);
        ops::squared_error<T>(*context_, map, zero, 1, {}, sums_.slots(content_slot(0)));
        content_norms_.push_back(sums_.read(*context_)[content_slot(0)]);
    }
}

template <class T, class Device>
void objective<T, Device>::set_style(style_target<Device> target) {
    style_ = std::move(target);
    recording_ = {};
    style_norms_.clear();
    for (const auto& gram : style_.grams)
        style_norms_.push_back(ops::dot(*context_, gram, gram));
}

template <class T, class Device>
void objective<T, Device>::expect_targets() const {
    for (std::size_t i = 0; i < content_taps_.size(); ++i)
        if (i >= content_.maps.size() || content_.layers[i] != options_.content_layers[i].name)
            throw option_error("objective: no content target for layer " +
                               options_.content_layers[i].name);
    for (std::size_t i = 0; i < style_taps_.size(); ++i)
        if (i >= style_.grams.size() || style_.layers[i] != options_.style_layers[i].name)
            throw option_error("objective: no style target for layer " +
                               options_.style_layers[i].name);
}

template <class T, class Device>
term_scale objective<T, Device>::content_scale(std::size_t i) const {
    const auto tap = content_taps_[i];
    const double square = square_scale(tap);  // of what is stored to the network's own
    return {square * content_factor(options_.loss, features_.tap_shape(tap).elements(),
                                    square * content_norms_[i]),
            options_.content_weight * options_.content_layers[i].weight};
}

template <class T, class Device>
term_scale objective<T, Device>::style_scale(std::size_t i) const {
    return {style_factor(options_.loss, features_.tap_shape(style_taps_[i]).c, style_norms_[i]),
            options_.style_weight * options_.style_layers[i].weight};
}

template <class T, class Device>
void objective<T, Device>::measure_style(std::size_t i, tensor_view<const stored<T>, Device> map) {
    const double mean = square_scale(style_taps_[i]) / static_cast<double>(map.shape().pixels());
    ops::gram<T>(*context_, map, grams_[i]);
    // dE/dF = (dE/dG + dE/dGᵀ)·F, and G/M − A is symmetric: 2·2 times the difference, over M.
    ops::gram_error(*context_, grams_[i], mean, style_.grams[i],
                    4 * mean * style_scale(i).gradient() * gradient_scale(), grams_[i],
                    sums_.slots(style_slot(i)));
}

template <class T, class Device>
void objective<T, Device>::add_gradient(std::size_t tap, tensor_view<const stored<T>, Device> map,
                                        tensor_view<stored<T>, Device> gradient) {
    if (const auto i = uses_[tap].style; i != none)
        ops::gram_backward<T>(*context_, map, grams_[i], gradient);
    if (const auto i = uses_[tap].content; i != none)
        ops::squared_error<T>(*context_, map, content_.maps[i],
                              content_scale(i).gradient() * gradient_scale(), gradient,
                              sums_.slots(content_slot(i)));
}

template <class T, class Device>
void objective<T, Device>::enqueue(tensor_view<const float, Device> x,
                                   tensor_view<float, Device> gradient) {
    expect_targets();
    read_ = false;
    const std::array key{reinterpret_cast<std::size_t>(x.data()),
                         reinterpret_cast<std::size_t>(gradient.data()),
                         static_cast<std::size_t>(range_.exponent())};
    recording_.run(*context_, key, [&] { run(x, gradient); });
}

template <class T, class Device>
void objective<T, Device>::run(tensor_view<const float, Device> x,
                               tensor_view<float, Device> gradient) {
    features_.forward(*context_, x,
                      [this](std::size_t tap, tensor_view<const stored<T>, Device> map) {
                          if (const auto i = uses_[tap].style; i != none)
                              measure_style(i, map);
                      });
    features_.backward(
        *context_,
        [this](std::size_t tap, tensor_view<const stored<T>, Device> map,
               tensor_view<stored<T>, Device> d_map) { add_gradient(tap, map, d_map); },
        gradient, gradient_scale());
    if constexpr (narrow)
        ops::max_abs(*context_, gradient, sums_.slots(largest_slot()));
    auto scale = variation_scale();
    scale.horizontal *= options_.tv_weight;
    scale.vertical *= options_.tv_weight;
    ops::total_variation(*context_, x, scale, gradient, sums_.slots(variation_slot(), 2));
}

template <class T, class Device>
bool objective<T, Device>::again() {
    if constexpr (narrow) {
        const double total = terms().total;
        return range_.again(sums_.read(*context_)[largest_slot()], std::isfinite(total));
    }
    return false;
}

template <class T, class Device>
std::string objective<T, Device>::not_finite() {
    std::string first;  // names sort by depth
    const auto& all = terms();
    for (const auto* kind : {&all.style, &all.content})
        for (const auto& term : *kind)
            if (!std::isfinite(term.value) && (first.empty() || term.name < first))
                first = term.name;
    return first;
}

template <class T, class Device>
const loss_terms& objective<T, Device>::terms() {
    if (std::exchange(read_, true))
        return terms_;
    const auto sums = sums_.read(*context_);
    terms_.total = 0;
    for (std::size_t i = 0; i < terms_.style.size(); ++i) {
        const auto scale = style_scale(i);
        terms_.style[i].value = scale.factor * sums[style_slot(i)];
        terms_.total += scale.weight * terms_.style[i].value;
    }
    for (std::size_t i = 0; i < terms_.content.size(); ++i) {
        const auto scale = content_scale(i);
        terms_.content[i].value = scale.factor * sums[content_slot(i)];
        terms_.total += scale.weight * terms_.content[i].value;
    }
    const auto scale = variation_scale();
    terms_.tv =
        scale.horizontal * sums[variation_slot()] + scale.vertical * sums[variation_slot() + 1];
    terms_.total += options_.tv_weight * terms_.tv;
    return terms_;
}

template <class T, class Device>
std::size_t objective<T, Device>::peak_bytes() const {
    std::size_t bytes = features_.peak_bytes();
    for (const auto tap : content_taps_)
        bytes += static_cast<std::size_t>(
                     storage_elements(features_.tap_shape(tap), context_->feature_layout())) *
                 sizeof(stored<T>);
    for (const auto& gram : grams_)
        bytes += 2 * gram.bytes();
    return bytes;
}

}  // namespace impasto::style
