#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/core/error.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/transfer.hpp>

/// Saving and restoring the state of objects. A class whose state can be saved lists its members in
/// a member template
///
///     template <class State> void exchange(State& s) { s("steps", steps_); s("m", m_); }
///
/// which serves both directions: a state_writer copies the members, a state_reader overwrites them.
namespace impasto {

/// One number, list or tensor: little-endian, in the element order of its layout.
struct saved_values {
    std::string dtype;  ///< "F32", "F64" or "I64", as in a .safetensors file
    std::vector<std::int64_t> extents;
    std::vector<std::byte> bytes;
};

using saved_state = std::map<std::string, saved_values>;

namespace detail {

template <class T>
[[nodiscard]] constexpr const char* dtype_of() {
    static_assert(std::is_same_v<T, float> || sizeof(T) == 8);
    if constexpr (std::is_same_v<T, float>)
        return "F32";
    else if constexpr (std::is_same_v<T, double>)
        return "F64";
    else
        return "I64";
}

}  // namespace detail

template <class Device>
class state_writer {
public:
    state_writer(context<Device>& ctx, saved_state& to) : context_(&ctx), to_(&to) {}

    template <class T>
    void operator()(const std::string& name, tensor_view<T, Device> t) {
        auto& kept =
            entry<T>(name, {t.shape().n, t.shape().c, t.shape().h, t.shape().w}, t.bytes());
        ops::detail::copy_to_host(*context_, t.data(), kept.data(), t.bytes());
    }
    template <class T>
    void operator()(const std::string& name, tensor<T, Device>& t) {
        if (!t.empty())
            (*this)(name, t.view());
    }
    template <class T>
        requires std::is_arithmetic_v<T>
    void operator()(const std::string& name, T& value) {
        using wide = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
        const auto number = static_cast<wide>(value);
        std::memcpy(entry<wide>(name, {}, sizeof(wide)).data(), &number, sizeof(wide));
    }
    void operator()(const std::string& name, std::vector<double>& values) {
        const auto bytes = values.size() * sizeof(double);
        auto& kept = entry<double>(name, {std::ssize(values)}, bytes);
        if (bytes > 0)
            std::memcpy(kept.data(), values.data(), bytes);
    }
    /// Saves a part of the object; its names get the prefix "name.".
    template <class Part>
    void part(const std::string& name, Part& p) {
        state_writer inner(*this);
        inner.prefix_ += name + ".";
        p.exchange(inner);
    }

private:
    template <class T>
    std::vector<std::byte>& entry(const std::string& name, std::vector<std::int64_t> extents,
                                  std::size_t bytes) {
        auto& values = (*to_)[prefix_ + name];
        values = {detail::dtype_of<T>(), std::move(extents), std::vector<std::byte>(bytes)};
        return values.bytes;
    }

    context<Device>* context_;
    saved_state* to_;
    std::string prefix_;
};

/// Throws format_error, which names the entry, if an entry is missing or has another type or size.
template <class Device>
class state_reader {
public:
    state_reader(context<Device>& ctx, const saved_state& from) : context_(&ctx), from_(&from) {}

    template <class T>
    void operator()(const std::string& name, tensor_view<T, Device> t) {
        const auto& kept = entry<T>(name, t.bytes());
        ops::detail::copy_to_device(*context_, kept.data(), t.data(), t.bytes());
    }
    template <class T>
    void operator()(const std::string& name, tensor<T, Device>& t) {
        if (!t.empty())
            (*this)(name, t.view());
    }
    template <class T>
        requires std::is_arithmetic_v<T>
    void operator()(const std::string& name, T& value) {
        using wide = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
        wide number;
        std::memcpy(&number, entry<wide>(name, sizeof(wide)).data(), sizeof(wide));
        value = static_cast<T>(number);
    }
    void operator()(const std::string& name, std::vector<double>& values) {
        const auto found = from_->find(prefix_ + name);
        values.resize(found == from_->end() ? 0 : found->second.bytes.size() / sizeof(double));
        const auto bytes = values.size() * sizeof(double);
        const auto& kept = entry<double>(name, bytes);
        if (bytes > 0)
            std::memcpy(values.data(), kept.data(), bytes);
    }
    template <class Part>
    void part(const std::string& name, Part& p) {
        state_reader inner(*this);
        inner.prefix_ += name + ".";
        p.exchange(inner);
    }

private:
    template <class T>
    [[nodiscard]] const std::vector<std::byte>& entry(const std::string& name,
                                                      std::size_t bytes) const {
        const auto found = from_->find(prefix_ + name);
        if (found == from_->end())
            throw format_error("the saved state has no entry '" + prefix_ + name + "'");
        const auto& values = found->second;
        if (values.dtype != detail::dtype_of<T>() || values.bytes.size() != bytes)
            throw format_error("the saved state has '" + prefix_ + name + "' of " +
                               std::to_string(values.bytes.size()) + " bytes of " + values.dtype +
                               "; expected " + std::to_string(bytes) + " of " +
                               detail::dtype_of<T>());
        return values.bytes;
    }

    context<Device>* context_;
    const saved_state* from_;
    std::string prefix_;
};

}  // namespace impasto
