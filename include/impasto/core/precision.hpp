#pragma once

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

}  // namespace impasto
