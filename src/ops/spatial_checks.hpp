#pragma once

#include <cstdint>

#include <impasto/core/tensor.hpp>
#include <impasto/ops/conv2d.hpp>

/// What operations refuse, the same on every device. Each throws shape_error or option_error.
namespace impasto::ops::detail {

/// Extents and order of a view, whatever its elements and device.
struct map_form {
    shape extents;
    layout order;

    template <class T, class Device>
    map_form(tensor_view<T, Device> v) : extents(v.shape()), order(v.layout()) {}
};

void expect_upsample(const char* operation, std::int64_t factor, const map_form& small,
                     const map_form& large);

void expect_instance_norm(const char* operation, float epsilon, const map_form& input,
                          const map_form& output);
void expect_parameters(const char* operation, const char* what, std::int64_t channels,
                       const shape& found);
void expect_statistics(const char* operation, std::int64_t channels, const shape& found);

void expect_backward_filter(const conv_geometry& geometry, const shape& input,
                            const shape& d_output, const shape& d_weights, const shape& d_bias);

}  // namespace impasto::ops::detail
