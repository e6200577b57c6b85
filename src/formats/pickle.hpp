#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Reads Python's pickles, protocols 2 to 5, as data: nothing is imported, called or executed. What
/// a pickle would call stays in the result as a name and its arguments. Source: CPython's
/// Lib/pickletools.py, which documents every opcode.
namespace impasto::formats::pickle {

enum class kind : std::uint8_t {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,
    sequence,    ///< a list, tuple or set
    dictionary,  ///< `items`: key, value, key, value, …
    global,      ///< `text`: "collections.OrderedDict"
    object,      ///< what `callable` would make of `arguments` and, later, of `state`
    persistent   ///< `arguments` is for the file's own use: where a tensor's storage lies
};

/// One object of a pickle. Others point to it, also from inside itself.
struct value {
    kind what = kind::none;
    std::int64_t integer = 0;  ///< of booleans too; 0 where the number has more than 63 bits
    double real = 0;
    std::string_view
        text{};  ///< of text, bytes, a global, and the bytes of an integer above 63 bits
    std::vector<const value*> items{};  ///< an OrderedDict, an object, has its items here too
    const value* callable = nullptr;
    const value* arguments = nullptr;
    const value* state = nullptr;

    /// Whether this is an object made by one of these, "torch._utils._rebuild_tensor_v2".
    [[nodiscard]] bool is_made_by(std::string_view global) const;
    /// The item of a dictionary; null where there is none.
    [[nodiscard]] const value* at(std::string_view key) const;
    /// The item of a sequence; null where there is none.
    [[nodiscard]] const value* at(std::size_t index) const;
};

/// The objects of one pickle. Texts look into the bytes that it was read from.
class document {
public:
    [[nodiscard]] const value& root() const { return *root_; }
    [[nodiscard]] std::size_t bytes_read() const { return bytes_read_; }

private:
    friend class stack;
    std::deque<value> values_;
    std::deque<std::string> texts_;  ///< names that are not in the bytes in one piece
    const value* root_ = nullptr;
    std::size_t bytes_read_ = 0;
};

/// Reads one pickle; more may follow it. Throws format_error on opcodes and on globals that a
/// weight file does not need, and on more than a hundred thousand objects.
[[nodiscard]] document read(std::span<const std::byte> bytes, const std::string& file);

}  // namespace impasto::formats::pickle
