#include "cli/pace.hpp"

#include <algorithm>

namespace impasto::cli {

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

}  // namespace impasto::cli
