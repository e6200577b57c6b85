#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <impasto/core/half.hpp>
#include <impasto/image/crop.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/ops/transfer.hpp>
#include <impasto/optim/adam.hpp>
#include <impasto/optim/average.hpp>
#include <impasto/optim/gradient_descent.hpp>
#include <impasto/optim/lbfgs.hpp>
#include <impasto/painter/options.hpp>
#include <impasto/style/objective.hpp>

#include "painter/pictures.hpp"

namespace impasto::painter_detail {

/// Copies pixels from the host to the device, and back.
template <class Device>
[[nodiscard]] tensor<float, Device> upload(context<Device>& ctx, image::picture_view pixels) {
    tensor<float, Device> result(pixels.shape());
    ops::upload(ctx, pixels, result.view());
    return result;
}
template <class Device>
[[nodiscard]] image::picture download(
    context<Device>& ctx, tensor_view<const float, std::type_identity_t<Device>> pixels) {
    image::picture result(pixels.shape());
    ops::download(ctx, pixels, result.view());
    return result;
}

/// The canvas of a finer scale: the picture so far at that size, values as they are, mirrored into
/// the margin.
[[nodiscard]] inline image::picture enlarged(image::picture_view picture, image::extent size,
                                             std::int64_t margin) {
    return image::mirrored(image::resize_planes(picture, size.height, size.width), margin);
}

[[nodiscard]] inline style::objective_options objective_options(const stylize_options& o) {
    auto view = o.view;
    view.wrap_margin = o.margin + 1;
    return {.loss = o.loss,
            .content_weight = o.content_weight,
            .style_weight = o.style_weight,
            .tv_weight = o.tv_weight,
            .content_layers = o.content_layers,
            .style_layers = o.style_layers,
            .view = view};
}

/// The objective of a canvas, with its targets. photo: at the size of the canvas, or empty.
template <class T, class Device>
[[nodiscard]] style::objective<T, Device> make_objective(
    context<Device>& ctx, const nn::network& net, const shape& canvas, image::picture_view photo,
    std::span<const image::picture> paintings, std::span<const double> shares,
    const stylize_options& options) {
    style::objective<T, Device> objective(ctx, net, canvas, objective_options(options));
    const auto& used = objective.options();
    if (!used.style_layers.empty()) {
        std::vector<tensor<float, Device>> uploaded;
        std::vector<tensor_view<const float, Device>> views;
        for (const auto& painting : paintings)
            views.push_back(uploaded.emplace_back(upload(ctx, painting)).view());
        auto seen = style::extractor_options(used, used.style_layers);
        if (seen.view.border ==
            ops::border::wrap)  // the picture is seamless, the paintings are not
            seen.view.border = ops::border::replicate;
        objective.set_style(
            style::make_style_target<T, Device>(ctx, net, seen, views, shares, used.tiles));
    }
    // Last: it takes the memory that evaluations need, which the paintings' maps need not stand
    // beside.
    if (!used.content_layers.empty())
        objective.set_content(upload(ctx, photo));
    return objective;
}

/// The optimiser of one scale, of the type chosen in the options.
template <class Device>
class any_optimizer {
public:
    any_optimizer(context<Device>& ctx, const shape& pixels, const stylize_options& o)
        : method_(make(ctx, pixels, o)) {}

    template <class F>
    optim::step_report step(F& objective, tensor_view<float, Device> x) {
        return std::visit([&](auto& chosen) { return chosen.step(objective, x); }, method_);
    }

    /// Takes over Adam's moments from a coarser scale. size: of the picture without its margin.
    void carry(context<Device>& ctx, const any_optimizer& coarser, image::extent size,
               std::int64_t margin) {
        auto* mine = std::get_if<optim::adam<Device>>(&method_);
        const auto* theirs = std::get_if<optim::adam<Device>>(&coarser.method_);
        if (mine == nullptr || theirs == nullptr)
            return;
        const auto resized = [&](tensor_view<const float, Device> moment) {
            return upload(
                ctx, enlarged(image::without_margin(download(ctx, moment), margin), size, margin));
        };
        mine->resume(resized(theirs->first_moment()), resized(theirs->second_moment()),
                     theirs->steps());
    }

    template <class State>
    void exchange(State& s) {
        std::visit([&](auto& chosen) { chosen.exchange(s); }, method_);
    }

    /// True if steps may increase J: for all optimisers without a line search.
    [[nodiscard]] bool may_climb() const {
        return !std::holds_alternative<optim::lbfgs<Device>>(method_);
    }

private:
    using method =
        std::variant<optim::lbfgs<Device>, optim::adam<Device>, optim::gradient_descent<Device>>;

    static method make(context<Device>& ctx, const shape& pixels, const stylize_options& o) {
        if (o.optimizer == optimizer::lbfgs)
            return optim::lbfgs<Device>(ctx, pixels, {.history = o.history});
        if (o.optimizer == optimizer::adam) {
            optim::adam_options options;
            if (o.learning_rate > 0)
                options.learning_rate = o.learning_rate;
            return optim::adam<Device>(ctx, pixels, options);
        }
        return optim::gradient_descent<Device>(
            ctx, pixels, {.learning_rate = o.learning_rate, .momentum = o.momentum});
    }

    method method_;
};

/// One scale: the canvas, its optimiser, and the average of its iterates.
template <class Device>
class scale_run {
public:
    /// x: the canvas, including options.margin.
    scale_run(context<Device>& ctx, tensor<float, Device> x, const stylize_options& options)
        : context_(&ctx),
          margin_(canvas_margin(options)),
          x_(std::move(x)),
          optimizer_(ctx, x_.shape(), options) {
        if (options.average > 0)
            average_.emplace(ctx, x_.shape(), options.average);
        if (optimizer_.may_climb()) {
            before_ = tensor<float, Device>(x_.shape());
            best_ = tensor<float, Device>(x_.shape());
            ops::copy(ctx, x_, best_);
        }
    }

    void carry(const scale_run& coarser) {
        const auto& s = x_.shape();
        optimizer_.carry(*context_, coarser.optimizer_, {s.h - 2 * margin_, s.w - 2 * margin_},
                         margin_);
    }

    /// Runs iteration `iteration`, counted from 1. Returns nothing if the run diverged; complaint()
    /// then says why. Throws divergence_error if J is not finite in the first iteration.
    template <class T>
    [[nodiscard]] std::optional<optim::step_report> step(style::objective<T, Device>& objective,
                                                         int iteration) {
        if (!before_.empty())
            ops::copy(*context_, x_, before_);
        optim::step_report report{};
        diverged_ = !try_step(objective, iteration, report) || !keep_best(report.loss, iteration);
        if (diverged_)
            return std::nullopt;
        if (average_)
            average_->update(x_);
        return report;
    }

    template <class State>
    void exchange(State& s) {
        s("x", x_);
        s.part("optimizer", optimizer_);
        if (average_)
            s.part("average", *average_);
        s("best", best_);
        s("diverged", diverged_);
        s("first_loss", first_loss_);
        s("best_loss", best_loss_);
    }

    /// The picture without the margin; if the run diverged, the best one.
    [[nodiscard]] image::picture picture() const {
        const auto canvas = download(*context_, diverged_  ? best_.view()
                                                : average_ ? average_->value()
                                                           : x_.view());
        return image::without_margin(canvas, margin_);
    }

    [[nodiscard]] bool diverged() const { return diverged_; }
    /// Why; empty if it did not.
    [[nodiscard]] const std::string& complaint() const { return complaint_; }

private:
    // These optimisers report J at the x before the step. Returns false if the run diverged.
    bool keep_best(double loss, int iteration) {
        constexpr double too_far = 100;
        if (before_.empty())
            return true;
        if (iteration == 1)
            first_loss_ = best_loss_ = loss;
        if (loss <= best_loss_) {
            best_loss_ = loss;
            std::swap(best_, before_);
        }
        if (loss <= too_far * first_loss_)
            return true;
        std::ostringstream text;
        text << "J rose from " << first_loss_ << " to " << loss << " in " << iteration
             << " iterations: the learning rate is too high";
        complaint_ = text.str();
        return false;
    }

    // Returns false and sets the complaint if J is not finite after the first step.
    template <class T>
    bool try_step(style::objective<T, Device>& objective, int iteration,
                  optim::step_report& report) {
        try {
            report = optimizer_.step(objective, x_);
            return true;
        } catch (const divergence_error& e) {
            complaint_ = where<T>(e, objective.not_finite(), iteration);
            if (iteration == 1)
                throw divergence_error(complaint_);
            return false;
        }
    }

    // Names the iteration, the first layer that was not finite, and a wider precision.
    template <class T>
    static std::string where(const divergence_error& e, const std::string& layer, int iteration) {
        std::string text = std::string(e.what()) + " (iteration " + std::to_string(iteration);
        text += layer.empty() ? ")" : ", first at " + layer + ")";
        if constexpr (!std::same_as<stored<T>, float>)
            text += std::string("; or choose precision ") +
                    (std::same_as<T, half> ? "bfloat16" : "float32");
        return text;
    }

    context<Device>* context_;
    std::int64_t margin_;
    tensor<float, Device> x_;
    any_optimizer<Device> optimizer_;
    std::optional<optim::average<Device>> average_;
    // If steps may increase J: x before the last step, and the x with the lowest J.
    tensor<float, Device> before_, best_;
    double first_loss_ = 0, best_loss_ = 0;
    bool diverged_ = false;
    std::string complaint_;
};

}  // namespace impasto::painter_detail
