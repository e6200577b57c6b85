#include "weights/pickle.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "weights/cursor.hpp"
#include "weights/describe.hpp"

namespace impasto::weights::pickle {

namespace {

constexpr std::size_t most_values = 100'000, most_steps = 1'000'000, longest_name = 200;

constexpr std::string_view known_globals[] = {
    "collections.OrderedDict",
    "_codecs.encode",
    "builtins.set",
    "__builtin__.set",
    "builtins.getattr",  // of enumerations, in whole modules
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.numeric._frombuffer",
    "numpy._core.numeric._frombuffer",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.ndarray",
    "numpy.dtype",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch.nn.parameter.Parameter",
    "torch.Size",
    "torch.device",
    "torch.nn.backends.thnn._get_thnn_function_backend",
    "torch.storage.UntypedStorage",
};

/// torch.FloatStorage and the like; torch.nn.modules.conv.Conv2d and the like.
bool is_known(std::string_view global) {
    const auto direct_member = [&](std::string_view module) {
        return global.starts_with(module) &&
               global.find('.', module.size()) == std::string_view::npos;
    };
    return std::ranges::find(known_globals, global) != std::end(known_globals) ||
           (direct_member("torch.") && global.ends_with("Storage")) ||
           global.starts_with("torch.nn.modules.") || direct_member("torchvision.models.vgg.");
}

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

/// A pickle is a program for a machine with a stack; this is the machine. A mark on the stack is a
/// null pointer.
class machine {
public:
    machine(std::span<const std::byte> bytes, const std::string& file) : in_(bytes, file) {}

    document run() {
        for (std::size_t step = 0; step < most_steps; ++step) {
            const auto opcode = in_.get<std::uint8_t>();
            if (opcode == '.') {
                result_.root_ = pop();
                result_.bytes_read_ = in_.at();
                return std::move(result_);
            }
            if (!push_scalar(opcode) && !push_text(opcode) && !collect(opcode) &&
                !construct(opcode) && !remember(opcode))
                in_.refuse("pickle: opcode " + std::to_string(opcode) + " at byte " +
                           std::to_string(in_.at() - 1) + " is none that a weight file needs");
        }
        in_.refuse("pickle: more than " + std::to_string(most_steps) + " steps");
    }

private:
    using list = std::vector<const value*>;

    value& push(value v) {
        if (result_.values_.size() == most_values)
            in_.refuse("pickle: more than " + std::to_string(most_values) + " objects");
        result_.values_.push_back(std::move(v));
        stack_.push_back(&result_.values_.back());
        return result_.values_.back();
    }
    void push_integer(std::int64_t number) { push({.what = kind::integer, .integer = number}); }
    void push_text_of(kind what, std::uint64_t size) {
        push({.what = what, .text = as_text(in_.take(size))});
    }

    value* pop() {
        if (stack_.empty() || stack_.back() == nullptr)
            in_.refuse("pickle: byte " + std::to_string(in_.at()) + " wants more than there is");
        value* top = stack_.back();
        stack_.pop_back();
        return top;
    }
    list pop_to_mark() {
        list items;
        while (!stack_.empty() && stack_.back() != nullptr)
            items.push_back(pop());
        if (stack_.empty())
            in_.refuse("pickle: byte " + std::to_string(in_.at()) + " wants a mark");
        stack_.pop_back();
        std::ranges::reverse(items);
        return items;
    }
    value& top() {
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
            in_.refuse("pickle: byte " + std::to_string(in_.at()) + " adds to no list");
        into.items.insert(into.items.end(), items.begin(), items.end());
    }

    bool push_scalar(std::uint8_t opcode) {
        switch (opcode) {
            case 0x80:
                skip_protocol();
                return true;
            case 0x95:
                in_.skip(sizeof(std::uint64_t));
                return true;  // a frame's length
            case 'N':
                push({});
                return true;
            case 0x88:
                push({.what = kind::boolean, .integer = 1});
                return true;
            case 0x89:
                push({.what = kind::boolean});
                return true;
            case 'J':
                push_integer(in_.get<std::int32_t>());
                return true;
            case 'K':
                push_integer(in_.get<std::uint8_t>());
                return true;
            case 'M':
                push_integer(in_.get<std::uint16_t>());
                return true;
            case 0x8a:
                push_long(in_.get<std::uint8_t>());
                return true;
            case 0x8b:
                push_long(in_.get<std::uint32_t>());
                return true;
            case 'G':
                push_real();
                return true;
            default:
                return false;
        }
    }
    bool push_text(std::uint8_t opcode) {
        switch (opcode) {
            case 'U':
                push_text_of(kind::bytes, in_.get<std::uint8_t>());
                return true;
            case 'T':
                push_text_of(kind::bytes, in_.get<std::uint32_t>());
                return true;
            case 'X':
                push_text_of(kind::text, in_.get<std::uint32_t>());
                return true;
            case 0x8c:
                push_text_of(kind::text, in_.get<std::uint8_t>());
                return true;
            case 0x8d:
                push_text_of(kind::text, in_.get<std::uint64_t>());
                return true;
            case 'C':
                push_text_of(kind::bytes, in_.get<std::uint8_t>());
                return true;
            case 'B':
                push_text_of(kind::bytes, in_.get<std::uint32_t>());
                return true;
            case 0x8e:
            case 0x96:
                push_text_of(kind::bytes, in_.get<std::uint64_t>());
                return true;
            default:
                return false;
        }
    }
    bool collect(std::uint8_t opcode) {
        switch (opcode) {
            case '(':
                stack_.push_back(nullptr);
                return true;
            case '0':
                (void)pop();
                return true;
            case '1':
                (void)pop_to_mark();
                return true;
            case ')':
            case ']':
            case 0x8f:
                push({.what = kind::sequence});
                return true;
            case '}':
                push({.what = kind::dictionary});
                return true;
            case 't':
            case 'l':
            case 0x91:
                push({.what = kind::sequence, .items = pop_to_mark()});
                return true;
            case 'd':
                push_dictionary(pop_to_mark());
                return true;
            case 0x85:
                push_tuple(1);
                return true;
            case 0x86:
                push_tuple(2);
                return true;
            case 0x87:
                push_tuple(3);
                return true;
            case 'a':
                extend_top({pop()}, false);
                return true;
            case 'e':
            case 0x90:
                extend_top(pop_to_mark(), false);
                return true;
            case 's':
                set_item();
                return true;
            case 'u':
                extend_top(pop_to_mark(), true);
                return true;
            default:
                return false;
        }
    }
    bool construct(std::uint8_t opcode) {
        switch (opcode) {
            case 'c':
                push_global_of_lines();
                return true;
            case 0x93:
                push_global_of_stack();
                return true;
            case 'R':
            case 0x81:
                push_object();
                return true;
            case 0x92:
                (void)pop(), push_object();
                return true;  // named arguments do not matter
            case 'b':
                build();
                return true;
            case 'Q':
                push({.what = kind::persistent, .arguments = pop()});
                return true;
            default:
                return false;
        }
    }
    bool remember(std::uint8_t opcode) {
        switch (opcode) {
            case 'q':
                memo_[in_.get<std::uint8_t>()] = &top();
                return true;
            case 'r':
                memo_[in_.get<std::uint32_t>()] = &top();
                return true;
            case 0x94:
                memo_[static_cast<std::uint32_t>(memo_.size())] = &top();
                return true;
            case 'h':
                recall(in_.get<std::uint8_t>());
                return true;
            case 'j':
                recall(in_.get<std::uint32_t>());
                return true;
            default:
                return false;
        }
    }

    void skip_protocol() {
        constexpr int newest = 5;
        const int protocol = in_.get<std::uint8_t>();
        if (protocol > newest)
            in_.refuse("pickle: protocol " + std::to_string(protocol) + "; expected 2 to 5");
    }
    void push_long(std::uint64_t size) {
        const auto bytes = in_.take(size);
        std::int64_t number = 0;
        if (size <= sizeof number) {
            const bool negative = size > 0 && (bytes.back() & std::byte{0x80}) != std::byte{0};
            number = negative ? -1 : 0;
            if (size > 0)
                std::memcpy(&number, bytes.data(), size);
        }
        push({.what = kind::integer, .integer = number, .text = as_text(bytes)});
    }
    void push_real() {
        std::uint64_t bits = 0;
        for (int i = 0; i < 8; ++i)
            bits = bits << 8 | in_.get<std::uint8_t>();
        push({.what = kind::real, .real = std::bit_cast<double>(bits)});
    }
    void push_tuple(std::size_t size) {
        list items(size);
        for (std::size_t i = size; i-- > 0;)
            items[i] = pop();
        push({.what = kind::sequence, .items = std::move(items)});
    }
    void push_dictionary(const list& items) {
        push({.what = kind::dictionary});
        extend_top(items, true);
    }
    void set_item() {
        const value* item = pop();
        const value* key = pop();
        extend_top({key, item}, true);
    }

    /// A text up to the end of its line.
    std::string_view line() {
        const auto begin = in_.at();
        std::size_t size = 0;
        cursor ahead = in_;
        while (ahead.get<std::uint8_t>() != '\n')
            if (++size > longest_name)
                in_.refuse("pickle: a name at byte " + std::to_string(begin) + " has no end");
        const auto text = as_text(in_.take(size));
        in_.skip(1);
        return text;
    }
    void push_global(std::string_view module, std::string_view name) {
        const auto& global =
            result_.texts_.emplace_back(std::string(module) + "." + std::string(name));
        if (!is_known(global))
            in_.refuse("pickle: names " + quoted(global) +
                       "; expected a state_dict: tensors and nothing that is executed");
        push({.what = kind::global, .text = global});
    }
    void push_global_of_lines() {
        const auto module = line();
        push_global(module, line());
    }
    void push_global_of_stack() {
        const value* name = pop();
        const value* module = pop();
        if (name->what != kind::text || module->what != kind::text ||
            name->text.size() > longest_name || module->text.size() > longest_name)
            in_.refuse("pickle: byte " + std::to_string(in_.at()) + " wants two names");
        push_global(module->text, name->text);
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
    void recall(std::uint32_t place) {
        const auto found = memo_.find(place);
        if (found == memo_.end())
            in_.refuse("pickle: byte " + std::to_string(in_.at()) + " wants memo " +
                       std::to_string(place) + ", which is empty");
        stack_.push_back(found->second);
    }

    cursor in_;
    document result_;
    std::vector<value*> stack_;
    std::unordered_map<std::uint32_t, value*> memo_;
};

bool value::is_made_by(std::string_view global) const {
    return what == kind::object && callable->what == kind::global && callable->text == global;
}

const value* value::at(std::string_view key) const {
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
        if (items[i]->text == key)
            return items[i + 1];
    return nullptr;
}

const value* value::at(std::size_t index) const {
    return what == kind::sequence && index < items.size() ? items[index] : nullptr;
}

document read(std::span<const std::byte> bytes, const std::string& file) {
    return machine(bytes, file).run();
}

}  // namespace impasto::weights::pickle
