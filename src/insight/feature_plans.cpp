#include <impasto/insight/feature_plans.hpp>

#include <algorithm>

namespace impasto::insight {

nn::features<float, cpu>& feature_plans::of(context<cpu>& ctx, const shape& pixels) {
    constexpr std::size_t most_bytes = 512'000'000;
    const auto known = std::ranges::find_if(
        plans_, [&](const auto& plan) { return plan->pixels_shape() == pixels; });
    if (known != plans_.end()) {
        std::rotate(known, known + 1, plans_.end());
        return *plans_.back();
    }
    auto plan = std::make_unique<nn::features<float, cpu>>(ctx, *net_, pixels, options_);
    std::size_t bytes = plan->peak_bytes();
    for (const auto& other : plans_)
        bytes += other->peak_bytes();
    while (bytes > most_bytes && !plans_.empty()) {
        bytes -= plans_.front()->peak_bytes();
        plans_.erase(plans_.begin());
    }
    return *plans_.emplace_back(std::move(plan));
}

}  // namespace impasto::insight
