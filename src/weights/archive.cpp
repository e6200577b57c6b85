#include <impasto/weights/archive.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include <impasto/core/error.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/shape.hpp>

#include "core/describe.hpp"
#include "core/elements.hpp"

namespace impasto::weights {

namespace {

static_assert(std::endian::native == std::endian::little, "tensors are read as they lie");

using extent_list = std::vector<std::int64_t>;

[[noreturn]] void refuse(const archive& source, const entry& tensor, const std::string& what) {
    throw format_error(source.file + ": tensor " + quoted(tensor.name) + ": " + what);
}

extent_list strides_of(const entry& tensor) {
    return tensor.strides.empty() ? c_strides(tensor.extents) : tensor.strides;
}

/// Elements from the first to the last that is read, both included.
std::int64_t reach(const extent_list& extents, const extent_list& strides) {
    std::int64_t last = 0;
    for (std::size_t i = 0; i < extents.size(); ++i) {
        if (extents[i] == 0)
            return 0;
        const std::int64_t step = checked_multiply(extents[i] - 1, strides[i]);
        if (step > INT64_MAX - 1 - last)
            throw shape_error("strides are too large");
        last += step;
    }
    return last + 1;
}

void expect_elements(const archive& source, const entry& tensor, std::size_t expected) {
    if (tensor.type == element_type::other ||
        (tensor.type == element_type::uint8 && tensor.palette.empty()))
        refuse(source, tensor, "holds integers; expected float32, float64, float16 or bfloat16");
    try {
        const std::int64_t elements = elements_of(tensor.extents);
        if (static_cast<std::size_t>(elements) != expected)
            refuse(source, tensor,
                   to_text(tensor.extents) + " has " + std::to_string(elements) +
                       " elements; expected " + std::to_string(expected));
    } catch (const shape_error& impossible) {
        refuse(source, tensor, impossible.what());
    }
}

/// The strides, once extents, strides and bytes are seen to agree.
extent_list checked_strides(const archive& source, const entry& tensor,
                            std::span<const std::byte> bytes) {
    try {
        extent_list strides = strides_of(tensor);
        if (strides.size() != tensor.extents.size())
            refuse(source, tensor,
                   to_text(tensor.extents) + " does not match strides " + to_text(strides));
        const std::int64_t needed = checked_multiply(
            reach(tensor.extents, strides), static_cast<std::int64_t>(size_of(tensor.type)));
        if (needed > static_cast<std::int64_t>(bytes.size()))
            refuse(source, tensor,
                   to_text(tensor.extents) + " needs " + std::to_string(needed) +
                       " bytes, the file has " + std::to_string(bytes.size()));
        return strides;
    } catch (const shape_error& impossible) {
        refuse(source, tensor, impossible.what());
    }
}

/// Makes a float of an element where it lies.
template <class Stored>
struct widen {
    static constexpr std::int64_t bytes = sizeof(Stored);
    float operator()(const std::byte* from) const {
        if constexpr (bytes == 2) {
            std::uint16_t bits;
            std::memcpy(&bits, from, sizeof bits);
            return static_cast<float>(Stored::from_bits(bits));
        } else {
            Stored value;
            std::memcpy(&value, from, sizeof value);
            return static_cast<float>(value);
        }
    }
};

/// NaN beyond the palette: `read` looks for values that are not finite anyway, and a palette has
/// none.
class look_up {
public:
    static constexpr std::int64_t bytes = 1;
    explicit look_up(std::span<const float> palette) {
        values_.fill(NAN);
        std::ranges::copy(palette.first(std::min(palette.size(), values_.size())), values_.begin());
    }
    float operator()(const std::byte* from) const {
        return values_[std::to_integer<std::size_t>(*from)];
    }

private:
    std::array<float, 256> values_{};
};

/// Copies one dimension after the other; the innermost is a loop.
template <class Convert>
float* gather(const Convert& convert, const std::byte* from, std::span<const std::int64_t> extents,
              std::span<const std::int64_t> strides, float* out) {
    if (extents.empty()) {
        *out = convert(from);
        return out + 1;
    }
    const std::int64_t step = strides[0] * Convert::bytes;
    if (extents.size() == 1) {
        for (std::int64_t i = 0; i < extents[0]; ++i)
            out[i] = convert(from + i * step);
        return out + extents[0];
    }
    for (std::int64_t i = 0; i < extents[0]; ++i)
        out = gather(convert, from + i * step, extents.subspan(1), strides.subspan(1), out);
    return out;
}

void gather(const entry& tensor, std::span<const std::byte> bytes, const extent_list& strides,
            float* out) {
    const bool contiguous = tensor.strides.empty();
    // In C order there is but one dimension as far as copying goes.
    const extent_list flat{1}, all{reach(tensor.extents, strides)};
    const auto& extents = contiguous ? all : tensor.extents;
    const auto& steps = contiguous ? flat : strides;
    const auto copy = [&](const auto& convert) {
        gather(convert, bytes.data(), extents, steps, out);
    };
    switch (tensor.type) {
        case element_type::float64:
            return copy(widen<double>{});
        case element_type::float32:
            return copy(widen<float>{});
        case element_type::float16:
            return copy(widen<half>{});
        case element_type::bfloat16:
            return copy(widen<bfloat16>{});
        case element_type::uint8:
            return copy(look_up(tensor.palette));
        case element_type::other:
            break;
    }
}

void expect_finite(const archive& source, const entry& tensor, std::span<const float> values) {
    const auto bad = std::ranges::find_if_not(values, [](float v) { return std::isfinite(v); });
    if (bad == values.end())
        return;
    const std::string where = "element " + std::to_string(bad - values.begin());
    if (tensor.type == element_type::uint8)
        refuse(source, tensor,
               where + " is an index beyond the palette, which has " +
                   std::to_string(tensor.palette.size()) + " values");
    refuse(source, tensor, where + " is " + std::to_string(*bad) + "; expected finite values");
}

}  // namespace

std::string_view name_of(file_format format) {
    constexpr std::string_view names[] = {"safetensors", "PyTorch", "NumPy", "MATLAB",
                                          "HDF5",        "Caffe",   "ONNX"};
    return names[static_cast<std::size_t>(format)];
}

const entry* archive::find(std::string_view name) const {
    const auto found = std::ranges::find(entries, name, &entry::name);
    return found == entries.end() ? nullptr : &*found;
}

void read(const archive& source, const entry& tensor, std::span<float> out) {
    expect_elements(source, tensor, out.size());
    const auto unpacked = tensor.unpack ? tensor.unpack() : std::vector<std::byte>{};
    const auto bytes = tensor.unpack ? std::span<const std::byte>(unpacked) : tensor.bytes;
    const extent_list strides = checked_strides(source, tensor, bytes);
    if (!out.empty())
        gather(tensor, bytes, strides, out.data());
    if (source.mapping)
        source.mapping->give_back(tensor.bytes);
    expect_finite(source, tensor, out);
}

}  // namespace impasto::weights
