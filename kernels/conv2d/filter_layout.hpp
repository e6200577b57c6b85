#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::kernels {

/// A convolution's filters [out,in,k,k] on the host, seen as one direction reads them: backward,
/// outputs and inputs change places and the taps run the other way round.
struct filter_source {
    tensor_view<const float, cpu> weights;
    bool backward = false;

    [[nodiscard]] std::int64_t outputs() const {
        return backward ? weights.shape().c : weights.shape().n;
    }
    [[nodiscard]] std::int64_t inputs() const {
        return backward ? weights.shape().n : weights.shape().c;
    }
    [[nodiscard]] std::int64_t taps() const { return weights.shape().pixels(); }
    [[nodiscard]] float at(std::int64_t out, std::int64_t in, std::int64_t tap) const {
        const auto& s = weights.shape();
        return backward ? weights.data()[(in * s.c + out) * taps() + taps() - 1 - tap]
                        : weights.data()[(out * s.c + in) * taps() + tap];
    }
};

/// For conv2d_simt: [taps][inputs][columns], outputs padded with zeros to `columns`.
[[nodiscard]] std::vector<float> simt_filter_layout(const filter_source& filters,
                                                    std::int64_t columns);

/// For conv2d_mma and conv2d_wgmma: [blocks of inputs][taps][rows], each row the row_bytes of an
/// output and a block of inputs, padded with zeros both ways. T = float means TF32; what the
/// filters hold should be what T holds, see rounded_filters.
template <class T>
[[nodiscard]] std::vector<T> mma_filter_layout(const filter_source& filters, std::int64_t rows,
                                               int row_bytes);

/// For conv2d_pixels: [64 bytes of K][rows], K being taps × inputs, inputs fastest, padded to 32.
template <class T>
[[nodiscard]] std::vector<T> pixel_filter_layout(const filter_source& filters, std::int64_t rows);

/// For cuDNN: [outputs][taps][inputs], which is [out,in,k,k] in nhwc.
template <class T>
[[nodiscard]] tensor<T, cpu> nhwc_filter_layout(const filter_source& filters);

}  // namespace impasto::kernels
