#include "cli/command.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <optional>

#include <impasto/core/file.hpp>
#include <impasto/formats/npy.hpp>
#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/judge.hpp>
#include <impasto/insight/patch_distance.hpp>
#include <impasto/painter/stylize.hpp>

#include "cli/engine.hpp"
#include "cli/json.hpp"
#include "cli/option_group.hpp"
#include "cli/options.hpp"
#include "cli/verdict.hpp"
#include "cli/view_options.hpp"

namespace impasto::cli {

namespace {

struct settings {
    std::string content, style, picture, gradient, judge;
    std::int64_t size = 0;
    engine_settings engine;
    stylize_options run;
    bool json = false;
};

image::picture load_like(const settings& wanted, const shape& content) {
    auto picture = image::load(wanted.picture);
    if (picture.shape() == content)
        return picture;
    if (wanted.size != 0)
        return image::resize(picture, content.h, content.w);
    throw shape_error(wanted.picture + ": has " + size_text(picture.shape().h, picture.shape().w) +
                      " pixels, but " + wanted.content + " has " + size_text(content.h, content.w) +
                      "; give pictures of the same size, or --size");
}

struct pictures {
    image::picture content, style, picture;
};

/// The photo at the size of the picture, and the painting at the same longest side.
pictures load_beside(const settings& wanted) {
    auto picture = image::load(wanted.picture);
    const auto [h, w] = image::extent{picture.shape().h, picture.shape().w};
    const auto longest = std::max(h, w);
    const auto photo = image::load(wanted.content);
    const auto expected = image::fit(photo.shape().h, photo.shape().w, longest, /*enlarge=*/true);
    if (std::abs(expected.height - h) > 1 || std::abs(expected.width - w) > 1)
        throw shape_error(wanted.picture + ": has " + size_text(h, w) + " pixels, but " +
                          wanted.content + " at that longest side has " +
                          size_text(expected.height, expected.width) +
                          "; give a picture with the proportions of its photo, or --size");
    return {image::resize(photo, h, w), load_at(wanted.style, longest), std::move(picture)};
}

pictures load(const settings& wanted) {
    if (!wanted.judge.empty() && wanted.size == 0)
        return load_beside(wanted);
    pictures all{load_at(wanted.content, wanted.size), load_at(wanted.style, wanted.size), {}};
    all.picture = load_like(wanted, all.content.shape());
    return all;
}

void print_terms(const char* kind, const std::vector<style::layer_term>& terms) {
    for (const auto& term : terms)
        std::cout << kind << " " << term.name << "  " << compact(term.value) << "\n";
}

void print(const style::loss_terms& losses) {
    std::cout << "total  " << compact(losses.total) << "\n";
    print_terms("content", losses.content);
    print_terms("style", losses.style);
    std::cout << "tv  " << compact(losses.tv) << "\n";
}

/// The network of --judge, with its recognised preprocessing: --preprocessing is for --weights.
std::optional<nn::network> load_judge(const settings& wanted) {
    if (wanted.judge.empty())
        return {};
    engine_settings engine;
    engine.weights = wanted.judge;
    return load_network(engine);
}

template <class Device>
verdict judge(context<Device>& here, const nn::network& network, const pictures& all,
              const settings& wanted) {
    context<cpu> host({.threads = wanted.engine.threads});
    return {.network = network.name,
            .seen = insight::judge(here, network, all.picture, all.content, all.style,
                                   wanted.run.view.convolution),
            .patches = insight::patch_distances(host, all.picture, all.style)};
}

struct findings {
    evaluation loss;
    std::optional<verdict> judged;
};

findings find(const settings& wanted, nn::network& network, const pictures& all) {
    const auto judging = load_judge(wanted);
    const image::picture_view styles[] = {all.style.view()};
    if (wanted.engine.normalizes())
        normalize_activations(network, wanted.engine,
                              std::array{all.content.view(), all.style.view()});
    return on_engine(wanted.engine, [&](auto& here) {
        findings found{evaluate(here, network, all.content, styles, all.picture, wanted.run), {}};
        if (judging)
            found.judged = naming({{"picture", wanted.picture}, {"style", wanted.style}},
                                  [&] { return judge(here, *judging, all, wanted); });
        return found;
    });
}

int run(const settings& wanted) {
    if (!wanted.gradient.empty()) {
        expect_writable(wanted.gradient);
        expect_not_an_input(wanted.gradient, {wanted.content, wanted.style, wanted.picture,
                                              wanted.judge, wanted.engine.weights});
    }
    auto network = load_network(wanted.engine);
    const auto all = load(wanted);
    const auto [loss, judged] = find(wanted, network, all);
    if (!wanted.gradient.empty())
        formats::npy::write(wanted.gradient,
                            {.extents = {3, all.content.shape().h, all.content.shape().w},
                             .values = {loss.gradient.begin(), loss.gradient.end()}});
    if (wanted.json) {
        auto object = losses_json(loss.losses);
        if (judged)
            object["judge"] = verdict_json(*judged);
        std::cout << dump(object) << "\n";
        return success;
    }
    print(loss.losses);
    if (judged)
        print(*judged);
    return success;
}

}  // namespace

command add_evaluate(CLI::App& tool) {
    auto* app = tool.add_subcommand("evaluate", "Print each term of the loss J of a picture");
    const auto wanted = std::make_shared<settings>();
    app->add_option("CONTENT", wanted->content, "the photo")->type_name("FILE")->required();
    app->add_option("STYLE", wanted->style, "the painting")->type_name("FILE")->required();
    app->add_option("IMAGE", wanted->picture, "the picture to evaluate")
        ->type_name("FILE")
        ->required();
    option_group group(*app, "Evaluation");
    group.natural("--size", "longest side of all pictures in pixels; 0: their own", wanted->size,
                  {0, largest_size});
    group.text("--judge", "NAME|FILE",
               "also print distances of IMAGE from CONTENT and STYLE, measured by this network",
               wanted->judge);
    group.flag("--json", "print one JSON object", wanted->json);
    group.text("--gradient", "FILE.npy", "write dJ/dpixels, float32 [3,H,W]", wanted->gradient);
    add_loss_options(*app, wanted->run);
    add_engine_options(*app, wanted->engine);
    add_view_options(*app, wanted->run.view, passes::forward_and_backward);
    add_normalize_option(*app, wanted->engine);
    app->footer(
        "The terms are printed without their weights, the total with them.\n\n"
        "--judge adds relative distances (0: no difference) between feature maps of the second\n"
        "network: style at relu1_1 ... relu5_1, content at relu4_2. It also adds the sliced\n"
        "Wasserstein distance between the patches of IMAGE and STYLE at three sizes, in pixel "
        "values\n"
        "from 0 to 1, which uses no network. With --judge and without --size, CONTENT and STYLE "
        "are\n"
        "resized to the size of IMAGE.");
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
