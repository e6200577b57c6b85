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

/// Host pixels to the device and back; on the CPU a copy.
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

/// The objective for a picture of the content's size, its targets taken.
template <class T, class Device>
[[nodiscard]] style::objective<T, Device> make_objective(context<Device>& ctx,
                                                         const nn::network& net,
                                                         image::picture_view content,
                                                         std::span<const image::picture> paintings,
                                                         std::span<const double> shares,
                                                         const stylize_options& options) {
    style::objective<T, Device> objective(ctx, net, content.shape(), objective_options(options));
    const auto& used = objective.options();
    if (!used.content_layers.empty())
        objective.set_content(upload(ctx, content));
    if (!used.style_layers.empty()) {
        std::vector<tensor<float, Device>> uploaded;
        std::vector<tensor_view<const float, Device>> views;
        for (const auto& painting : paintings)
            views.push_back(uploaded.emplace_back(upload(ctx, painting)).view());
        auto seen = style::extractor_options(used, used.style_layers);
        if (seen.view.border == ops::border::wrap)  // the picture is seamless, a painting is not
            seen.view.border = ops::border::replicate;
        objective.set_style(
            style::make_style_target<T, Device>(ctx, net, seen, views, shares, used.tiles));
    }
    return objective;
}

/// The optimiser of one scale, whichever was chosen.
template <class Device>
class any_optimizer {
public:
    any_optimizer(context<Device>& ctx, const shape& pixels, const stylize_options& o)
        : method_(make(ctx, pixels, o)) {}

    template <class F>
    optim::step_report step(F& objective, tensor_view<float, Device> x) {
        return std::visit([&](auto& chosen) { return chosen.step(objective, x); }, method_);
    }

    /// Adam's memory, brought over from a coarser scale; size: of the picture, without its margin.
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

    /// L-BFGS only goes down; the others may climb where their steps are too long.
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

enum class run_end { finished, stopped, diverged };

/// One scale: the canvas in progress, its optimiser, and the average of what it went through.
template <class Device>
class scale_run {
public:
    /// x: the canvas, options.margin included.
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

    template <class T>
    run_end run(style::objective<T, Device>& objective, progress at, const observer& observe) {
        at.picture = [this] { return picture(); };
        for (at.iteration = 1; at.iteration <= at.iterations; ++at.iteration) {
            if (!before_.empty())
                ops::copy(*context_, x_, before_);
            optim::step_report report{};
            if (!step(objective, at.iteration, report) || !keep_best(report.loss, at.iteration))
                return run_end::diverged;
            if (average_)
                average_->update(x_);
            if (observe) {
                at.losses = objective.terms();
                if (observe(at))
                    return run_end::stopped;
            }
            if (report.converged)
                break;
        }
        return run_end::finished;
    }

    /// Without the margin. Where the run diverged, the best that there was.
    [[nodiscard]] image::picture picture() const {
        const auto canvas = download(*context_, !complaint_.empty() ? best_.view()
                                                : average_          ? average_->value()
                                                                    : x_.view());
        return image::without_margin(canvas, margin_);
    }

    /// Why it diverged.
    [[nodiscard]] const std::string& complaint() const { return complaint_; }

private:
    // What climbs reports J at the x before its step. False where J has left its start for good.
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
        text << "J went from " << first_loss_ << " to " << loss << " in " << iteration
             << " iterations: the learning rate is too high";
        complaint_ = text.str();
        return false;
    }

    // False, and a complaint, where numbers ran out after the first step.
    template <class T>
    bool step(style::objective<T, Device>& objective, int iteration, optim::step_report& report) {
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

    // Where it was that numbers ran out, and what would be wide enough.
    template <class T>
    static std::string where(const divergence_error& e, const std::string& layer, int iteration) {
        std::string text = std::string(e.what()) + " (iteration " + std::to_string(iteration);
        text += layer.empty() ? ")" : ", first at " + layer + ")";
        if constexpr (!std::same_as<T, float>)
            text += std::string("; or choose precision ") +
                    (std::same_as<T, half> ? "bfloat16" : "float32");
        return text;
    }

    context<Device>* context_;
    std::int64_t margin_;
    tensor<float, Device> x_;
    any_optimizer<Device> optimizer_;
    std::optional<optim::average<Device>> average_;
    // Where J may climb: x before the last step, and the x at which J was lowest.
    tensor<float, Device> before_, best_;
    double first_loss_ = 0, best_loss_ = 0;
    std::string complaint_;
};

}  // namespace impasto::painter_detail
