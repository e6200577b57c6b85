#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <impasto/core/device.hpp>
#include <impasto/core/error.hpp>
#include <impasto/core/shape.hpp>

namespace impasto {

/// Order of the elements in memory.
enum class layout {
    nchw,     ///< planar: pixels, filters, matrices
    nchw8c,   ///< planes of 8 interleaved channels, the last zero-padded: feature maps with AVX2
    nchw16c,  ///< the same by 16: feature maps with AVX-512
    nhwc,     ///< interleaved: feature maps on the GPU
};

[[nodiscard]] constexpr const char* to_string(layout l) {
    constexpr const char* names[] = {"nchw", "nchw8c", "nchw16c", "nhwc"};
    return names[static_cast<int>(l)];
}

/// Number of channels interleaved in one plane; 1 for a layout without blocks.
[[nodiscard]] constexpr std::int64_t channel_block(layout l) {
    return l == layout::nchw16c ? 16 : l == layout::nchw8c ? 8 : 1;
}

/// Number of planes of a feature map with c channels.
[[nodiscard]] constexpr std::int64_t channel_blocks(std::int64_t c, layout l) {
    return (c + channel_block(l) - 1) / channel_block(l);
}

/// Number of elements in memory of a tensor with these extents, including padding.
[[nodiscard]] constexpr std::int64_t storage_elements(shape s, layout l) {
    s.c = channel_blocks(s.c, l) * channel_block(l);
    return s.elements();
}

/// A reference to a tensor: pointer, extents, layout. Does not own memory; cheap to copy.
template <class T, class Device>
class tensor_view {
public:
    using value_type = std::remove_const_t<T>;

    tensor_view() = default;
    tensor_view(T* data, impasto::shape s, impasto::layout l = layout::nchw)
        : data_(data), shape_(s), layout_(l) {}

    /// A mutable view converts to a constant one.
    operator tensor_view<const T, Device>() const requires(!std::is_const_v<T>) {
        return {data_, shape_, layout_};
    }

    [[nodiscard]] T* data() const { return data_; }
    [[nodiscard]] const impasto::shape& shape() const { return shape_; }
    [[nodiscard]] impasto::layout layout() const { return layout_; }
    /// Number of elements in memory, including padding.
    [[nodiscard]] std::int64_t size() const { return storage_elements(shape_, layout_); }
    [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(size()) * sizeof(T); }
    [[nodiscard]] bool empty() const { return data_ == nullptr; }

    [[nodiscard]] T* begin() const requires std::is_same_v<Device, cpu> { return data_; }
    [[nodiscard]] T* end() const requires std::is_same_v<Device, cpu> { return data_ + size(); }

private:
    T* data_ = nullptr;
    impasto::shape shape_{0, 0, 0, 0};
    impasto::layout layout_ = layout::nchw;
};

/// A tensor that owns its memory, uninitialised at first. Can be moved, but not copied.
template <class T, class Device>
class tensor {
public:
    tensor() = default;

    /// Throws shape_error for invalid extents, and out_of_memory.
    explicit tensor(impasto::shape s, impasto::layout l = layout::nchw) : shape_(s), layout_(l) {
        const auto bytes = checked_multiply(storage_elements(s, l), sizeof(T));
        data_ = static_cast<T*>(memory<Device>::allocate(static_cast<std::size_t>(bytes)));
    }

    tensor(const tensor&) = delete;
    tensor& operator=(const tensor&) = delete;
    tensor(tensor&& other) noexcept { swap(other); }
    tensor& operator=(tensor&& other) noexcept {
        tensor(std::move(other)).swap(*this);
        return *this;
    }
    ~tensor() { memory<Device>::release(data_); }

    [[nodiscard]] tensor_view<T, Device> view() { return {data_, shape_, layout_}; }
    [[nodiscard]] tensor_view<const T, Device> view() const { return {data_, shape_, layout_}; }
    operator tensor_view<T, Device>() { return view(); }
    operator tensor_view<const T, Device>() const { return view(); }

    [[nodiscard]] T* data() { return data_; }
    [[nodiscard]] const T* data() const { return data_; }
    [[nodiscard]] const impasto::shape& shape() const { return shape_; }
    [[nodiscard]] impasto::layout layout() const { return layout_; }
    [[nodiscard]] std::int64_t size() const { return storage_elements(shape_, layout_); }
    [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(size()) * sizeof(T); }
    [[nodiscard]] bool empty() const { return data_ == nullptr; }

    [[nodiscard]] T* begin() requires std::is_same_v<Device, cpu> { return data_; }
    [[nodiscard]] T* end() requires std::is_same_v<Device, cpu> { return data_ + size(); }
    [[nodiscard]] const T* begin() const requires std::is_same_v<Device, cpu> { return data_; }
    [[nodiscard]] const T* end() const requires std::is_same_v<Device, cpu> {
        return data_ + size();
    }

private:
    void swap(tensor& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(shape_, other.shape_);
        std::swap(layout_, other.layout_);
    }

    T* data_ = nullptr;
    impasto::shape shape_{0, 0, 0, 0};
    impasto::layout layout_ = layout::nchw;
};

/// Throws shape_error "operation: what: expected …, found …" unless both agree.
inline void expect_shape(const char* operation, const char* what, const shape& expected,
                         const shape& found) {
    if (!(expected == found))
        throw shape_error(std::string(operation) + ": " + what + ": expected " +
                          to_string(expected) + ", found " + to_string(found));
}

/// The same for layouts.
inline void expect_layout(const char* operation, const char* what, layout expected, layout found) {
    if (expected != found)
        throw shape_error(std::string(operation) + ": " + what + ": expected layout " +
                          to_string(expected) + ", found " + to_string(found));
}

}  // namespace impasto
