#include "cli/pace.hpp"

#include <algorithm>

#include <impasto/painter/stylize.hpp>

namespace impasto::cli {

namespace {

double work_of_iteration(const scale_plan& scale) {
    return static_cast<double>(scale.macs);
}

}  // namespace

void pace::advance(const progress& now) {
    if (now.scale != scale_) {
        scale_ = now.scale;
        scale_start_ = clock::now();
    }
    ++iteration_;
    done_ += work_of_iteration(scales_.at(static_cast<std::size_t>(now.scale)));
    // The clock of a scale starts with its first iteration.
    rate_ = (now.iteration - 1) / std::max(seconds_since(scale_start_), 1e-6);
}

double pace::seconds_left() const {
    return done_ > 0 ? seconds() * std::max(total_work(scales_) / done_ - 1, 0.0) : 0;
}

double total_work(const std::vector<scale_plan>& scales) {
    double work = 0;
    for (const auto& scale : scales)
        work += scale.iterations * work_of_iteration(scale);
    return work;
}

double estimate_seconds(context<cpu>& ctx, const nn::network& network,
                        const std::vector<scale_plan>& scales, const stylize_options& run) {
    constexpr std::int64_t side = 256;
    constexpr int iterations = 4;
    image::picture gray({1, 3, side, side});
    std::ranges::fill(gray, 0.5f);

    auto trial = run;
    trial.size = side;
    trial.scales = 1;
    trial.iterations = iterations;
    trial.start = start::noise;
    trial.style_scale = 1;
    trial.style_blend = {};
    trial.original_colors = false;
    const shape styles[] = {gray.shape()};
    const auto work = total_work(plan(ctx, network, gray.shape(), styles, trial)) / iterations;

    // The first iteration warms caches up and evaluates twice: it is not counted.
    pace timed({});
    double first = 0, last = 0;
    const auto painted = stylize(ctx, network, gray, gray, trial, [&](const progress& now) {
        last = timed.seconds();
        if (now.iteration == 1)
            first = last;
        return false;
    });
    return total_work(scales) * (last - first) / (iterations - 1) / work;
}

}  // namespace impasto::cli
