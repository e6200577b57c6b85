#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

#include <impasto/core/context.hpp>
#include <impasto/core/growing_tensor.hpp>
#include <impasto/core/tensor.hpp>

/// Between the host and a context's device, byte by byte: extents and layouts must agree, or the
/// call throws shape_error. The host's side may be read or reused as soon as the call returns.
namespace impasto::ops {

namespace detail {

inline void copy_bytes(context<cpu>&, const void* from, void* to, std::size_t bytes) {
    if (bytes != 0)
        std::memcpy(to, from, bytes);
}
inline void copy_to_device(context<cpu>& ctx, const void* from, void* to, std::size_t bytes) {
    copy_bytes(ctx, from, to, bytes);
}
inline void copy_to_host(context<cpu>& ctx, const void* from, void* to, std::size_t bytes) {
    copy_bytes(ctx, from, to, bytes);
}

// Through pinned memory, piece by piece.
void copy_to_device(context<cuda>& ctx, const void* from, void* to, std::size_t bytes);
void copy_to_host(context<cuda>& ctx, const void* from, void* to, std::size_t bytes);

}  // namespace detail

template <class T, class Device>
void upload(context<Device>& ctx, std::type_identity_t<tensor_view<const T, cpu>> from,
            tensor_view<T, Device> to) {
    expect_shape("upload", "device", from.shape(), to.shape());
    expect_layout("upload", "device", from.layout(), to.layout());
    detail::copy_to_device(ctx, from.data(), to.data(), from.bytes());
}

template <class T, class Device>
void download(context<Device>& ctx, std::type_identity_t<tensor_view<const T, Device>> from,
              tensor_view<T, cpu> to) {
    expect_shape("download", "host", from.shape(), to.shape());
    expect_layout("download", "host", from.layout(), to.layout());
    detail::copy_to_host(ctx, from.data(), to.data(), from.bytes());
}

/// What the host has where the context computes: a copy in `room`; on the CPU it is there already.
template <class T, class Device>
[[nodiscard]] tensor_view<const T, Device> on_device(
    context<Device>& ctx, std::type_identity_t<tensor_view<const T, cpu>> from,
    growing_tensor<T, Device>& room) {
    if constexpr (std::is_same_v<Device, cpu>) {
        return from;
    } else {
        const auto copy = room.of(from.shape(), from.layout());
        upload(ctx, from, copy);
        return copy;
    }
}

/// The other way.
template <class T, class Device>
[[nodiscard]] tensor_view<const T, cpu> on_host(
    context<Device>& ctx, std::type_identity_t<tensor_view<const T, Device>> from,
    growing_tensor<T, cpu>& room) {
    if constexpr (std::is_same_v<Device, cpu>) {
        return from;
    } else {
        const auto copy = room.of(from.shape(), from.layout());
        download(ctx, from, copy);
        return copy;
    }
}

}  // namespace impasto::ops
