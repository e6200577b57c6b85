#pragma once

#include <type_traits>

#include <impasto/core/element.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::kernels {

/// Filters [out,in,k,k] on the host whose every value T holds.
///
/// The taps of a filter are rounded together, each to what is nearest to it *and* what rounding has
/// left over before; the smallest comes last. Their sum then is right to that one's last place.
/// Maps are smooth: nine neighbours are nearly one value, which meets nothing but that sum.
template <class T>
[[nodiscard]] tensor<float, cpu> rounded_filters(tensor_view<const float, cpu> weights);

/// Filters as a convolution of T multiplies them: rounded, once, when they are first wanted; of
/// float as they are. The weights must outlive this.
template <class T>
class narrowed_filters {
public:
    explicit narrowed_filters(tensor_view<const float, cpu> weights) : weights_(weights) {}

    [[nodiscard]] tensor_view<const float, cpu> get() {
        if constexpr (!std::is_same_v<T, float>) {
            if (rounded_.empty())
                rounded_ = rounded_filters<T>(weights_);
            return rounded_.view();
        }
        return weights_;
    }

private:
    tensor_view<const float, cpu> weights_;
    tensor<float, cpu> rounded_;
};

}  // namespace impasto::kernels
