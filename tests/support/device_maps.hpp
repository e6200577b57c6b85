#pragma once

// Between the reference's planar maps and tensors on a GPU.

#include <cstdint>
#include <vector>

#include <impasto/core/half.hpp>
#include <impasto/ops/transfer.hpp>

#include "support/maps.hpp"

namespace support {

using impasto::bfloat16;
using impasto::cuda;
using impasto::half;

/// Where element (c, y, x) of a map lies in memory; planar or nhwc.
inline std::size_t position(const map<double>& m, layout order, std::int64_t c, std::int64_t p) {
    const auto s = m.shape();
    return static_cast<std::size_t>(order == layout::nhwc ? p * s.c + c : c * s.pixels() + p);
}

template <class T>
tensor<T, cuda> to_device(context<cuda>& ctx, const tensor<T, cpu>& host) {
    tensor<T, cuda> result(host.shape(), host.layout());
    impasto::ops::upload(ctx, host.view(), result.view());
    return result;
}

template <class T>
tensor<T, cpu> to_host(context<cuda>& ctx, tensor_view<const T, cuda> device) {
    tensor<T, cpu> result(device.shape(), device.layout());
    impasto::ops::download(ctx, device, result.view());
    return result;
}
template <class T>
tensor<T, cpu> to_host(context<cuda>& ctx, const tensor<T, cuda>& device) {
    return to_host(ctx, device.view());
}

/// Rounded to T.
template <class T>
tensor<T, cuda> to_device(context<cuda>& ctx, const map<double>& m, layout order = layout::nhwc) {
    tensor<T, cpu> host(m.shape(), order);
    for (std::int64_t c = 0; c < m.shape().c; ++c)
        for (std::int64_t p = 0; p < m.shape().pixels(); ++p)
            host.data()[position(m, order, c, p)] = T(
                static_cast<float>(m.values[static_cast<std::size_t>(c * m.shape().pixels() + p)]));
    return to_device(ctx, host);
}

template <class T>
map<double> to_map(context<cuda>& ctx, tensor_view<const T, cuda> device) {
    const auto host = to_host(ctx, device);
    map<double> m(device.shape().c, device.shape().h, device.shape().w);
    for (std::int64_t c = 0; c < m.shape().c; ++c)
        for (std::int64_t p = 0; p < m.shape().pixels(); ++p)
            m.values[static_cast<std::size_t>(c * m.shape().pixels() + p)] =
                static_cast<float>(host.data()[position(m, device.layout(), c, p)]);
    return m;
}
template <class T>
map<double> to_map(context<cuda>& ctx, const tensor<T, cuda>& device) {
    return to_map(ctx, device.view());
}

/// What a map becomes when it is stored as T.
template <class T>
map<double> rounded_to(map<double> m) {
    for (double& v : m.values)
        v = static_cast<double>(static_cast<float>(T(static_cast<float>(v))));
    return m;
}

}  // namespace support
