#pragma once

#include <cstdint>

/// Tensor cores, as the PTX manual defines them: operands exact, products summed without rounding
/// and then added to D in float. Hardware rounds the sum somewhere on the way; both are as near as
/// an accumulation in float can be expected to be.
namespace simt {

template <class T>
void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]);

void mma_m16n8k8_tf32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]);

template <int Matrices>
void ldmatrix(const char* operation, std::uint32_t (&r)[Matrices], const void* row, bool transpose);

}  // namespace simt
