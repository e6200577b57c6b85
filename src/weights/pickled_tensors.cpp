#include "weights/pickled_tensors.hpp"

#include <impasto/core/error.hpp>

namespace impasto::weights {

namespace {

namespace pickle = formats::pickle;

using pickle::kind;
using pickle::value;

/// Objects may hold each other in circles, or each other many times over: both end here.
constexpr std::size_t deepest = 32, most_visits = 100'000, longest_name = 200;

class collector {
public:
    collector(const make_tensor& make, const std::string& file) : make_(make), file_(file) {}

    void visit(const value& at, const std::string& name) {
        if (++visits_ > most_visits)
            throw format_error(file_ + ": pickle: more than " + std::to_string(most_visits) +
                               " objects to look at");
        if (depth_ == deepest || name.size() > longest_name)
            return;
        ++depth_;
        if (auto tensor = make_(at)) {
            tensor->name = name;
            found_.push_back(std::move(*tensor));
        } else {
            visit_items(at, name);
        }
        --depth_;
    }

    std::vector<entry> take() { return std::move(found_); }

private:
    void visit_items(const value& at, const std::string& name) {
        if (at.what == kind::sequence)
            for (std::size_t i = 0; i < at.items.size(); ++i)
                visit(*at.items[i], joined(name, std::to_string(i)));
        if (at.what == kind::dictionary || at.what == kind::object)
            for (std::size_t i = 0; i + 1 < at.items.size(); i += 2)
                visit(*at.items[i + 1], joined(name, key_of(*at.items[i])));
        if (at.what == kind::object && at.state != nullptr)
            visit_module(*at.state, name);
        if (at.is_made_by("collections.OrderedDict"))
            visit_pairs(*at.arguments, name);
    }

    /// A torch.nn.Module keeps its tensors in dictionaries whose names do not show in a state_dict.
    void visit_module(const value& state, const std::string& name) {
        for (const char* part : {"_parameters", "_buffers", "_modules"})
            if (const value* members = state.at(part))
                visit(*members, name);
    }
    /// OrderedDict([[key, value], …]), as Python 2 writes it.
    void visit_pairs(const value& arguments, const std::string& name) {
        const value* pairs = arguments.at(0);
        if (pairs == nullptr || pairs->what != kind::sequence)
            return;
        for (const value* pair : pairs->items)
            if (pair->at(0) != nullptr && pair->at(1) != nullptr)
                visit(*pair->at(1), joined(name, key_of(*pair->at(0))));
    }

    static std::string key_of(const value& key) {
        return key.what == kind::integer ? std::to_string(key.integer)
                                         : std::string(key.text.substr(0, longest_name + 1));
    }
    static std::string joined(const std::string& name, const std::string& key) {
        return name.empty() ? key : name + "." + key;
    }

    const make_tensor& make_;
    const std::string& file_;
    std::vector<entry> found_;
    std::size_t visits_ = 0, depth_ = 0;
};

}  // namespace

std::vector<entry> collect_tensors(const value& root, const make_tensor& make,
                                   const std::string& file) {
    collector all(make, file);
    all.visit(root, "");
    return all.take();
}

std::vector<std::int64_t> integers_of(const value* sequence, const std::string& file,
                                      const char* what) {
    constexpr std::size_t largest_rank = 8;
    if (sequence != nullptr && sequence->is_made_by("torch.Size"))
        sequence = sequence->arguments->at(0);
    if (sequence == nullptr || sequence->what != kind::sequence ||
        sequence->items.size() > largest_rank)
        throw format_error(file + ": a tensor's " + what + " is no list of up to 8 integers");
    std::vector<std::int64_t> integers;
    for (const value* item : sequence->items) {
        if (item->what != kind::integer || item->integer < 0)
            throw format_error(file + ": a tensor's " + what +
                               " holds something other than integers from 0 on");
        integers.push_back(item->integer);
    }
    return integers;
}

}  // namespace impasto::weights
