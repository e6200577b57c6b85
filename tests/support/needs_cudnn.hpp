#pragma once

#include <algorithm>
#include <cstdio>

#include <impasto/core/error.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/ops/missing_cudnn.hpp>

namespace support {

/// Whether there is a cuDNN to test; if not, says so with the word that CTest waits for.
inline bool finds_cudnn(impasto::context<impasto::cuda>& ctx) {
    using namespace impasto;
    try {
        tensor<float, cpu> weights({8, 8, 3, 3});
        std::fill(weights.begin(), weights.end(), 1.0f);
        const ops::conv2d<float, cuda> probe(ctx, weights, {}, {1, 8, 8, 8},
                                             {.method = {.engine = ops::conv_engine::cudnn}});
        return true;
    } catch (const error& e) {
        if (dynamic_cast<const ops::missing_cudnn*>(&e) == nullptr)
            throw;
        std::printf("skipped: %s\n", e.what());
        return false;
    }
}

}  // namespace support
