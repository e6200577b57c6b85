#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <impasto/style/convention.hpp>

namespace impasto::cli {

/// {"total": J, "content": {"relu4_2": …}, "style": {"relu1_1": …}, "tv": …}
[[nodiscard]] inline nlohmann::ordered_json losses_json(const style::loss_terms& losses) {
    const auto by_layer = [](const std::vector<style::layer_term>& terms) {
        auto object = nlohmann::ordered_json::object();
        for (const auto& term : terms)
            object[term.name] = term.value;
        return object;
    };
    return {{"total", losses.total},
            {"content", by_layer(losses.content)},
            {"style", by_layer(losses.style)},
            {"tv", losses.tv}};
}

/// JSON on one line. File names need not be UTF-8: invalid bytes become U+FFFD.
[[nodiscard]] inline std::string dump(const nlohmann::ordered_json& value) {
    return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace impasto::cli
