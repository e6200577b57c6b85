#include "cli/verdict.hpp"

#include <iostream>

#include "cli/units.hpp"

namespace impasto::cli {

namespace {

constexpr std::array patch_sizes{"1", "1/2", "1/4"};

}  // namespace

nlohmann::ordered_json verdict_json(const verdict& found) {
    nlohmann::ordered_json object{{"network", found.network}};
    for (const auto& term : found.seen.style)
        object["style"][term.name] = term.value;
    object["style_mean"] = found.seen.style_mean;
    object["content"][found.seen.content.name] = found.seen.content.value;
    for (std::size_t i = 0; i < patch_sizes.size(); ++i)
        object["patches"][patch_sizes[i]] = found.patches[i];
    object["patches_mean"] = found.patches_mean();
    return object;
}

void print(const verdict& found) {
    const auto line = [](const std::string& what, double value) {
        std::cout << "judge " << what << "  " << compact(value) << "\n";
    };
    for (const auto& term : found.seen.style)
        line("style " + term.name, term.value);
    line("style mean", found.seen.style_mean);
    line("content " + found.seen.content.name, found.seen.content.value);
    for (std::size_t i = 0; i < patch_sizes.size(); ++i)
        line(std::string("patches ") + patch_sizes[i], found.patches[i]);
    line("patches mean", found.patches_mean());
}

}  // namespace impasto::cli
