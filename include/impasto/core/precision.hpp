#pragma once

#include <concepts>
#include <string>

#include <impasto/core/device.hpp>
#include <impasto/core/element.hpp>
#include <impasto/core/error.hpp>

namespace impasto {

/// Number format of feature maps. Pixels, Gram matrices and sums are always float32 or wider.
enum class precision {
    float32,
    tf32,      ///< GPU only; float32 in memory, convolutions multiply with 10 bits of fraction
    float16,   ///< GPU only; each layer is scaled by a power of two, so that nothing overflows
    bfloat16,  ///< GPU only; the range of float32 with 8 bits of precision
};

[[nodiscard]] constexpr const char* to_string(precision p) {
    constexpr const char* names[] = {"float32", "tf32", "float16", "bfloat16"};
    return names[static_cast<int>(p)];
}

/// Calls f with the element tag of feature maps: float{}, tf32{}, half{} or bfloat16{}.
/// Throws option_error if the device is the CPU and `wanted` is not float32.
template <class Device, class F>
auto in_precision(precision wanted, F&& f) {
    if constexpr (std::same_as<Device, cpu>) {
        if (wanted != precision::float32)
            throw option_error(std::string("precision: ") + to_string(wanted) +
                               " needs a GPU; the CPU computes in float32");
        return f(float{});
    } else {
        switch (wanted) {
            case precision::float16:
                return f(half{});
            case precision::bfloat16:
                return f(bfloat16{});
            case precision::tf32:
                return f(tf32{});
            case precision::float32:
                break;
        }
        return f(float{});
    }
}

}  // namespace impasto
