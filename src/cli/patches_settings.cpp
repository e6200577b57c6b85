#include "cli/patches_settings.hpp"

#include <algorithm>
#include <numeric>

#include "cli/option_group.hpp"
#include "cli/view_options.hpp"

namespace impasto::cli {

namespace {

constexpr named<insight::per_picture> per_picture_names[] = {
    {"one", insight::per_picture::one},
    {"any", insight::per_picture::any},
};

constexpr std::uint64_t most_channels = 1'000'000;

channel_choice parse_channels(const std::string& text) {
    const std::string option = "--channels", strongest = "strongest:";
    if (text == "all")
        return {};
    if (text.starts_with(strongest))
        return {.strongest = static_cast<std::int64_t>(
                    parse_natural(option, text.substr(strongest.size()), {1, most_channels}))};
    channel_choice choice;
    for (std::size_t start = 0; start <= text.size();) {
        const auto comma = std::min(text.find(',', start), text.size());
        const auto part = text.substr(start, comma - start);
        const auto dash = part.find('-');
        const auto number = [&](const std::string& digits) {
            return static_cast<std::int64_t>(parse_natural(option, digits, {0, most_channels}));
        };
        const auto first = number(part.substr(0, dash));
        const auto last = dash == std::string::npos ? first : number(part.substr(dash + 1));
        if (last < first)
            throw option_error(option + ": '" + part +
                               "' is not a range; give the lower number first");
        choice.ranges.emplace_back(first, last);
        start = comma + 1;
    }
    return choice;
}

void add_search_options(CLI::App& app, patches_settings& wanted) {
    option_group group(app, "Search");
    auto* one = group.add("--layer", "NAME", "layer to search, such as relu3_2", "",
                          [&wanted](const std::string& text) { wanted.search.layers = {text}; });
    group
        .add("--layers", "NAME,...", "several layers, one below the other on one page", "",
             [&wanted](const std::string& text) {
                 wanted.search.layers = parse_names("--layers", text);
             })
        ->excludes(one);
    group.add("--channels", "LIST|all|strongest:N",
              "such as 0-31,40; strongest: those activated far above the usual", "strongest:16",
              [&wanted](const std::string& text) { wanted.channels = parse_channels(text); });
    group.natural("--top", "number of patches for each channel", wanted.search.top, {1, 1000});
    group.choice("--per-image", "number of patches of a channel from one picture",
                 wanted.search.positions, per_picture_names);
    group.natural("--size", "longest side of each picture in pixels; 0: its own", wanted.size,
                  {0, largest_size});
    group.natural("--tile", "largest side of a picture, in pixels, that is not split into tiles",
                  wanted.search.tile, {1, largest_size});
}

void add_output_options(CLI::App& app, patches_settings& wanted) {
    option_group group(app, "Output");
    group.text("-o,--output", "OUT", "the page, .png or .jpg", wanted.output)->required();
    group.flag("--deconv", "add the gradient of each patch, plain and guided", wanted.gradients);
    group.natural("--side", "side of a patch on the page, in pixels", wanted.side, {1, 1024});
    group.text("--json", "FILE", "write position and activation of each patch", wanted.manifest);
    group.text("--patches-dir", "DIR", "write each patch as a .png to this folder", wanted.folder);
    group.flag("--quiet", "print only errors", wanted.quiet);
}

}  // namespace

void channel_choice::expect_in(const std::string& layer, std::int64_t channels) const {
    for (const auto& [first, last] : ranges)
        if (last >= channels)
            throw option_error("--channels: there is no channel " + std::to_string(last) + " in " +
                               layer + ", which has 0 to " + std::to_string(channels - 1));
}

std::vector<std::int64_t> channel_choice::of(const insight::top_patches& found) const {
    if (strongest > 0)
        return insight::strongest_channels(found, strongest);
    std::vector<std::int64_t> channels;
    for (const auto& [first, last] : ranges)
        for (auto channel = first; channel <= last; ++channel)
            channels.push_back(channel);
    if (ranges.empty()) {
        channels.resize(static_cast<std::size_t>(found.channels()));
        std::iota(channels.begin(), channels.end(), 0);
    }
    return channels;
}

void add_patches_options(CLI::App& app, patches_settings& wanted) {
    app.add_option("IMAGES", wanted.pictures, "pictures, or folders with pictures")
        ->type_name("FILE|DIR")
        ->required();
    add_search_options(app, wanted);
    add_output_options(app, wanted);
    add_engine_options(app, wanted.engine);
    add_view_options(app, wanted.search.view, passes::forward);
    app.footer(
        "Pictures are decoded one after another, so their number is not limited by memory. Files\n"
        "that cannot be used are listed at the end.\n"
        "Examples:\n"
        "  impasto patches photos --layer relu3_2 -o patches.png\n"
        "  impasto patches photos --layer relu4_2 --channels 7,40-47 --deconv -o patches.png\n"
        "  impasto patches photos --layers relu1_2,relu2_2,relu3_3,relu4_2 -o layers.png");
}

}  // namespace impasto::cli
