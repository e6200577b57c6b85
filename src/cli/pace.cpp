#include "cli/pace.hpp"

#include <algorithm>

namespace impasto::cli {

void pace::advance(const progress& now) {
    if (now.scale != scale_) {
        scale_ = now.scale;
        scale_start_ = clock::now();
    }
    const auto here = static_cast<std::size_t>(now.scale);
    const double before = done_;
    iteration_ = now.iteration;
    done_ = now.iteration * work_of_iteration(scales_.at(here));
    for (std::size_t i = 0; i < here; ++i) {
        iteration_ += scales_[i].iterations;
        done_ += scales_[i].iterations * work_of_iteration(scales_[i]);
    }
    if (before == 0)
        resumed_at_ = done_ - work_of_iteration(scales_[here]);
    // The clock of a scale starts with its first iteration.
    rate_ = (now.iteration - 1) / std::max(seconds_since(scale_start_), 1e-6);
}

double pace::seconds_left() const {
    const double painted = done_ - resumed_at_;
    return painted > 0 ? seconds() * std::max((total_work(scales_) - done_) / painted, 0.0) : 0;
}

double total_work(const std::vector<scale_plan>& scales) {
    double work = 0;
    for (const auto& scale : scales)
        work += scale.iterations * work_of_iteration(scale);
    return work;
}

}  // namespace impasto::cli
