#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <impasto/core/tensor.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/ops/map_rows.hpp>

/// What each operation asks of its views, on either device: an engine calls the operation's check
/// first. All throw shape_error, one line that names the operation, unless said otherwise.
namespace impasto::ops::detail {

/// What a check sees of a view.
struct form {
    template <class T, class Device>
    form(tensor_view<T, Device> view)
        : extents(view.shape()),
          order(view.layout()),
          empty(view.empty()),
          on_gpu(std::is_same_v<Device, cuda>) {}

    shape extents;
    layout order;
    bool empty, on_gpu;
};

/// Extents and layout agree.
void expect_alike(const char* operation, const char* what, const form& expected, const form& found);
/// The layout is one that the device computes in: planar, or blocked on the CPU, or nhwc on a GPU.
void expect_known_order(const char* operation, const char* what, const form& found);
/// The same of maps, which on a GPU are nhwc.
void expect_map_order(const char* operation, const char* what, const form& found);
/// Of an operation that leaves so many numbers in slots.
void expect_slots(const char* operation, const char* what, std::int64_t count, const form& found);

/// Extents that a convolution makes of its input. Throws where filters and input disagree, or
/// nothing would be left.
[[nodiscard]] shape convolved(const shape& weights, const shape& input, const conv_geometry& g);
/// Returns what is convolved, before any pool. fuses_pooling: what the engine says of the options.
/// Throws option_error for a pool that cannot be fused.
shape expect_convolution(const form& weights, const form& bias, const shape& input,
                         const conv_options& options, bool fuses_pooling);
void expect_map(const char* what, const shape& wanted, layout order, const form& found);
/// map: what is convolved.
void expect_gates(const shape& map, layout order, const form& gates);
/// Throws option_error for a convolution that was planned for forward alone.
void expect_backward_planned(bool planned);
/// Throws option_error for a stride that the device lacks.
void expect_conv2d_backward_filter(const conv_geometry& geometry, const form& input,
                                   const form& d_output, const form& d_weights, const form& d_bias);

void expect_upsample(const char* operation, std::int64_t factor, const form& small,
                     const form& large);

/// Throws option_error unless epsilon is positive.
void expect_instance_norm(const char* operation, float epsilon, const form& input,
                          const form& output);
void expect_parameters(const char* operation, const char* what, std::int64_t channels,
                       const form& found);
void expect_statistics(const char* operation, std::int64_t channels, const form& found);

void expect_gram(const char* operation, const form& features, const form& gram);
void expect_gram_backward(const form& features, const form& d_gram, const form& gradient);
void expect_gram_error(const form& gram, const form& target, const form& d_gram, const form& sum);

void expect_squared_error(const form& features, const form& target, const form& gradient,
                          const form& sum);
void expect_total_variation(const form& pixels, const form& gradient, const form& sums);

void expect_row_maxima(const form& map, const map_window& window, const form& maxima);
void expect_gather_rows(const form& map, const map_window& window, std::size_t wanted,
                        const form& values);

/// Return the margin of `input`.
std::int64_t expect_normalize_pixels(const form& pixels, const form& input);
std::int64_t expect_normalize_pixels_backward(const form& d_input, const form& d_pixels);
void expect_reorder(const form& from, const form& to);

void expect_pool2d(const form& input, const form& output, const form& argmax);
void expect_pool2d_backward(const pool_options& options, const form& d_output, const form& d_input,
                            const form& argmax, const form& input, const form& output);

/// Throw option_error.
void expect_interval(float low, float high);
void expect_distribution(float mean, float deviation);

void expect_relu_mask(const char* operation, const form& features, const form& mask);
void expect_relu_backward(const form& features, const form& gradient);

/// rows: so many of what x is.
void expect_rows(const char* operation, const form& x, std::size_t count, const form& rows);

}  // namespace impasto::ops::detail
