#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/painter/stylize.hpp>

namespace impasto::cli {

/// Speed and remaining time of a run. Iterations are weighted by the multiply-adds of their scale,
/// because iterations at small scales are faster.
class pace {
public:
    explicit pace(std::vector<scale_plan> scales) : scales_(std::move(scales)) {}

    void advance(const progress& now);

    [[nodiscard]] int iteration() const {
        return iteration_;
    }  ///< of the whole run, counted from 1
    [[nodiscard]] double seconds() const { return seconds_since(start_); }
    [[nodiscard]] double seconds_left() const;
    [[nodiscard]] double iterations_per_second() const { return rate_; }  ///< at this scale

private:
    using clock = std::chrono::steady_clock;
    static double seconds_since(clock::time_point then) {
        return std::chrono::duration<double>(clock::now() - then).count();
    }

    std::vector<scale_plan> scales_;
    clock::time_point start_ = clock::now(), scale_start_ = start_;
    int scale_ = 0, iteration_ = 0;
    double done_ = 0, resumed_at_ = 0, rate_ = 0;
};

/// The weight of an iteration of a scale: its multiply-adds.
[[nodiscard]] inline double work_of_iteration(const scale_plan& scale) {
    return static_cast<double>(scale.macs);
}
/// The sum over all iterations.
[[nodiscard]] double total_work(const std::vector<scale_plan>& scales);

/// Estimated seconds of a whole run, from a few iterations at a small size on this machine. The
/// speed at large sizes may differ somewhat.
template <class Device>
[[nodiscard]] double estimate_seconds(context<Device>& ctx, const nn::network& network,
                                      const std::vector<scale_plan>& scales,
                                      const stylize_options& run) {
    constexpr std::int64_t side = 256;
    constexpr int iterations = 3;
    image::picture gray({1, 3, side, side});
    std::ranges::fill(gray, 0.5f);

    auto trial = run;
    trial.size = side;
    trial.scales = 1;
    trial.start = start::noise;
    trial.style_scale = 1;
    trial.style_blend = {};
    trial.original_colors = false;
    const shape styles[] = {gray.shape()};
    const double work = work_of_iteration(plan(ctx, network, gray.shape(), styles, trial).back());

    painting<Device> picture(ctx, network, {.photo = gray, .paintings = {gray}}, trial);
    (void)picture.step();  // warms caches up, and evaluates twice
    const pace timed({});
    for (int i = 0; i < iterations; ++i)
        (void)picture.step();
    return total_work(scales) * timed.seconds() / iterations / work;
}

}  // namespace impasto::cli
