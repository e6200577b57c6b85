#include <impasto/ops/transfer.hpp>

#include <algorithm>
#include <cstring>

#include "core/check.hpp"
#include "core/context_state.hpp"

namespace impasto::ops::detail {

void copy_to_device(context<cuda>& ctx, const void* from, void* to, std::size_t bytes) {
    auto& s = ctx.get();
    for (std::size_t done = 0; done < bytes; done += s.staging_bytes) {
        const std::size_t piece = std::min(s.staging_bytes, bytes - done);
        ctx.synchronize();  // the piece before has left the staging memory
        std::memcpy(s.staging, static_cast<const std::byte*>(from) + done, piece);
        kernels::check(cudaMemcpyAsync(static_cast<std::byte*>(to) + done, s.staging, piece,
                                       cudaMemcpyHostToDevice, s.stream));
    }
}

void copy_to_host(context<cuda>& ctx, const void* from, void* to, std::size_t bytes) {
    auto& s = ctx.get();
    for (std::size_t done = 0; done < bytes; done += s.staging_bytes) {
        const std::size_t piece = std::min(s.staging_bytes, bytes - done);
        kernels::check(cudaMemcpyAsync(s.staging, static_cast<const std::byte*>(from) + done, piece,
                                       cudaMemcpyDeviceToHost, s.stream));
        ctx.synchronize();
        std::memcpy(static_cast<std::byte*>(to) + done, s.staging, piece);
    }
}

}  // namespace impasto::ops::detail
