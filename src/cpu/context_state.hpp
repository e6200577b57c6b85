#pragma once

#include <dnnl.hpp>

#include <impasto/core/context.hpp>

namespace impasto {

struct context<cpu>::state {
    int threads;
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
};

}  // namespace impasto
