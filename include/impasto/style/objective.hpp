#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <impasto/core/communicator.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/recording.hpp>
#include <impasto/nn/extractor.hpp>
#include <impasto/ops/scalars.hpp>
#include <impasto/style/loss_scaling.hpp>
#include <impasto/style/losses/content.hpp>
#include <impasto/style/losses/gram.hpp>
#include <impasto/style/losses/variation.hpp>
#include <impasto/style/objective_options.hpp>
#include <impasto/style/target.hpp>

namespace impasto::style {

/// J(G) = α·J_content + β·J_style + γ·J_tv for pixels of one size, and its gradient. An objective
/// for every optimiser in optim. Layers with weight 0 are left out.
///
/// An evaluation makes two passes over the tiles of the picture. The first adds up the statistics
/// of the style layers; from the totals the style losses compute their gradients. The second runs
/// backward through each tile, and all losses add their gradients at its taps. If the picture is
/// one tile, the second pass uses the feature maps of the first.
/// Source: Gatys et al. 2016, eqs. 1 to 7.
template <class T, class Device>
class objective {
public:
    /// pixels: [1,3,H,W]. Throws option_error for weights that are negative, infinite or all zero.
    objective(context<Device>& ctx, const nn::network& net, shape pixels,
              objective_options options);

    [[nodiscard]] const objective_options& options() const { return options_; }
    /// Set the targets; call both before evaluate (without content or style layers, the respective
    /// call is not needed). photo: of the size of the picture. The layers of `target` must be the
    /// style layers, in their order.
    void set_content(tensor_view<const float, Device> photo);
    void set_style(style_target<Device> target);

    /// Returns J at x [1,3,H,W], planar, and writes dJ/dx. Allocates nothing, and waits for the
    /// device once. With half, it repeats the evaluation if the loss scale changes.
    double evaluate(tensor_view<const float, Device> x, tensor_view<float, Device> gradient) {
        return evaluate(x, gradient, [] {});
    }
    /// The same; measure() enqueues further operations on x and the gradient before the wait.
    template <class Measure>
    double evaluate(tensor_view<const float, Device> x, tensor_view<float, Device> gradient,
                    Measure&& measure);

    /// The terms of the last evaluation.
    [[nodiscard]] const loss_terms& terms() const { return terms_; }
    /// The first layer whose term was not finite then; empty if all were finite.
    [[nodiscard]] std::string not_finite() const;
    [[nodiscard]] std::size_t peak_bytes() const;
    [[nodiscard]] std::int64_t forward_macs() const { return extractor_.forward_macs(); }

    /// The state between evaluations; see ops/state.hpp.
    template <class State>
    void exchange(State& s) {
        s.part("loss_scale", loss_scale_);
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    static constexpr bool narrow = std::is_same_v<T, half>;

    struct tap_use {
        std::size_t content = none, style = none;  // position among their kind
    };

    // Slots of the terms in sums_: style, content by tile, variation, largest gradient.
    [[nodiscard]] std::size_t content_slot(std::size_t i, std::size_t tile) const {
        return style_.size() + i * extractor_.tile_count() + tile;
    }
    [[nodiscard]] std::size_t variation_slot() const { return content_slot(content_.size(), 0); }
    [[nodiscard]] std::size_t largest_slot() const { return variation_slot() + 2; }

    // The loss scale: gradients of feature maps are those of this factor times J.
    [[nodiscard]] double gradient_scale() const {
        return narrow ? std::ldexp(1.0, loss_scale_.exponent()) : 1;
    }

    void make_losses(const std::vector<std::string>& taps);
    void expect_targets() const;
    void enqueue(tensor_view<const float, Device> x, tensor_view<float, Device> gradient);
    void gather(tensor_view<const float, Device> x);
    void add_gradients(tensor_view<const float, Device> x, tensor_view<float, Device> gradient);
    void read_terms();

    context<Device>* context_;
    objective_options options_;
    nn::extractor<T, Device> extractor_;
    communicator ranks_;
    std::vector<tap_use> uses_;  // of each tap
    std::vector<content_loss<T, Device>> content_;
    std::vector<gram_loss<Device>> style_;
    variation_loss variation_;
    ops::scalars<Device> sums_;  // of squared differences, before any factor
    loss_scaling loss_scale_;
    recording<Device> recording_;
    loss_terms terms_;
};

template <class T, class Device>
objective<T, Device>::objective(context<Device>& ctx, const nn::network& net, shape pixels,
                                objective_options options)
    : context_(&ctx),
      options_(detail::checked(std::move(options))),
      extractor_(ctx, net, pixels, {.taps = detail::taps_of(options_), .view = options_.view},
                 options_.tiles),
      variation_(options_.loss, options_.tv_weight, pixels) {
    make_losses(detail::taps_of(options_));
    sums_ = {ctx, largest_slot() + 1};
}

template <class T, class Device>
void objective<T, Device>::make_losses(const std::vector<std::string>& taps) {
    uses_.resize(taps.size());
    const auto tap_of = [&](const weighted_layer& layer) {
        return static_cast<std::size_t>(std::ranges::find(taps, layer.name) - taps.begin());
    };
    for (const auto& layer : options_.content_layers) {
        const auto tap = tap_of(layer);
        uses_[tap].content = content_.size();
        content_.emplace_back(options_.loss, options_.content_weight * layer.weight,
                              extractor_.tap_shape(tap), extractor_.tile_count(),
                              extractor_.tap_scale(tap));
        terms_.content.push_back({layer.name, 0});
    }
    for (const auto& layer : options_.style_layers) {
        const auto tap = tap_of(layer);
        uses_[tap].style = style_.size();
        style_.emplace_back(options_.loss, options_.style_weight * layer.weight,
                            extractor_.tap_shape(tap).c, extractor_.tile_count() > 1,
                            extractor_.tap_scale(tap));
        terms_.style.push_back({layer.name, 0});
    }
}

template <class T, class Device>
void objective<T, Device>::set_content(tensor_view<const float, Device> photo) {
    recording_ = {};
    extractor_.forward(
        *context_, photo,
        [&](std::size_t tile, std::size_t tap, tensor_view<const stored<T>, Device> map) {
            if (const auto i = uses_[tap].content; i != none)
                content_[i].set_target(*context_, tile, map);
        });
    for (auto& loss : content_)
        loss.measure_target(*context_);
}

template <class T, class Device>
void objective<T, Device>::set_style(style_target<Device> target) {
    recording_ = {};
    for (std::size_t i = 0; i < style_.size(); ++i) {
        const auto& layer = options_.style_layers[i].name;
        if (i >= target.grams.size() || target.layers[i] != layer)
            throw option_error("objective: no style target for layer " + layer);
        style_[i].set_target(*context_, std::move(target.grams[i]));
    }
}

template <class T, class Device>
void objective<T, Device>::expect_targets() const {
    for (std::size_t i = 0; i < content_.size(); ++i)
        if (!content_[i].has_target())
            throw option_error("objective: no content target for layer " +
                               options_.content_layers[i].name);
    for (std::size_t i = 0; i < style_.size(); ++i)
        if (!style_[i].has_target())
            throw option_error("objective: no style target for layer " +
                               options_.style_layers[i].name);
}

template <class T, class Device>
template <class Measure>
double objective<T, Device>::evaluate(tensor_view<const float, Device> x,
                                      tensor_view<float, Device> gradient, Measure&& measure) {
    expect_targets();
    for (;;) {
        enqueue(x, gradient);
        measure();
        read_terms();
        if constexpr (narrow)
            if (loss_scale_.again(sums_.read(*context_)[largest_slot()],
                                  std::isfinite(terms_.total)))
                continue;
        return terms_.total;
    }
}

template <class T, class Device>
void objective<T, Device>::enqueue(tensor_view<const float, Device> x,
                                   tensor_view<float, Device> gradient) {
    const std::array key{reinterpret_cast<std::size_t>(x.data()),
                         reinterpret_cast<std::size_t>(gradient.data()),
                         static_cast<std::size_t>(loss_scale_.exponent())};
    recording_.run(*context_, key, [&] {
        gather(x);
        add_gradients(x, gradient);
        if constexpr (narrow)
            ops::max_abs(*context_, gradient, sums_.slots(largest_slot()));
        variation_.add_gradient(*context_, x, gradient, sums_.slots(variation_slot(), 2));
    });
}

// The first pass.
template <class T, class Device>
void objective<T, Device>::gather(tensor_view<const float, Device> x) {
    for (auto& loss : style_)
        loss.picture().clear();
    extractor_.forward(*context_, x,
                       [&](std::size_t, std::size_t tap, tensor_view<const stored<T>, Device> map) {
                           if (const auto i = uses_[tap].style; i != none)
                               style_[i].picture().template add<T>(*context_, map);
                       });
    for (std::size_t i = 0; i < style_.size(); ++i) {
        ranks_.all_reduce(*context_, style_[i].picture().products());
        style_[i].compare(*context_, gradient_scale(), sums_.slots(i));
    }
}

// The second.
template <class T, class Device>
void objective<T, Device>::add_gradients(tensor_view<const float, Device> x,
                                         tensor_view<float, Device> gradient) {
    extractor_.backward(
        *context_, x,
        [&](std::size_t tile, std::size_t tap, tensor_view<const stored<T>, Device> map,
            tensor_view<stored<T>, Device> d_map) {
            if (const auto i = uses_[tap].style; i != none)
                style_[i].template add_gradient<T>(*context_, map, d_map);
            if (const auto i = uses_[tap].content; i != none)
                content_[i].add_gradient(*context_, tile, map, gradient_scale(), d_map,
                                         sums_.slots(content_slot(i, tile)));
        },
        gradient, gradient_scale());
}

template <class T, class Device>
void objective<T, Device>::read_terms() {
    const auto sums = sums_.read(*context_);
    terms_.total = 0;
    const auto add = [&](const term_scale& scale, double sum, double& value) {
        value = scale.factor * sum;
        terms_.total += scale.weight * value;
    };
    for (std::size_t i = 0; i < style_.size(); ++i)
        add(style_[i].scale(), sums[i], terms_.style[i].value);
    for (std::size_t i = 0; i < content_.size(); ++i) {
        double sum = 0;
        for (std::size_t tile = 0; tile < extractor_.tile_count(); ++tile)
            sum += sums[content_slot(i, tile)];
        add(content_[i].scale(), sum, terms_.content[i].value);
    }
    terms_.tv = variation_.value(sums.subspan(variation_slot(), 2));
    terms_.total += variation_.weight() * terms_.tv;
}

template <class T, class Device>
std::string objective<T, Device>::not_finite() const {
    std::string first;  // names sort by depth
    for (const auto* kind : {&terms_.style, &terms_.content})
        for (const auto& term : *kind)
            if (!std::isfinite(term.value) && (first.empty() || term.name < first))
                first = term.name;
    return first;
}

template <class T, class Device>
std::size_t objective<T, Device>::peak_bytes() const {
    std::size_t bytes = extractor_.peak_bytes();
    for (const auto& loss : content_)
        bytes += loss.peak_bytes(context_->feature_layout());
    for (const auto& loss : style_)
        bytes += loss.peak_bytes();
    return bytes;
}

}  // namespace impasto::style
