#pragma once

#include <impasto/core/tensor.hpp>

namespace impasto {

/// Memory for tensors of one size after another: it grows to the largest of them and stays.
template <class T, class Device>
class growing_tensor {
public:
    /// Contents are undefined; valid until the next call. Throws as tensor does.
    [[nodiscard]] tensor_view<T, Device> of(const shape& s, layout l = layout::nchw) {
        if (memory_.size() < storage_elements(s, l)) {
            memory_ = {};  // first, so that both are never there together
            memory_ = tensor<T, Device>(s, l);
        }
        return {memory_.data(), s, l};
    }

private:
    tensor<T, Device> memory_;
};

}  // namespace impasto
