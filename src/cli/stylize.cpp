#include "cli/command.hpp"

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <sstream>

#include <impasto/core/file.hpp>
#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/run_report.hpp>
#include <impasto/painter/stylize.hpp>
#include <impasto/style/objective_options.hpp>

#include "cli/engine.hpp"
#include "cli/interrupt.hpp"
#include "cli/recipe.hpp"
#include "cli/report.hpp"
#include "cli/stylize_settings.hpp"
#include "cli/units.hpp"

namespace impasto::cli {

namespace fs = std::filesystem;

namespace {

/// All files that a run reads, decoded before it starts.
struct inputs {
    explicit inputs(const stylize_settings& wanted)
        : network(load_network(wanted.engine)), content(image::load(wanted.content)) {
        for (const auto& file : wanted.styles)
            styles.push_back(image::load(file));
        for (const auto& style : styles) {
            style_views.push_back(style.view());
            style_shapes.push_back(style.shape());
        }
        if (!wanted.init.empty())
            init = image::load(wanted.init);
        if (wanted.engine.normalizes()) {
            auto all = style_views;
            all.insert(all.begin(), content.view());
            normalize_activations(network, wanted.engine, all);
        }
    }

    nn::network network;
    image::picture content, init;
    std::vector<image::picture> styles;
    std::vector<image::picture_view> style_views;
    std::vector<shape> style_shapes;
};

void expect_no_input_overwritten(const stylize_settings& wanted) {
    auto files = wanted.styles;
    files.insert(files.end(), {wanted.content, wanted.init, wanted.engine.weights});
    for (const auto& output : {wanted.output, wanted.report, wanted.checkpoint})
        expect_not_an_input(output, files);
}

/// Throws unless report and checkpoint can be written and all outputs are different files.
void check_other_outputs(const stylize_settings& wanted) {
    if (!wanted.report.empty()) {
        expect_writable(wanted.report);
        expect_two_files(wanted.output, wanted.report, "the picture and its report");
    }
    if (!wanted.checkpoint.empty()) {
        expect_writable(wanted.checkpoint);
        expect_two_files(wanted.output, wanted.checkpoint, "the picture and its checkpoint");
    }
}

fs::path snapshot_name(const stylize_settings& wanted, int iteration) {
    std::ostringstream name;
    name << fs::path(wanted.output).stem().string() << "-" << std::setw(6) << std::setfill('0')
         << iteration << ".png";
    return fs::path(wanted.snapshot_folder) / name.str();
}

/// Creates the folder if it does not exist.
void prepare_snapshots(const stylize_settings& wanted) {
    std::error_code failed;
    fs::create_directories(wanted.snapshot_folder, failed);
    if (failed)
        throw io_error(wanted.snapshot_folder +
                       ": cannot create this folder for snapshots: " + failed.message());
    image::check_writable(snapshot_name(wanted, 0));
}

void expect_memory(const run_plan& plan, bool recompute) {
    const auto& engine = plan.engine;
    const auto needed = static_cast<double>(plan.peak_bytes());
    if (engine.memory > 0 && needed > engine.memory)
        throw out_of_memory("the run needs " + bytes_text(needed) + ", but " + engine.of + " " +
                            bytes_text(engine.memory) + "; choose a smaller --size" +
                            (recompute ? "" : ", or try --recompute"));
}

std::unique_ptr<report> make_report(const stylize_settings& wanted) {
    if (wanted.quiet)
        return std::make_unique<report>();
    return wanted.json ? make_json_report() : make_text_report();
}

recipe recipe_of(const stylize_settings& wanted, const engine_facts& engine) {
    return {
        .content = wanted.content,
        .styles = wanted.styles,
        .weights = wanted.engine.weights,
        .preprocessing = name_of(std::span<const named<input>>(input_names), wanted.engine.input),
        .normalize_activations = wanted.engine.normalize_activations,
        .normalize_layers = wanted.engine.normalize_layers,
        .init = wanted.init.empty()
                    ? name_of(std::span<const named<start>>(start_names), wanted.run.start)
                    : wanted.init,
        .device = engine.device,
        .threads = engine.threads,
        .run = wanted.run};
}

/// "harbor, after swirls and ember"
std::string title_of(const stylize_settings& wanted) {
    std::string title = fs::path(wanted.content).stem().string();
    for (std::size_t i = 0; i < wanted.styles.size(); ++i)
        title += (i == 0 ? ", after " : " and ") + fs::path(wanted.styles[i]).stem().string();
    return title;
}

void write_report(const insight::run_report& run, image::picture_view picture,
                  const stylize_settings& wanted, const run_plan& plan) {
    const auto page = run.page(
        picture,
        {.title = title_of(wanted),
         .recipe = facts_of(recipe_of(wanted, plan.engine)),
         .machine = {{"network", plan.network},
                     {"engine", words_of(plan.engine)},
                     {"memory", bytes_text(static_cast<double>(plan.peak_bytes())) + " at most"}}});
    write_atomically(wanted.report, std::as_bytes(std::span(page)));
}

/// Saves the painting to --checkpoint, at the interval of --every.
class checkpoints {
public:
    explicit checkpoints(const stylize_settings& wanted)
        : file_(wanted.checkpoint), every_(wanted.checkpoint_every) {}

    template <class Device>
    void save(const painting<Device>& picture, bool at_once) {
        if (file_.empty() || (!at_once && since_.seconds() < every_))
            return;
        picture.save(file_);
        since_ = pace({});
    }

private:
    std::string file_;
    double every_;
    pace since_{{}};
};

/// Paints to the end, or until it is stopped. If the run diverges, the best picture is written
/// before the error is reported.
template <class Device>
image::picture paint_picture(painting<Device>& picture, const stylize_settings& wanted,
                             const image::save_options& notes, const observer& observe) {
    checkpoints saved(wanted);
    try {
        while (!picture.finished()) {
            auto now = picture.step();
            now.picture = [&] { return picture.picture(); };
            if (observe(now))
                break;
            saved.save(picture, false);
        }
        saved.save(picture, true);
        return picture.picture();
    } catch (const painting_diverged& e) {
        image::save(wanted.output, e.best(), notes);
        throw divergence_error(std::string(e.what()) + "; the best picture so far is in " +
                               wanted.output);
    }
}

template <class Device>
int paint(painting<Device>& run, const stylize_settings& wanted, const inputs& given,
          const run_plan& plan, report& out) {
    const image::save_options notes{.text = text_of(recipe_of(wanted, plan.engine))};
    const interrupt ctrl_c;
    pace pace(plan.scales);
    std::optional<insight::run_report> page;
    if (!wanted.report.empty())
        page.emplace(given.content, given.style_views, wanted.run);
    const scale_plan& last = plan.scales.back();  // all pictures of a run are saved at its size
    const auto observe = [&](const progress& now) {
        pace.advance(now);
        out.advanced(now, pace);
        if (page)
            page->watch(now);
        if (wanted.snapshot_every > 0 && pace.iteration() % wanted.snapshot_every == 0) {
            const auto file = snapshot_name(wanted, pace.iteration());
            image::save(file, image::resize(now.picture(), last.height, last.width), notes);
            out.saved_snapshot(file, pace.iteration());
        }
        return interrupt::asked();
    };
    const auto picture = paint_picture(run, wanted, notes, observe);
    image::save(wanted.output, picture, notes);
    if (page)
        write_report(*page, picture, wanted, plan);
    out.finished({.file = wanted.output,
                  .height = picture.shape().h,
                  .width = picture.shape().w,
                  .seconds = pace.seconds(),
                  .seed = wanted.run.seed,
                  .interrupted = interrupt::asked()});
    return interrupt::exit_code();
}

role_names names_of(const stylize_settings& wanted) {
    role_names names{{"content", wanted.content}};
    const bool one = wanted.styles.size() == 1;
    for (std::size_t i = 0; i < wanted.styles.size(); ++i)
        names.emplace_back(one ? "style" : "style " + std::to_string(i + 1), wanted.styles[i]);
    return names;
}

template <class Device>
int run_on(context<Device>& here, const stylize_settings& wanted, const inputs& given) {
    run_plan planned{
        .scales = plan(here, given.network, given.content.shape(), given.style_shapes, wanted.run),
        .network = given.network.name,
        .engine = facts_of(here),
        .seed = wanted.run.seed,
        .estimated_seconds = {}};
    const auto out = make_report(wanted);
    if (wanted.dry_run) {
        planned.estimated_seconds =
            estimate_seconds(here, given.network, planned.scales, wanted.run);
        out->planned(planned);
        return success;
    }
    expect_memory(planned, wanted.run.view.recompute);
    if (wanted.snapshot_every > 0)
        prepare_snapshots(wanted);
    painting<Device> picture(here, given.network,
                             {.photo = given.content, .paintings = given.style_views}, wanted.run);
    if (!wanted.resume.empty())
        picture.load(wanted.resume);
    out->planned(planned);
    return paint(picture, wanted, given, planned, *out);
}

int run(stylize_settings wanted) {
    if (wanted.snapshot_folder.empty())
        wanted.snapshot_folder = fs::absolute(wanted.output).parent_path().string();
    image::check_writable(wanted.output);
    check_other_outputs(wanted);
    expect_no_input_overwritten(wanted);
    const inputs given(wanted);
    if (!given.init.empty())
        wanted.run.start_picture = given.init;
    for (auto* layers : {&wanted.run.content_layers, &wanted.run.style_layers})
        *layers = style::layers_for(given.network, *layers);  // as the recipe names them
    return naming(names_of(wanted), [&] {
        return on_engine(wanted.engine, [&](auto& here) { return run_on(here, wanted, given); });
    });
}

}  // namespace

command add_stylize(CLI::App& tool) {
    auto* app = tool.add_subcommand("stylize", "Paint a photo in the style of a painting");
    const auto wanted = std::make_shared<stylize_settings>();
    add_stylize_options(*app, *wanted);
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
