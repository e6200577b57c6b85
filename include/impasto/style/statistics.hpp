#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <impasto/core/tensor.hpp>
#include <impasto/ops/gram.hpp>
#include <impasto/ops/vector.hpp>

namespace impasto::style {

/// The statistics of feature maps that style losses need: sums over units. They add up over the
/// tiles of a picture, over paintings and over ranks.
template <class Device>
class statistics {
public:
    /// in_parts: more than one feature map will be added.
    statistics(std::int64_t channels, bool in_parts)
        : products_({1, 1, channels, channels}),
          part_(in_parts ? shape{1, 1, channels, channels} : shape{1, 1, 1, 0}) {}

    void clear() { units_ = 0; }

    /// map: [1,C,H,W], in a feature layout. Sums run in the order in which feature maps are added.
    template <class T>
    void add(context<Device>& ctx, tensor_view<const stored<T>, Device> map) {
        if (units_ == 0) {
            ops::gram<T>(ctx, map, products_);
        } else {
            ops::gram<T>(ctx, map, part_);
            ops::axpy(ctx, 1.0f, part_, products_);
        }
        units_ += map.shape().pixels();
    }

    [[nodiscard]] std::int64_t channels() const { return products_.shape().w; }
    [[nodiscard]] std::int64_t units() const { return units_; }
    /// Σ f·fᵀ over the units: [1,1,C,C].
    [[nodiscard]] tensor_view<float, Device> products() { return products_.view(); }
    [[nodiscard]] tensor<float, Device> take_products() && { return std::move(products_); }
    [[nodiscard]] std::size_t bytes() const { return products_.bytes() + part_.bytes(); }

private:
    std::int64_t units_ = 0;
    tensor<float, Device> products_, part_;
};

}  // namespace impasto::style
