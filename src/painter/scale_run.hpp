#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <impasto/core/half.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/ops/transfer.hpp>
#include <impasto/optim/adam.hpp>
#include <impasto/optim/average.hpp>
#include <impasto/optim/gradient_descent.hpp>
#include <impasto/optim/lbfgs.hpp>
#include <impasto/painter/options.hpp>
#include <impasto/style/objective.hpp>

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

[[nodiscard]] inline style::objective_options objective_options(const stylize_options& o) {
    return {.loss = o.loss,
            .content_weight = o.content_weight,
            .style_weight = o.style_weight,
            .tv_weight = o.tv_weight,
            .content_layers = o.content_layers,
            .style_layers = o.style_layers,
            .pooling = o.pooling,
            .border = o.border,
            .algorithm = o.algorithm,
            .tf32 = o.precision == precision::tf32,
            .conv_engine = o.conv_engine,
            .recompute = o.recompute};
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
    if (!used.content_layers.empty()) {
        const auto photo = upload(ctx, content);
        objective.set_content(style::make_content_target<T, Device>(
            ctx, net, style::extractor_options(used, used.content_layers), photo));
    }
    if (!used.style_layers.empty()) {
        std::vector<tensor<float, Device>> uploaded;
        std::vector<tensor_view<const float, Device>> views;
        for (const auto& painting : paintings)
            views.push_back(uploaded.emplace_back(upload(ctx, painting)).view());
        objective.set_style(style::make_style_target<T, Device>(
            ctx, net, style::extractor_options(used, used.style_layers), views, shares));
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

    /// Adam's memory, brought over from a coarser scale.
    void carry(context<Device>& ctx, const any_optimizer& coarser, image::extent size) {
        auto* mine = std::get_if<optim::adam<Device>>(&method_);
        const auto* theirs = std::get_if<optim::adam<Device>>(&coarser.method_);
        if (mine == nullptr || theirs == nullptr)
            return;
        const auto resized = [&](tensor_view<const float, Device> moment) {
            return upload(ctx,
                          image::resize_planes(download(ctx, moment), size.height, size.width));
        };
        mine->resume(resized(theirs->first_moment()), resized(theirs->second_moment()),
                     theirs->steps());
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

/// One scale: the picture in progress, its optimiser, and the average of what it went through.
template <class Device>
class scale_run {
public:
    scale_run(context<Device>& ctx, tensor<float, Device> x, const stylize_options& options)
        : context_(&ctx), x_(std::move(x)), optimizer_(ctx, x_.shape(), options) {
        if (options.average > 0)
            average_.emplace(ctx, x_.shape(), options.average);
    }

    void carry(const scale_run& coarser) {
        optimizer_.carry(*context_, coarser.optimizer_, {x_.shape().h, x_.shape().w});
    }

    /// True where the observer wants to stop.
    template <class F>
    bool run(F& objective, progress at, const observer& observe) {
        at.picture = [this] { return download(*context_, current()); };
        for (at.iteration = 1; at.iteration <= at.iterations; ++at.iteration) {
            const auto report = step(objective, at.iteration);
            if (average_)
                average_->update(x_);
            if (observe) {
                at.losses = objective.terms();
                if (observe(at))
                    return true;
            }
            if (report.converged)
                break;
        }
        return false;
    }

    [[nodiscard]] tensor_view<const float, Device> current() const {
        return average_ ? average_->value() : x_.view();
    }

private:
    // Says where it was that numbers ran out, and what would be wide enough.
    template <class T>
    optim::step_report step(style::objective<T, Device>& objective, int iteration) {
        try {
            return optimizer_.step(objective, x_);
        } catch (const divergence_error& e) {
            std::string where = std::string(e.what()) + " (iteration " + std::to_string(iteration);
            if (const auto layer = objective.not_finite(); !layer.empty())
                where += ", first at " + layer;
            where += ")";
            if constexpr (!std::same_as<T, float>)
                where += std::string("; or choose precision ") +
                         (std::same_as<T, half> ? "bfloat16" : "float32");
            throw divergence_error(where);
        }
    }

    context<Device>* context_;
    tensor<float, Device> x_;
    any_optimizer<Device> optimizer_;
    std::optional<optim::average<Device>> average_;
};

}  // namespace impasto::painter_detail
