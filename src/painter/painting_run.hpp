#pragma once

#include <algorithm>
#include <concepts>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <impasto/core/half.hpp>
#include <impasto/image/crop.hpp>
#include <impasto/nn/rescale.hpp>
#include <impasto/ops/state.hpp>
#include <impasto/painter/painting.hpp>

#include "painter/checkpoint.hpp"
#include "painter/pictures.hpp"
#include "painter/scale_run.hpp"
#include "painter/schedule.hpp"

namespace impasto {

template <class Device>
class painting<Device>::run {
public:
    virtual ~run() = default;
    [[nodiscard]] virtual bool finished() const = 0;
    virtual progress step() = 0;
    [[nodiscard]] virtual image::picture picture() const = 0;
    [[nodiscard]] virtual painter_detail::checkpoint save() = 0;
    virtual void load(const painter_detail::checkpoint& kept) = 0;
};

}  // namespace impasto

namespace impasto::painter_detail {

/// The network for feature maps of T: for half rescaled to the pictures of the brief, otherwise
/// unchanged.
template <class T>
class fitted_network {
public:
    template <class Device>
    fitted_network(context<Device>& ctx, const nn::network& given, const brief& what,
                   const stylize_options& options)
        : used_(&given) {
        if constexpr (std::same_as<T, half>) {
            std::vector<tensor<float, Device>> uploaded;
            std::vector<tensor_view<const float, Device>> views;
            uploaded.reserve(what.paintings.size() + 1);
            const auto look_at = [&](image::picture_view picture) {
                views.push_back(
                    uploaded.emplace_back(upload(ctx, small_copy(picture, given))).view());
            };
            if (!what.photo.empty())
                look_at(what.photo);
            std::ranges::for_each(what.paintings, look_at);
            fitted_ = nn::fitted_to_half<Device>(
                ctx, given, deepest_layer(given, options), views,
                style::extractor_options(objective_options(options), {}));
            used_ = &*fitted_;
        }
    }

    [[nodiscard]] const nn::network& get() const { return *used_; }

private:
    std::optional<nn::network> fitted_;
    const nn::network* used_;
};

/// A painting with feature maps of T. Each scale has an objective and a scale_run.
template <class T, class Device>
class painting_run : public painting<Device>::run {
public:
    /// options: resolved
    painting_run(context<Device>& ctx, const nn::network& given, const brief& what,
                 const stylize_options& options)
        : context_(&ctx),
          given_(&given),
          what_(what),
          options_(options),
          shares_(shares_of(options, what.paintings.size())),
          steps_(scales_of(given, content_shape(what), shapes_of(what.paintings), options)),
          network_(ctx, given, what, options) {
        enter(0, first_canvas(options, steps_.front().size, what));
    }

    [[nodiscard]] bool finished() const override {
        return canvas_->diverged() || (iteration_ == iterations() && scale_ + 1 == steps_.size());
    }

    progress step() override {
        if (finished())
            throw option_error("painting: step: it is finished; check finished() first");
        if (iteration_ == iterations())
            enter_next();
        const auto report = take_step();
        if (report.converged)
            iteration_ = iterations();
        return at_;
    }

    [[nodiscard]] image::picture picture() const override {
        return painter_detail::finished(canvas_->picture(), photo_, options_.original_colors);
    }

    [[nodiscard]] checkpoint save() override {
        checkpoint kept{.of = identity_of(*given_, what_, options_), .state = {}};
        state_writer<Device> writer(*context_, kept.state);
        exchange(writer);
        return kept;
    }

    void load(const checkpoint& kept) override {
        expect_same(identity_of(*given_, what_, options_), kept.of);
        state_reader<Device> reader(*context_, kept.state);
        reader("scale", scale_);
        if (scale_ >= steps_.size())
            throw format_error("the saved scale " + std::to_string(scale_) +
                               " does not exist; there are " + std::to_string(steps_.size()));
        enter(scale_, image::picture(canvas_shape(steps_[scale_].size, options_)));
        exchange(reader);
        if (iteration_ < 0 || iteration_ > iterations())
            throw format_error("the saved iteration " + std::to_string(iteration_) +
                               " does not exist; the scale has " + std::to_string(iterations()));
    }

    template <class State>
    void exchange(State& s) {
        s("scale", scale_);
        s("iteration", iteration_);
        s.part("canvas", *canvas_);
        s.part("objective", *objective_);
    }

private:
    [[nodiscard]] int iterations() const { return steps_[scale_].iterations; }

    /// Returns the canvas of the scale before.
    std::unique_ptr<scale_run<Device>> enter(std::size_t scale, image::picture_view canvas) {
        const auto& [size, iterations] = steps_[scale];
        objective_.reset();  // before memory for the next one is allocated
        photo_ = what_.photo.empty() ? image::picture()
                                     : image::resize(what_.photo, size.height, size.width);
        objective_ = std::make_unique<style::objective<T, Device>>(make_objective<T>(
            *context_, network_.get(), canvas.shape(), canvas_of(photo_, options_),
            resized(what_.paintings, size, options_.style_scale), shares_, options_));
        auto next =
            std::make_unique<scale_run<Device>>(*context_, upload(*context_, canvas), options_);
        scale_ = scale;
        iteration_ = 0;
        at_ = {.scale = static_cast<int>(scale),
               .scales = static_cast<int>(steps_.size()),
               .height = size.height,
               .width = size.width,
               .iterations = iterations,
               .losses = {},
               .picture = {}};
        return std::exchange(canvas_, std::move(next));
    }

    void enter_next() {
        const auto picture = canvas_->picture();
        const auto coarser =
            enter(scale_ + 1, enlarged(picture, steps_[scale_ + 1].size, canvas_margin(options_)));
        canvas_->carry(*coarser);
    }

    optim::step_report take_step() {
        at_.iteration = ++iteration_;
        const auto report = canvas_->step(*objective_, iteration_);
        if (!report)
            throw painting_diverged(canvas_->complaint(), picture());
        at_.losses = objective_->terms();
        return *report;
    }

    context<Device>* context_;
    const nn::network* given_;
    brief what_;
    stylize_options options_;
    std::vector<double> shares_;
    std::vector<scale_step> steps_;
    fitted_network<T> network_;

    // Of the current scale.
    std::size_t scale_ = 0;
    int iteration_ = 0;
    image::picture photo_;
    std::unique_ptr<style::objective<T, Device>> objective_;
    std::unique_ptr<scale_run<Device>> canvas_;
    progress at_;
};

}  // namespace impasto::painter_detail
