#include "cli/stylize_settings.hpp"

#include "cli/option_group.hpp"
#include "cli/view_options.hpp"

namespace impasto::cli {

namespace {

void add_start_options(option_group& group, stylize_settings& wanted) {
    auto& run = wanted.run;
    group.add("--init", "content|noise|style|gray|FILE", "initial picture",
              name_of(std::span<const named<start>>(start_names), run.start),
              [&wanted](const std::string& text) {
                  const auto* found = std::ranges::find(start_names, text, &named<start>::name);
                  const bool is_file = found == std::end(start_names);
                  wanted.run.start = is_file ? start::picture : found->value;
                  wanted.init = is_file ? text : "";
              });
    group.number("--init-noise",
                 "standard deviation of the noise added to the initial picture, unless a FILE",
                 run.start_noise, {0, 1});
    group.natural("--seed", "seed of the noise", run.seed);
}

void add_run_options(CLI::App& app, stylize_settings& wanted) {
    auto& run = wanted.run;
    option_group group(app, "Run");
    const std::span<const named<preset>> presets = preset_names;
    // Added first, so that it is applied first and other options override it.
    group.add("--preset", CLI::detail::join(names_of(presets), "|"),
              "a published set of options; other options override it", "",
              [&wanted, presets](const std::string& text) {
                  const auto chosen = parse_choice("--preset", text, presets);
                  wanted.run = chosen();
                  wanted.engine.normalize_activations = chosen == gatys_preset;
                  wanted.engine.normalize_layers = chosen == lecture_preset;
              });
    group.natural("--size", "longest side in pixels; 0: the photo's own", run.size,
                  {0, largest_size});
    group.add("--scales", "auto|N", "number of sizes, from coarse to fine", "auto",
              [&run](const std::string& text) {
                  run.scales = text == "auto"
                                   ? 0
                                   : static_cast<int>(parse_natural("--scales", text, {1, 16}));
              });
    group.number("--scale-growth", "factor between two sizes", run.scale_growth, {1, 16});
    group.natural("--iterations", "number of iterations at the finest scale", run.iterations,
                  {1, 1'000'000});
    group.choice("--optimizer", "L-BFGS, Adam or gradient descent", run.optimizer, optimizer_names);
    group.add("--learning-rate", "X",
              "adam: change of a pixel value in [0,1] per step; gd: factor of dJ/dpixels",
              "adam: 0.02; gd: automatic", [&run](const std::string& text) {
                  run.learning_rate = parse_number("--learning-rate", text, {1e-300});
              });
    group.number("--momentum", "momentum of gd", run.momentum, {0, 1});
    group.natural("--history", "number of corrections that lbfgs keeps", run.history, {1, 1000});
    add_start_options(group, wanted);
    group.number("--average", "decay of an average over the iterations; 0: no average", run.average,
                 {0, 1});
}

void add_style_options(CLI::App& app, stylize_options& run) {
    option_group group(app, "Style");
    group.add("--style-blend", "X,...", "weight of each painting", "equal",
              [&run](const std::string& text) {
                  run.style_blend = parse_numbers("--style-blend", text, {0});
              });
    group.number("--style-scale",
                 "size of the paintings relative to the photo: scales their strokes",
                 run.style_scale, {0.01, 100});
    group.flag("--original-colors", "keep the photo's colours", run.original_colors);
}

void add_output_options(CLI::App& app, stylize_settings& wanted) {
    option_group group(app, "Output");
    group
        .text("-o,--output", "OUT",
              "output picture, .png or .jpg; a .png stores the options of the run", wanted.output)
        ->required();
    auto* every = group.natural("--snapshots", "save the picture every N iterations; 0: never",
                                wanted.snapshot_every, {0, 1'000'000});
    group
        .text("--snapshot-dir", "DIR", "folder for snapshots; default: the folder of the output",
              wanted.snapshot_folder)
        ->needs(every);
    group.text("--report", "FILE.html", "write one page with pictures, losses, options and timings",
               wanted.report);
    auto* checkpoint =
        group.text("--checkpoint", "FILE",
                   "save the painting at intervals and when the run is stopped", wanted.checkpoint);
    group
        .add("--every", "TIME", "interval between two checkpoints", "5min",
             [&wanted](const std::string& text) {
                 wanted.checkpoint_every = parse_duration("--every", text);
             })
        ->needs(checkpoint);
    group.text("--resume", "FILE", "continue from a checkpoint of the same run", wanted.resume);
    group.flag("--dry-run", "print sizes, memory and time, but do not paint", wanted.dry_run);
    auto* json = group.flag("--json", "print one JSON object per line", wanted.json);
    group.flag("--quiet", "print only errors", wanted.quiet)->excludes(json);
}

}  // namespace

void add_stylize_options(CLI::App& app, stylize_settings& wanted) {
    app.add_option("CONTENT", wanted.content, "photo: JPEG, PNG or BMP")
        ->type_name("FILE")
        ->required();
    app.add_option("STYLE", wanted.styles, "painting, or several paintings to blend")
        ->type_name("FILE")
        ->required();
    add_output_options(app, wanted);
    add_run_options(app, wanted);
    add_style_options(app, wanted.run);
    add_loss_options(app, wanted.run);
    add_margin_option(app, wanted.run.margin);
    add_engine_options(app, wanted.engine);
    add_view_options(app, wanted.run.view, passes::forward_and_backward);
    add_normalize_option(app, wanted.engine);
    app.footer(
        "Examples:\n"
        "  impasto stylize photo.jpg painting.jpg -o picture.png\n"
        "  impasto stylize photo.jpg painting.jpg -o picture.png --report report.html\n"
        "  impasto stylize photo.jpg monet.jpg munch.jpg -o both.png --style-blend 0.7,0.3\n"
        "  impasto stylize photo.jpg painting.jpg -o large.png --size 1024 --dry-run");
}

}  // namespace impasto::cli
