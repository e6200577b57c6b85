#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/parse.hpp"
#include "cli/units.hpp"

namespace impasto::cli {

/// Options under one heading of --help. Each option writes to its target, which must outlive the
/// parsing, and shows the initial value of the target as its default.
class option_group {
public:
    option_group(CLI::App& app, std::string heading) : app_(app), heading_(std::move(heading)) {}

    /// An option with any text, passed to `set`; `standard` is the default that --help shows.
    CLI::Option* add(const std::string& name, const std::string& value,
                     const std::string& description, const std::string& standard,
                     const std::function<void(const std::string&)>& set) {
        const auto shown = standard.empty() ? description : description + " [" + standard + "]";
        return app_.add_option_function<std::string>(name, set, shown)
            ->type_name(value)
            ->group(heading_);
    }

    CLI::Option* text(const std::string& name, const std::string& value,
                      const std::string& description, std::string& target) {
        return add(name, value, description, target,
                   [&target](const std::string& text) { target = text; });
    }

    CLI::Option* number(const std::string& name, const std::string& description, double& target,
                        range<double> allowed = {}) {
        return add(name, "X", description, compact(target), [=, &target](const std::string& text) {
            target = parse_number(name, text, allowed);
        });
    }

    template <class Integer>
    CLI::Option* natural(const std::string& name, const std::string& description, Integer& target,
                         range<std::uint64_t> allowed = {}) {
        return add(name, "N", description, std::to_string(target),
                   [=, &target](const std::string& text) {
                       target = static_cast<Integer>(parse_natural(name, text, allowed));
                   });
    }

    template <class T, std::size_t N>
    CLI::Option* choice(const std::string& name, const std::string& description, T& target,
                        const named<T> (&choices)[N]) {
        const std::span<const named<T>> all = choices;
        return add(
            name, CLI::detail::join(names_of(all), "|"), description, name_of(all, target),
            [=, &target](const std::string& text) { target = parse_choice(name, text, all); });
    }

    CLI::Option* layers(const std::string& name, const std::string& description,
                        std::vector<style::weighted_layer>& target) {
        std::string standard;
        for (const auto& layer : target)
            standard += (standard.empty() ? "" : ",") + layer.name + "=" + compact(layer.weight);
        return add(name, "NAME=X,...", description, standard,
                   [=, &target](const std::string& text) { target = parse_layers(name, text); });
    }

    CLI::Option* flag(const std::string& name, const std::string& description, bool& target) {
        return app_.add_flag(name, target, description)->group(heading_);
    }

private:
    CLI::App& app_;
    std::string heading_;
};

}  // namespace impasto::cli
