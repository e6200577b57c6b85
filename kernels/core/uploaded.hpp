#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/transfer.hpp>

namespace impasto::kernels {

/// Values of the host in device memory, as bytes.
template <class T>
[[nodiscard]] tensor<std::byte, cuda> uploaded(context<cuda>& ctx, const std::vector<T>& values) {
    const auto bytes = values.size() * sizeof(T);
    tensor<std::byte, cuda> result({1, 1, 1, static_cast<std::int64_t>(bytes)});
    ops::detail::copy_to_device(ctx, values.data(), result.data(), bytes);
    return result;
}

}  // namespace impasto::kernels
