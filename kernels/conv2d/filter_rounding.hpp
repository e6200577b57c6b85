#pragma once

#include <type_traits>

#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::kernels {

/// Filters [out,in,k,k] on the host whose every value T holds; of float, TF32.
///
/// The taps of a filter are rounded together, each to what is nearest to it *and* what rounding has
/// left over before; the smallest comes last. Their sum then is right to that one's last place.
/// Maps are smooth: nine neighbours are nearly one value, which meets nothing but that sum.
template <class T>
[[nodiscard]] tensor<float, cpu> rounded_filters(tensor_view<const float, cpu> weights);

/// Filters as a convolution of T multiplies them: rounded, once, when they are first wanted; of
/// float as they are, unless it multiplies in TF32. The weights must outlive this.
template <class T>
class narrowed_filters {
public:
    narrowed_filters(tensor_view<const float, cpu> weights, bool tf32)
        : weights_(weights), rounds_(!std::is_same_v<T, float> || tf32) {}

    [[nodiscard]] tensor_view<const float, cpu> get() {
        if (rounds_ && rounded_.empty())
            rounded_ = rounded_filters<T>(weights_);
        return rounds_ ? rounded_.view() : weights_;
    }

private:
    tensor_view<const float, cpu> weights_;
    bool rounds_;
    tensor<float, cpu> rounded_;
};

}  // namespace impasto::kernels
