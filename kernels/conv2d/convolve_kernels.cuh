#pragma once

#include <concepts>

#include "conv2d/convolve.cuh"

/// The definition of convolve, which a file for each type and direction instantiates: they compile
/// side by side.
namespace impasto::kernels {

namespace detail {

template <class Epilogue>
inline constexpr bool goes_forward = false;
template <class T>
inline constexpr bool goes_forward<forward_epilogue<T>> = true;

template <class T, class Epilogue>
void convolve_simt(cudaStream_t stream, conv_kernel kernel, const conv_problem& p,
                   const conv_input<T>& input, bool planar_input, const conv_filters& filters,
                   const Epilogue& epilogue) {
    const simt_filters plain{reinterpret_cast<const float*>(filters.data), filters.rows,
                             planar_input};
    if (kernel == conv_kernel::simt_narrow)
        launch_conv2d_simt<simt_narrow_tile>(stream, p, input, plain, epilogue);
    else
        launch_conv2d_simt<simt_wide_tile>(stream, p, input, plain, epilogue);
}

/// By tensor cores; T = float means TF32.
template <class T, class Epilogue>
void convolve_mma(cudaStream_t stream, conv_kernel kernel, const conv_problem& p,
                  const conv_input<T>& input, const conv_filters& filters,
                  const Epilogue& epilogue) {
    const auto mma = [&]<class Tile, int Kernel>() {
        launch_conv2d_mma<T, Tile, Kernel>(stream, p, input, filters.data, filters.rows, epilogue);
    };
    const auto wgmma = [&]<class Tile>() {
        launch_conv2d_wgmma<T, Tile>(stream, p, input, filters.data, filters.rows, epilogue);
    };
    switch (kernel) {
        case conv_kernel::mma_medium:
            return mma.template operator()<mma_medium_tile, 3>();
        case conv_kernel::mma_wide:
            return mma.template operator()<mma_wide_tile, 3>();
        case conv_kernel::mma_small:
            return mma.template operator()<mma_small_tile, 3>();
        case conv_kernel::mma_narrow:
            return mma.template operator()<mma_narrow_tile, 3>();
        case conv_kernel::mma_point:
            return mma.template operator()<mma_small_tile, 1>();
        case conv_kernel::wgmma_wide:
            return wgmma.template operator()<wgmma_wide_tile>();
        case conv_kernel::wgmma_narrow:
            return wgmma.template operator()<wgmma_narrow_tile>();
        default:  // pixels, which only forward reads
            if constexpr (goes_forward<Epilogue>)
                launch_conv2d_pixels<T, mma_pixels_tile>(stream, p, input.data, filters.data,
                                                         filters.rows, epilogue);
    }
}

}  // namespace detail

template <class T, class Epilogue>
void convolve(cudaStream_t stream, conv_kernel kernel, const conv_problem& p,
              const conv_input<T>& input, bool planar_input, const conv_filters& filters,
              const Epilogue& epilogue) {
    // Forward, tf32 has an epilogue of its own; backward it shares float's.
    constexpr bool exact = std::same_as<Epilogue, forward_epilogue<float>>;
    if (exact || family_of(kernel) == filter_family::simt)
        return detail::convolve_simt(stream, kernel, p, input, planar_input, filters, epilogue);
    if constexpr (!exact)
        detail::convolve_mma(stream, kernel, p, input, filters, epilogue);
}

}  // namespace impasto::kernels
