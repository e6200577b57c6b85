#include "formats/pickle.hpp"

#include <bit>
#include <cstring>

#include "core/characters.hpp"
#include "core/describe.hpp"
#include "formats/pickle_globals.hpp"
#include "formats/pickle_stack.hpp"

namespace impasto::formats::pickle {

namespace {

constexpr std::size_t most_steps = 1'000'000, longest_name = 200;

/// A pickle is a program for a machine with a stack; this is the machine.
struct machine {
    cursor in;
    stack objects{in};

    machine(std::span<const std::byte> bytes, const std::string& file) : in(bytes, file) {}
    document run();
};

// ---- operations on more than the stack ----------------------------------------------------------

void skip_protocol(machine& m) {
    constexpr int newest = 5;
    const int protocol = m.in.get<std::uint8_t>();
    if (protocol > newest)
        m.in.refuse("pickle: protocol " + std::to_string(protocol) + "; expected 2 to 5");
}

template <class Integer>
void push_integer(machine& m) {
    m.objects.push({.what = kind::integer, .integer = m.in.get<Integer>()});
}

template <class Length>
void push_long(machine& m) {
    const auto size = m.in.get<Length>();
    const auto bytes = m.in.take(size);
    std::int64_t number = 0;
    if (size <= sizeof number) {
        const bool negative = size > 0 && (bytes.back() & std::byte{0x80}) != std::byte{0};
        number = negative ? -1 : 0;
        if (size > 0)
            std::memcpy(&number, bytes.data(), size);
    }
    m.objects.push({.what = kind::integer, .integer = number, .text = characters(bytes)});
}

void push_real(machine& m) {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i)
        bits = bits << 8 | m.in.get<std::uint8_t>();
    m.objects.push({.what = kind::real, .real = std::bit_cast<double>(bits)});
}

template <kind What, class Length>
void push_text(machine& m) {
    const auto size = m.in.get<Length>();
    m.objects.push({.what = What, .text = characters(m.in.take(size))});
}

template <kind What>
void push_empty(machine& m) {
    m.objects.push({.what = What});
}

template <std::size_t Size>
void push_tuple(machine& m) {
    m.objects.push_tuple(Size);
}

void push_marked(machine& m) {
    m.objects.push({.what = kind::sequence, .items = m.objects.pop_to_mark()});
}

/// A text up to the end of its line.
std::string_view line(machine& m) {
    const auto begin = m.in.at();
    std::size_t size = 0;
    cursor ahead = m.in;
    while (ahead.get<std::uint8_t>() != '\n')
        if (++size > longest_name)
            m.in.refuse("pickle: the name at byte " + std::to_string(begin) + " is longer than " +
                        std::to_string(longest_name) + " bytes");
    const auto text = characters(m.in.take(size));
    m.in.skip(1);
    return text;
}

void push_global(machine& m, std::string_view module, std::string_view name) {
    const auto global = m.objects.keep(std::string(module) + "." + std::string(name));
    if (!is_known(global))
        m.in.refuse("pickle: names " + quoted(std::string(global)) +
                    "; expected a state_dict: tensors and nothing that is executed");
    m.objects.push({.what = kind::global, .text = global});
}

void push_global_of_lines(machine& m) {
    const auto module = line(m);
    push_global(m, module, line(m));
}

void push_global_of_stack(machine& m) {
    const value* name = m.objects.pop();
    const value* module = m.objects.pop();
    if (name->what != kind::text || module->what != kind::text ||
        name->text.size() > longest_name || module->text.size() > longest_name)
        m.objects.refuse("needs two names on the stack");
    push_global(m, module->text, name->text);
}

// ---- opcodes ------------------------------------------------------------------------------------

struct operation {
    std::uint8_t opcode;
    void (*run)(machine&);
};
constexpr operation operations[] = {
    {0x80, skip_protocol},
    {0x95, [](machine& m) { m.in.skip(sizeof(std::uint64_t)); }},  // a frame's length
    {'N', push_empty<kind::none>},
    {0x88, [](machine& m) { m.objects.push({.what = kind::boolean, .integer = 1}); }},
    {0x89, push_empty<kind::boolean>},
    {'J', push_integer<std::int32_t>},
    {'K', push_integer<std::uint8_t>},
    {'M', push_integer<std::uint16_t>},
    {0x8a, push_long<std::uint8_t>},
    {0x8b, push_long<std::uint32_t>},
    {'G', push_real},
    {'U', push_text<kind::bytes, std::uint8_t>},
    {'T', push_text<kind::bytes, std::uint32_t>},
    {'X', push_text<kind::text, std::uint32_t>},
    {0x8c, push_text<kind::text, std::uint8_t>},
    {0x8d, push_text<kind::text, std::uint64_t>},
    {'C', push_text<kind::bytes, std::uint8_t>},
    {'B', push_text<kind::bytes, std::uint32_t>},
    {0x8e, push_text<kind::bytes, std::uint64_t>},
    {0x96, push_text<kind::bytes, std::uint64_t>},
    {'(', [](machine& m) { m.objects.push_mark(); }},
    {'0', [](machine& m) { (void)m.objects.pop(); }},
    {'1', [](machine& m) { (void)m.objects.pop_to_mark(); }},
    {')', push_empty<kind::sequence>},
    {']', push_empty<kind::sequence>},
    {0x8f, push_empty<kind::sequence>},
    {'}', push_empty<kind::dictionary>},
    {'t', push_marked},
    {'l', push_marked},
    {0x91, push_marked},
    {'d', [](machine& m) { m.objects.push_dictionary(); }},
    {0x85, push_tuple<1>},
    {0x86, push_tuple<2>},
    {0x87, push_tuple<3>},
    {'a', [](machine& m) { m.objects.extend_top({m.objects.pop()}, false); }},
    {'e', [](machine& m) { m.objects.extend_top(m.objects.pop_to_mark(), false); }},
    {0x90, [](machine& m) { m.objects.extend_top(m.objects.pop_to_mark(), false); }},
    {'s', [](machine& m) { m.objects.set_item(); }},
    {'u', [](machine& m) { m.objects.extend_top(m.objects.pop_to_mark(), true); }},
    {'c', push_global_of_lines},
    {0x93, push_global_of_stack},
    {'R', [](machine& m) { m.objects.push_object(); }},
    {0x81, [](machine& m) { m.objects.push_object(); }},
    {0x92, [](machine& m) { (void)m.objects.pop(), m.objects.push_object(); }},  // named arguments
    {'b', [](machine& m) { m.objects.build(); }},
    {'Q',
     [](machine& m) { m.objects.push({.what = kind::persistent, .arguments = m.objects.pop()}); }},
    {'q', [](machine& m) { m.objects.remember(m.in.get<std::uint8_t>()); }},
    {'r', [](machine& m) { m.objects.remember(m.in.get<std::uint32_t>()); }},
    {0x94, [](machine& m) { m.objects.remember(); }},
    {'h', [](machine& m) { m.objects.recall(m.in.get<std::uint8_t>()); }},
    {'j', [](machine& m) { m.objects.recall(m.in.get<std::uint32_t>()); }},
};

document machine::run() {
    for (std::size_t step = 0; step < most_steps; ++step) {
        const auto opcode = in.get<std::uint8_t>();
        if (opcode == '.')
            return objects.finish();
        const auto known = std::ranges::find(operations, opcode, &operation::opcode);
        if (known == std::end(operations))
            in.refuse("pickle: opcode " + std::to_string(opcode) + " at byte " +
                      std::to_string(in.at() - 1) +
                      " is refused; expected only those that tensors and their names need");
        known->run(*this);
    }
    in.refuse("pickle: more than " + std::to_string(most_steps) + " steps");
}

}  // namespace

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

}  // namespace impasto::formats::pickle
