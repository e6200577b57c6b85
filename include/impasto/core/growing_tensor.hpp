#pragma once

#include <impasto/core/tensor.hpp>

namespace impasto {

/// Memory for a sequence of tensors of different sizes. It grows to the largest and never shrinks.
template <class T, class Device>
class growing_tensor {
public:
    /// A tensor of this shape, uninitialised, valid until the next call. Throws as tensor does.
    [[nodiscard]] tensor_view<T, Device> of(const shape& s, layout l = layout::nchw) {
        if (memory_.size() < storage_elements(s, l)) {
            memory_ = {};  // released first, so that both never exist together
            memory_ = tensor<T, Device>(s, l);
        }
        return {memory_.data(), s, l};
    }

private:
    tensor<T, Device> memory_;
};

}  // namespace impasto
