#include "cli/command.hpp"

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <set>

#include <impasto/core/file.hpp>
#include <impasto/image/io.hpp>
#include <impasto/insight/explain.hpp>
#include <impasto/insight/unit_patches.hpp>

#include "cli/engine.hpp"
#include "cli/option_group.hpp"
#include "cli/options.hpp"
#include "cli/picture_list.hpp"
#include "cli/progress_bar.hpp"

namespace impasto::cli {

namespace fs = std::filesystem;

namespace {

struct settings {
    std::string style, output, pictures, compare;
    std::int64_t size = 512;
    insight::explain_options network;
    engine_settings engine;
    bool quiet = false;
};

/// Pictures that have a patch among the best.
std::size_t pictures_of(const insight::top_patches& found) {
    std::set<std::int64_t> numbers;
    for (std::int64_t channel = 0; channel < found.channels(); ++channel)
        for (const auto& patch : found.of(channel))
            numbers.insert(patch.picture);
    return numbers.size();
}

/// The patches of a folder's pictures. One that cannot be read is left out and named.
template <class T, class Device>
insight::channel_patches patches_of_folder(context<Device>& here, const nn::network& network,
                                           const settings& wanted) {
    const auto files = list_pictures({wanted.pictures});
    insight::unit_patches<T, Device> search(network, {.layers = {wanted.network.layer},
                                                      .pooling = wanted.network.pooling,
                                                      .border = wanted.network.border,
                                                      .algorithm = wanted.network.algorithm});
    std::size_t read = 0;
    std::string first_reason;
    step_report searched("search", files.size(), wanted.quiet);
    for (std::size_t i = 0; i < files.size(); ++i) {
        try {
            search.add(here, load_at(files[i], wanted.size), static_cast<std::int64_t>(i));
            ++read;
        } catch (const cuda_error&) {
            throw;  // no fault of the picture
        } catch (const error& e) {
            if (first_reason.empty())
                first_reason = e.what();
        }
        searched.advance();
    }
    searched.finish();
    if (read == 0)
        throw option_error(wanted.pictures + ": no picture in it can be used: " + first_reason);
    if (read < files.size() && !wanted.quiet)
        std::cerr << wanted.pictures << ": " << files.size() - read << " of " << files.size()
                  << " pictures left out, the first: " << first_reason << "\n";
    step_report drawn("draw", pictures_of(search.found(0)), wanted.quiet);
    return insight::cut_patches(search.found(0), search.field(0), [&](std::int64_t number) {
        auto pixels = load_at(files[static_cast<std::size_t>(number)], wanted.size);
        drawn.advance();
        return pixels;
    });
}

template <class T, class Device>
int run_on(context<Device>& here, const nn::network& network, const settings& wanted) {
    const auto style = load_at(wanted.style, wanted.size);
    image::picture picture;
    if (!wanted.compare.empty())
        picture = load_at(wanted.compare, wanted.size);

    const auto seen = naming(
        wanted.style, [&] { return insight::explain(here, network, style, wanted.network); });
    const auto patches = wanted.pictures.empty() ? insight::patches_within(network, seen, style)
                                                 : patches_of_folder<T>(here, network, wanted);
    std::optional<insight::explanation> compared;
    insight::explained_picture result;
    if (!picture.empty()) {
        compared.emplace(naming(wanted.compare, [&] {
            return insight::explain(here, network, picture, wanted.network,
                                    seen.together.thresholds());
        }));
        result = {fs::path(wanted.compare).stem().string(), picture, &*compared};
    }
    const auto page = insight::explain_page({fs::path(wanted.style).stem().string(), style, &seen},
                                            patches, result);
    write_atomically(wanted.output, std::as_bytes(std::span(page)));
    if (!wanted.quiet)
        std::cout << wanted.output << ": " << seen.channels() << " channels of " << seen.layer
                  << ", " << bytes_text(static_cast<double>(page.size())) << "\n";
    return success;
}

int run(const settings& wanted) {
    expect_writable(wanted.output);
    expect_not_an_input(wanted.output, {wanted.style, wanted.compare, wanted.engine.weights});
    const auto network = load_network(wanted.engine);
    return on_engine(wanted.engine, [&]<class Device>(context<Device>& here) {
        return in_precision<Device>(wanted.network.precision, [&](auto number) {
            return run_on<decltype(number)>(here, network, wanted);
        });
    });
}

}  // namespace

command add_explain(CLI::App& tool) {
    auto* app = tool.add_subcommand("explain", "Show on a page what makes a painting's style");
    const auto wanted = std::make_shared<settings>();
    app->add_option("STYLE", wanted->style, "painting: JPEG, PNG or BMP")
        ->type_name("FILE")
        ->required();
    option_group group(*app, "Explanation");
    group.text("-o,--output", "FILE.html", "the page, one file that loads nothing", wanted->output)
        ->required();
    group.text("--layer", "NAME", "whose channels are explained", wanted->network.layer);
    group.text("--pictures", "DIR", "what channels look for is shown from these; else from STYLE",
               wanted->pictures);
    group.text("--compare", "FILE", "a result: which pairs of channels still differ",
               wanted->compare);
    group.natural("--size", "longest side of every picture; 0: their own", wanted->size,
                  {0, largest_size});
    group.flag("--quiet", "print nothing but errors", wanted->quiet);
    add_network_options(*app, wanted->network.pooling, wanted->network.border,
                        wanted->network.algorithm);
    add_engine_options(*app, wanted->engine);
    add_precision_option(*app, wanted->network.precision);
    app->footer(
        "Examples:\n"
        "  impasto explain painting.jpg -o explain.html\n"
        "  impasto explain painting.jpg --pictures photos --layer relu2_1 -o explain.html\n"
        "  impasto explain painting.jpg --compare picture.png -o explain.html");
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
