#include "weights/recognise.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <impasto/core/error.hpp>

#include "core/describe.hpp"
#include "core/elements.hpp"

namespace impasto::weights {

namespace {

constexpr std::size_t filter_rank = 4;

/// A topology and a naming held against the file.
struct attempt {
    recognised match;
    std::vector<std::string> faults{};  ///< what the file has too much, too little or differently
};

std::string known_names() {
    std::string names;
    for (const nn::topology& known : nn::topologies)
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    return names;
}

/// What stands before the name of the first filter: "module." in "module.features.0.weight".
std::string find_prefix(const archive& source, const naming& names) {
    const std::string first = spell(names.weight, place_of(names, nn::vgg19.layers, 0));
    for (const entry& tensor : source.entries) {
        if (!tensor.name.ends_with(first) || tensor.extents.size() != filter_rank)
            continue;
        std::string prefix = tensor.name.substr(0, tensor.name.size() - first.size());
        if (prefix.empty() || prefix.back() == '.' || prefix.back() == '/')
            return prefix;
    }
    return std::string(names.prefix);
}

/// Where the file has convolutions under this naming: filters, and biases without one.
std::set<place> convolution_places(const archive& source, const naming& names,
                                   const std::string& prefix) {
    std::set<place> filters, others, biases;
    for (const entry& tensor : source.entries) {
        if (!tensor.name.starts_with(prefix))
            continue;
        const auto rest = std::string_view(tensor.name).substr(prefix.size());
        if (const auto found = find_place(names.weight, rest))
            (tensor.extents.size() == filter_rank ? filters : others).insert(*found);
        else if (const auto bias = find_place(names.bias, rest))
            biases.insert(*bias);
    }
    if (names.has_colour())
        filters.erase("0");
    std::ranges::copy_if(biases, std::inserter(filters, filters.end()),
                         [&](const place& p) { return !others.contains(p) && p != "0"; });
    return filters;
}

/// The file's tensors under the names of a match; says what is wrong with them.
class checker {
public:
    checker(const archive& source, attempt& result) : source_(source), result_(result) {}

    void expect_filter(std::string_view pattern, std::size_t position, const shape& extents) {
        const std::vector<std::int64_t> wanted{extents.n, extents.c, extents.h, extents.w};
        expect(pattern, position, wanted, [&](const entry& e) { return as_filter(e, extents); });
    }
    void expect_vector(std::string_view pattern, std::size_t position, std::int64_t length) {
        expect(pattern, position, {length}, [&](const entry& e) { return as_vector(e, length); });
    }

private:
    template <class View>
    void expect(std::string_view pattern, std::size_t position,
                const std::vector<std::int64_t>& extents, const View& view) {
        const std::string name = result_.match.name_of(pattern, position);
        const std::string as_in =
            to_text(extents) + " as in " + std::string(result_.match.topology.name);
        const entry* found = source_.find(name);
        if (found == nullptr)
            result_.faults.push_back("tensor " + quoted(name) + " is missing; expected " + as_in);
        else if (!view(*found))
            result_.faults.push_back("tensor " + quoted(name) + ": expected " + as_in + ", found " +
                                     to_text(found->extents));
    }

    const archive& source_;
    attempt& result_;
};

void check_convolution(checker& check, const naming& names, std::size_t position,
                       const nn::layer& row) {
    check.expect_filter(names.weight, position, {row.out_channels, row.in_channels, 3, 3});
    check.expect_vector(names.bias, position, row.out_channels);
    if (names.has_norm())
        for (const std::string_view pattern : names.norm)
            check.expect_vector(pattern, position, row.out_channels);
}

/// Moves the places that the topology does not know from `places` into the faults.
void refuse_strangers(attempt& result, std::set<place>& places) {
    const recognised& match = result.match;
    std::set<place> known;
    for (std::size_t i = 0; i < match.layers.size(); ++i)
        if (!match.layers[i].is_pool())
            known.insert(place_of(match.names, match.layers, i));
    for (const place& where : std::set(places))
        if (!known.contains(where)) {
            const std::string name = match.prefix + spell(match.names.weight, where);
            result.faults.push_back("tensor " + quoted(name) + " belongs to no layer of " +
                                    std::string(match.topology.name));
            places.erase(where);
        }
}

/// A BatchNorm must not be passed over in silence.
void refuse_norms(const archive& source, attempt& result) {
    const auto is_norm = [&](const entry& tensor) {
        return tensor.name.starts_with(result.match.prefix) &&
               tensor.name.ends_with(".running_var");
    };
    const auto norm = std::ranges::find_if(source.entries, is_norm);
    if (norm != source.entries.end())
        result.faults.push_back("tensor " + quoted(norm->name) +
                                " belongs to a BatchNorm; expected one behind each convolution");
}

attempt hold_against(const archive& source, recognised candidate, std::set<place> places) {
    attempt result{std::move(candidate)};
    recognised& match = result.match;
    checker check(source, result);
    if (match.names.has_colour()) {
        check.expect_filter(match.names.colour[0], 0, {3, 3, 1, 1});
        check.expect_vector(match.names.colour[1], 0, 3);
    }
    if (!match.names.has_norm())
        refuse_norms(source, result);
    refuse_strangers(result, places);
    for (std::size_t i = 0; i < match.layers.size(); ++i) {
        if (match.layers[i].is_pool())
            continue;
        if (places.empty()) {  // what is left of the table is not in the file: a prefix
            match.layers = match.layers.first(i);
            break;
        }
        places.erase(place_of(match.names, match.layers, i));
        check_convolution(check, match.names, i, match.layers[i]);
    }
    return result;
}

/// Explains what a file without a VGG in it holds instead.
[[noreturn]] void refuse_unknown(const archive& source) {
    const std::string found =
        source.entries.empty() ? "nothing" : quoted(source.entries.front().name);
    throw format_error(source.file + ": no known network (" + known_names() +
                       "): expected tensors features.0.weight or conv1_1.weight, found " + found);
}

}  // namespace

std::optional<entry> as_filter(const entry& tensor, const shape& expected) {
    const std::vector<std::int64_t> oihw{expected.n, expected.c, expected.h, expected.w};
    const std::vector<std::int64_t> hwio{expected.h, expected.w, expected.c, expected.n};
    if (tensor.extents == oihw)
        return tensor;
    if (tensor.extents != hwio)
        return std::nullopt;
    entry turned = tensor;
    const auto from = tensor.strides.empty() ? c_strides(hwio) : tensor.strides;
    turned.extents = oihw;
    turned.strides = {from.at(3), from.at(2), from.at(0), from.at(1)};
    return turned;
}

std::optional<entry> as_vector(const entry& tensor, std::int64_t length) {
    const auto& extents = tensor.extents;
    const auto longest = std::ranges::max_element(extents);
    const auto ones = static_cast<std::size_t>(std::ranges::count(extents, 1));
    if (longest == extents.end() || *longest != length || ones + 1 < extents.size())
        return std::nullopt;
    entry flat = tensor;
    flat.extents = {length};
    if (!tensor.strides.empty())
        flat.strides = {tensor.strides.at(static_cast<std::size_t>(longest - extents.begin()))};
    return flat;
}

bool has_known_names(const archive& source) {
    return std::ranges::any_of(namings, [&](const naming& names) {
        return !convolution_places(source, names, find_prefix(source, names)).empty();
    });
}

recognised recognise(const archive& source) {
    std::vector<attempt> attempts;
    for (const naming& names : namings) {
        const std::string prefix = find_prefix(source, names);
        const auto places = convolution_places(source, names, prefix);
        if (places.empty())
            continue;
        for (const nn::topology& known : nn::topologies)
            attempts.push_back(hold_against(source, {known, known.layers, names, prefix}, places));
    }
    if (attempts.empty())
        refuse_unknown(source);
    const auto nearest =
        std::ranges::min_element(attempts, {}, [](const attempt& a) { return a.faults.size(); });
    if (!nearest->faults.empty())
        throw format_error(source.file + ": " + nearest->faults.front());
    return nearest->match;
}

}  // namespace impasto::weights
