#pragma once

#include <cstddef>

#include <dnnl.hpp>

#include <impasto/core/context.hpp>

namespace impasto {

struct context<cpu>::state {
    int threads = 1;
    layout feature_layout = layout::nchw8c;
    tensor<std::byte, cpu> scratch;
    double results[2] = {};  ///< of operations that are waited for
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};

    /// Scratch for the operation that runs now, valid until it returns.
    template <class T>
    T* scratch_as(context<cpu>& ctx, std::int64_t elements) {
        ctx.reserve(static_cast<std::size_t>(elements) * sizeof(T));
        return reinterpret_cast<T*>(scratch.data());
    }
};

}  // namespace impasto
