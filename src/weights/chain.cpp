#include "weights/chain.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/nn/topology.hpp>

#include "core/describe.hpp"
#include "weights/by_order.hpp"
#include "weights/natural_order.hpp"
#include "weights/recognise.hpp"

namespace impasto::weights {

namespace {

constexpr std::size_t fewest_filters = 3;  // fewer are in networks of many kinds

/// A filter as [out,in,3,3], and the entry that it is a view of.
struct candidate {
    const entry* stored;
    entry filter;
};
using candidates = std::vector<candidate>;

[[noreturn]] void refuse(const archive& source, const entry& tensor, const std::string& what) {
    throw format_error(source.file + ": tensor " + impasto::quoted(tensor.name) + ": " + what);
}

/// Null where the tensor is no 3×3 filter with a shape of some known topology.
std::optional<entry> as_known_filter(const entry& tensor) {
    if (tensor.extents.size() != 4)
        return std::nullopt;
    for (const nn::topology& known : nn::topologies)
        for (const nn::layer& row : known.layers)
            if (!row.is_pool())
                if (auto filter = as_filter(tensor, {row.out_channels, row.in_channels, 3, 3}))
                    return filter;
    return std::nullopt;
}

std::vector<entry> filters_of(const candidates& in) {
    std::vector<entry> filters;
    for (const candidate& c : in)
        filters.push_back(c.filter);
    return filters;
}

candidates in_order_of_names(candidates in) {
    std::ranges::stable_sort(in, naturally_less, [](const candidate& c) { return c.stored->name; });
    return in;
}

/// Says which filter ends the longest beginning of a chain.
[[noreturn]] void refuse_chain(const archive& source, const candidates& in) {
    const auto filters = filters_of(in);
    std::size_t good = filters.size();
    while (!topology_of(std::span(filters).first(good)))
        --good;
    const auto begun = topology_of(std::span(filters).first(good));
    const auto convolutions = static_cast<std::size_t>(
        std::ranges::count_if(begun->layers, [](const nn::layer& row) { return !row.is_pool(); }));
    const std::string expected =
        good == convolutions
            ? "comes after the last convolution of " + std::string(begun->name)
            : "cannot be " + layer_name(*begun, good) + " of " + std::string(begun->name);
    refuse(source, *in[good].stored,
           to_text(in[good].stored->extents) + " " + expected +
               "; the file's names are unknown, and its 3x3 filters form no VGG, neither in the "
               "order of the file nor in that of the names");
}

/// The filters in the one order in which they are a chain.
candidates in_order_of_chain(const archive& source, const candidates& of_file) {
    const candidates of_names = in_order_of_names(of_file);
    const bool file_fits = topology_of(filters_of(of_file)).has_value();
    const bool names_fit = topology_of(filters_of(of_names)).has_value();
    if (!file_fits && !names_fit)
        refuse_chain(source, of_names);
    if (!file_fits || !names_fit)
        return file_fits ? of_file : of_names;
    const auto [one, other] =
        std::ranges::mismatch(of_file, of_names, {}, &candidate::stored, &candidate::stored);
    if (one != of_file.end())
        refuse(source, *one->stored,
               "has the place in the file's order that " + impasto::quoted(other->stored->name) +
                   " has in the order of names; the file's names are unknown, and both orders form "
                   "a VGG");
    return of_file;
}

/// What the tensors of one layer have in common: "block1.0" of "block1.0.weight".
std::string stem_of(const std::string& name) {
    const auto end = name.find_last_of("/._");
    return end == std::string::npos ? "" : name.substr(0, end);
}

class bias_finder {
public:
    explicit bias_finder(const archive& source) : source_(source) {
        for (const entry& tensor : source.entries)
            by_stem_[stem_of(tensor.name)].push_back(&tensor);
    }
    [[nodiscard]] const entry& beside(const candidate& of) const {
        const std::int64_t length = of.filter.extents[0];
        std::vector<const entry*> found;
        for (const entry* tensor : by_stem_.at(stem_of(of.stored->name)))
            if (as_vector(*tensor, length))
                found.push_back(tensor);
        const entry* next = of.stored + 1;
        if (found.size() != 1 && next != source_.entries.data() + source_.entries.size() &&
            as_vector(*next, length) && stem_of(next->name) == stem_of(of.stored->name))
            return *next;
        if (found.size() != 1)
            refuse(source_, *of.stored,
                   "has " + std::to_string(found.size()) + " vectors [" + std::to_string(length) +
                       "] beside it; expected one, its bias");
        return *found.front();
    }
    /// A vector that could belong to a BatchNorm: of a length that the chain has, and beside no
    /// filter that was left out.
    void refuse_norms(const std::set<const entry*>& used, const candidates& chain) const {
        for (const auto& [stem, members] : by_stem_) {
            const bool beside_filter = std::ranges::any_of(members, [&](const entry* tensor) {
                return tensor->extents.size() > 1 && !used.contains(tensor);
            });
            for (const entry* tensor : members)
                for (const candidate& c : chain)
                    if (!beside_filter && !used.contains(tensor) &&
                        as_vector(*tensor, c.filter.extents[0]))
                        refuse(source_, *tensor,
                               "may belong to a BatchNorm, whose place is not known; expected "
                               "filters and biases alone");
        }
    }

private:
    const archive& source_;
    std::map<std::string, std::vector<const entry*>> by_stem_;
};

std::string note_on(const archive& source, const candidates& chain, const nn::topology& known,
                    const std::set<const entry*>& used) {
    std::string note = source.file + ": its names are unknown; by their chain of shapes, " +
                       std::to_string(chain.size()) + " filters from " +
                       impasto::quoted(chain.front().stored->name) + " to " +
                       impasto::quoted(chain.back().stored->name) + " are taken for " +
                       std::string(known.name) + " up to " + layer_name(known, chain.size() - 1);
    const auto is_left = [&](const entry& e) { return e.extents.size() > 1 && !used.contains(&e); };
    const auto left = std::ranges::count_if(source.entries, is_left);
    if (left > 0)
        note +=
            "; left out: " + impasto::quoted(std::ranges::find_if(source.entries, is_left)->name) +
            (left > 1 ? " and " + std::to_string(left - 1) + " more" : "");
    return note;
}

}  // namespace

std::optional<named_by_chain> name_by_chain(const archive& source) {
    candidates of_file;
    for (const entry& tensor : source.entries)
        if (auto filter = as_known_filter(tensor))
            of_file.push_back({&tensor, std::move(*filter)});
    const bool sees_pixels =
        std::ranges::any_of(of_file, [](const candidate& c) { return c.filter.extents[1] == 3; });
    if (of_file.size() < fewest_filters || !sees_pixels)
        return std::nullopt;

    const candidates chain = in_order_of_chain(source, of_file);
    const auto known = *topology_of(filters_of(chain));
    const bias_finder biases(source);
    std::set<const entry*> used;
    named_by_chain result{{source.file, source.format, source.metadata, {}, source.mapping}, ""};
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const entry& bias = biases.beside(chain[i]);
        used.insert({chain[i].stored, &bias});
        result.renamed.entries.push_back(*chain[i].stored);
        result.renamed.entries.back().name = layer_name(known, i) + ".weight";
        result.renamed.entries.push_back(bias);
        result.renamed.entries.back().name = layer_name(known, i) + ".bias";
    }
    biases.refuse_norms(used, chain);
    result.note = note_on(source, chain, known, used);
    return result;
}

}  // namespace impasto::weights
