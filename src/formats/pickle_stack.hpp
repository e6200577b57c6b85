#pragma once

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "formats/cursor.hpp"
#include "formats/pickle.hpp"

namespace impasto::formats::pickle {

/// The stack and the memo of the machine that a pickle is a program for, and the objects that they
/// point to. A mark on the stack is a null pointer. Throws format_error on an operation that needs
/// more than there is.
class stack {
public:
    using list = std::vector<const value*>;
    static constexpr std::size_t most_values = 100'000;

    /// `in` is where the pickle is being read, for error messages, and must outlive the stack.
    explicit stack(const cursor& in) : in_(in) {}

    /// The document whose root is on top.
    [[nodiscard]] document finish() {
        result_.root_ = pop();
        result_.bytes_read_ = in_.at();
        return std::move(result_);
    }

    void push(value v) {
        if (result_.values_.size() == most_values)
            in_.refuse("pickle: more than " + std::to_string(most_values) + " objects");
        result_.values_.push_back(std::move(v));
        stack_.push_back(&result_.values_.back());
    }
    void push_mark() { stack_.push_back(nullptr); }
    /// A text that is not in the bytes in one piece.
    [[nodiscard]] std::string_view keep(std::string text) {
        return result_.texts_.emplace_back(std::move(text));
    }

    value* pop() {
        if (stack_.empty() || stack_.back() == nullptr)
            refuse("needs an object on the stack");
        value* top = stack_.back();
        stack_.pop_back();
        return top;
    }
    list pop_to_mark() {
        list items;
        while (!stack_.empty() && stack_.back() != nullptr)
            items.push_back(pop());
        if (stack_.empty())
            refuse("needs a mark on the stack");
        stack_.pop_back();
        std::ranges::reverse(items);
        return items;
    }
    [[nodiscard]] value& top() {
        value* v = pop();
        stack_.push_back(v);
        return *v;
    }
    /// Appends to the list, dictionary or object on top.
    void extend_top(const list& items, bool pairs) {
        value& into = top();
        const bool takes_pairs = into.what == kind::dictionary || into.what == kind::object;
        const bool takes = into.what == kind::sequence || into.what == kind::object;
        if ((pairs ? !takes_pairs : !takes) || (pairs && items.size() % 2 != 0))
            refuse("adds items to an object that is no list or dictionary");
        into.items.insert(into.items.end(), items.begin(), items.end());
    }

    void push_tuple(std::size_t size) {
        list items(size);
        for (std::size_t i = size; i-- > 0;)
            items[i] = pop();
        push({.what = kind::sequence, .items = std::move(items)});
    }
    void push_dictionary() {
        const auto items = pop_to_mark();
        push({.what = kind::dictionary});
        extend_top(items, true);
    }
    void set_item() {
        const value* item = pop();
        const value* key = pop();
        extend_top({key, item}, true);
    }
    void push_object() {
        const value* arguments = pop();
        const value* callable = pop();
        push({.what = kind::object, .callable = callable, .arguments = arguments});
    }
    void build() {
        const value* state = pop();
        top().state = state;
    }

    void remember(std::uint32_t place) { memo_[place] = &top(); }
    void remember() { remember(static_cast<std::uint32_t>(memo_.size())); }
    void recall(std::uint32_t place) {
        const auto found = memo_.find(place);
        if (found == memo_.end())
            refuse("reads memo " + std::to_string(place) + ", which is empty");
        stack_.push_back(found->second);
    }

    [[noreturn]] void refuse(const std::string& what) const {
        in_.refuse("pickle: the operation before byte " + std::to_string(in_.at()) + " " + what);
    }

private:
    const cursor& in_;
    document result_;
    std::vector<value*> stack_;
    std::unordered_map<std::uint32_t, value*> memo_;
};

}  // namespace impasto::formats::pickle
