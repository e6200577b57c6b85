#include "cli/command.hpp"

#include <iostream>
#include <map>

#include <impasto/core/file.hpp>
#include <impasto/core/precision.hpp>
#include <impasto/formats/npy.hpp>
#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/resizing_features.hpp>
#include <impasto/nn/host_map.hpp>

#include "cli/engine.hpp"
#include "cli/option_group.hpp"
#include "cli/options.hpp"
#include "cli/view_options.hpp"

namespace impasto::cli {

namespace {

struct settings {
    std::string picture, output;
    std::int64_t size = 0;
    engine_settings engine;
    nn::features_options network{.taps = {}, .backward = false};
    bool quiet = false;
};

using named_maps = std::map<std::string, tensor<float, cpu>>;

/// The feature maps at the taps, planar, on the host.
template <class T, class Device>
named_maps maps_of(context<Device>& ctx, const nn::network& network, image::picture_view picture,
                   const nn::features_options& options) {
    insight::resizing_features<T, Device> looking(network, options);
    const auto& features = looking.forward(ctx, picture);
    named_maps maps;
    for (std::size_t i = 0; i < features.tap_count(); ++i)
        maps[options.taps[i]] = nn::host_map(ctx, features, i);
    return maps;
}

int run(const settings& wanted) {
    expect_writable(wanted.output);
    expect_not_an_input(wanted.output, {wanted.picture, wanted.engine.weights});
    const auto network = load_network(wanted.engine);
    const auto picture = load_at(wanted.picture, wanted.size);
    const auto maps = on_engine(wanted.engine, [&]<class Device>(context<Device>& here) {
        return in_precision<Device>(wanted.network.view.precision, [&](auto number) {
            return maps_of<decltype(number)>(here, network, picture, wanted.network);
        });
    });
    std::map<std::string, formats::npy::array_view> arrays;
    for (const auto& [name, map] : maps)
        arrays[name] = {.extents = {map.shape().c, map.shape().h, map.shape().w},
                        .values = {map.begin(), map.end()}};
    formats::npy::write_archive(wanted.output, arrays);
    if (!wanted.quiet)
        for (const auto& [name, array] : arrays)
            std::cout << name << "  [" << array.extents[0] << "," << array.extents[1] << ","
                      << array.extents[2] << "]\n";
    return success;
}

}  // namespace

command add_features(CLI::App& tool) {
    auto* app = tool.add_subcommand("features", "Write feature maps of a picture as NumPy arrays");
    const auto wanted = std::make_shared<settings>();
    app->add_option("IMAGE", wanted->picture, "JPEG, PNG or BMP")->type_name("FILE")->required();
    option_group group(*app, "Features");
    group
        .add("--layers", "NAME,...", "layers, such as relu1_1,relu4_2", "",
             [wanted](const std::string& text) {
                 wanted->network.taps = parse_names("--layers", text);
             })
        ->required();
    group
        .text("-o,--output", "FILE.npz",
              "output: for each layer an array float32 [C,H,W] with its name", wanted->output)
        ->required();
    group.natural("--size", "longest side in pixels; 0: the picture's own", wanted->size,
                  {0, largest_size});
    group.flag("--quiet", "print only errors", wanted->quiet);
    add_engine_options(*app, wanted->engine);
    add_view_options(*app, wanted->network.view, passes::forward);
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
