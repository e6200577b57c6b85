#pragma once

#include <concepts>
#include <string>

#include <impasto/core/device.hpp>
#include <impasto/core/element.hpp>
#include <impasto/core/error.hpp>

namespace impasto {

/// What feature maps are made of. Pixels, Gram matrices and sums are float32 or wider always.
enum class precision {
    float32,
    tf32,      ///< float32 in memory; convolutions multiply with ten bits of fraction, on a GPU
    float16,   ///< on a GPU; each layer is scaled by a power of two so that nothing overflows
    bfloat16,  ///< on a GPU; the range of float32 with eight bits of precision
};

[[nodiscard]] constexpr const char* to_string(precision p) {
    constexpr const char* names[] = {"float32", "tf32", "float16", "bfloat16"};
    return names[static_cast<int>(p)];
}

/// Calls f with the tag of what maps are then made of: float{}, tf32{}, half{} or bfloat16{}.
/// Throws option_error where the device is the CPU and `wanted` is not float32.
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
