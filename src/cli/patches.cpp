#include "cli/command.hpp"

#include <algorithm>
#include <filesystem>
#include <future>
#include <iomanip>
#include <iostream>
#include <optional>
#include <sstream>
#include <utility>

#include <impasto/core/file.hpp>
#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/patch_sheet.hpp>
#include <impasto/insight/unit_gradient.hpp>

#include "cli/engine.hpp"
#include "cli/interrupt.hpp"
#include "cli/json.hpp"
#include "cli/patches_json.hpp"
#include "cli/patches_settings.hpp"
#include "cli/picture_list.hpp"
#include "cli/progress_bar.hpp"
#include "cli/units.hpp"

namespace impasto::cli {

namespace fs = std::filesystem;

namespace {

struct loaded_picture {
    shape read;
    image::picture pixels;
};

loaded_picture load_scaled(const fs::path& file, std::int64_t size) {
    auto pixels = image::load(file);
    const auto read = pixels.shape();
    if (size == 0)
        return {read, std::move(pixels)};
    const auto [height, width] = image::fit(read.h, read.w, size, /*enlarge=*/true);
    return {read, image::resize(pixels, height, width)};
}

/// The pictures, and which of them were used.
struct search_result {
    std::vector<seen_picture> pictures;  ///< every one, by its number
    std::vector<std::string> left_out;   ///< why, each with its file
    std::size_t used = 0;
};

/// Adds the pictures one after another, and decodes the next one at the same time. Pictures that
/// cannot be used are left out.
template <class T, class Device>
search_result search(context<Device>& here, const patches_settings& wanted,
                     const std::vector<fs::path>& files, insight::unit_patches<T, Device>& found) {
    search_result result;
    step_report steps("search", files.size(), wanted.quiet);
    const auto load = [&](std::size_t i) {
        return std::async(std::launch::async, load_scaled, files[i], wanted.size);
    };
    auto next = load(0);
    for (std::size_t i = 0; i < files.size() && !interrupt::asked(); ++i) {
        auto& seen = result.pictures.emplace_back(seen_picture{.file = files[i]});
        auto current = std::exchange(next, {});
        if (i + 1 < files.size())
            next = load(i + 1);
        bool decoded = false;
        try {
            const auto picture = current.get();
            decoded = true;
            seen.read = picture.read;
            seen.shown = picture.pixels.shape();
            found.add(here, picture.pixels, static_cast<std::int64_t>(i));
            ++result.used;
        } catch (const cuda_error&) {
            throw;  // not caused by the picture
        } catch (const error& e) {
            result.left_out.push_back((decoded ? files[i].string() + ": " : "") + e.what());
        }
        steps.advance();
    }
    return result;
}

template <class T, class Device>
std::vector<insight::sheet_panel> panels_of(const patches_settings& wanted,
                                            const insight::unit_patches<T, Device>& found) {
    std::vector<insight::sheet_panel> panels;
    for (std::size_t i = 0; i < found.layers().size(); ++i) {
        const auto& name = found.layers()[i];
        const auto side = std::to_string(found.field(i).size);
        const bool one = found.layers().size() == 1;
        auto& panel = panels.emplace_back();
        panel.title = one ? name : "Layer " + std::to_string(i + 1);
        panel.note = (one ? "" : name + ", ") + side + "x" + side + " pixels" +
                     (wanted.gradients ? ": patches, gradients, guided gradients" : "");
        panel.field = found.field(i);
        for (const auto channel : wanted.channels.of(found.found(i))) {
            const auto patches = found.found(i).of(channel);
            panel.units.push_back({channel, {patches.begin(), patches.end()}});
        }
    }
    return panels;
}

/// "relu3_2-007-1.png": layer, channel, rank.
fs::path file_of(const patches_settings& wanted, const insight::sheet_slot& slot) {
    std::ostringstream name;
    name << wanted.search.layers[static_cast<std::size_t>(slot.panel)] << "-" << std::setw(3)
         << std::setfill('0') << slot.channel << "-" << slot.rank + 1 << ".png";
    return fs::path(wanted.folder) / name.str();
}

/// Computes the gradients of the units of one layer, each as a square for the page.
template <class Device>
class gradient_squares {
public:
    gradient_squares(const nn::network& network, const patches_settings& wanted,
                     const std::string& layer)
        : side_(wanted.side) {
        for (const bool guided : {false, true})
            kinds_.emplace_back(network,
                                nn::features_options{
                                    .taps = {layer}, .view = wanted.search.view, .guided = guided});
    }

    void place(context<Device>& here, image::picture_view pixels, const insight::sheet_slot& slot,
               insight::patch_sheet& sheet) {
        const auto [n, c, h, w] = pixels.shape();
        for (std::size_t i = 0; i < kinds_.size(); ++i) {
            const auto& field = kinds_[i].field();
            const auto crop = crop_of_unit(field, slot.patch.row, slot.patch.column, h, w);
            auto box = field.of_unit(slot.patch.row, slot.patch.column);
            box.x -= crop.x;
            box.y -= crop.y;
            const auto gradient =
                kinds_[i].of(here, pixels, {slot.channel, slot.patch.row, slot.patch.column});
            sheet.place(slot, static_cast<std::int64_t>(i) + 1,
                        insight::show_box(insight::show_gradient(gradient), box, side_));
        }
    }

private:
    std::int64_t side_;
    std::vector<insight::unit_gradient<Device>> kinds_;  // plain, guided
};

/// Decodes the pictures with patches on the page again, and draws these patches.
template <class Device>
void draw(context<Device>& here, const nn::network& network, const patches_settings& wanted,
          const std::vector<seen_picture>& pictures, insight::patch_sheet& sheet) {
    std::vector<gradient_squares<Device>> gradients;
    if (wanted.gradients)
        for (const auto& layer : wanted.search.layers)
            gradients.emplace_back(network, wanted, layer);
    const auto numbers = sheet.pictures();
    step_report steps("draw", numbers.size(), wanted.quiet);
    for (const auto number : numbers) {
        const auto& file = pictures.at(static_cast<std::size_t>(number)).file;
        const auto pixels = load_scaled(file, wanted.size).pixels;
        sheet.draw(number, pixels);
        for (const auto& slot : sheet.slots_of(number)) {
            if (wanted.gradients)
                gradients[static_cast<std::size_t>(slot.panel)].place(here, pixels, slot, sheet);
            const auto box = sheet.box_of(slot);
            if (!wanted.folder.empty())
                image::save(file_of(wanted, slot), insight::show_box(pixels, box, box.width));
        }
        steps.advance();
    }
}

void write_manifest(const patches_settings& wanted, const std::vector<insight::sheet_panel>& panels,
                    const std::vector<seen_picture>& pictures, const engine_facts& engine) {
    auto layers = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < panels.size(); ++i)
        layers.push_back(patches_json(wanted.search.layers[i], panels[i], pictures));
    auto all = panels.size() == 1 ? layers[0] : nlohmann::ordered_json{{"layers", layers}};
    all.update({{"device", engine.device}, {"precision", to_string(wanted.search.view.precision)}});
    const auto text = dump(all) + "\n";
    write_atomically(wanted.manifest, std::as_bytes(std::span(text)));
}

/// Throws before the computation if an output cannot be written.
void expect_outputs(const patches_settings& wanted, const std::vector<fs::path>& pictures) {
    std::vector<std::string> inputs{wanted.engine.weights};
    for (const auto& file : pictures)
        inputs.push_back(file.string());
    for (const auto& output : {wanted.output, wanted.manifest})
        expect_not_an_input(output, inputs);
    image::check_writable(wanted.output);
    if (!wanted.manifest.empty()) {
        expect_writable(wanted.manifest);
        expect_two_files(wanted.output, wanted.manifest, "the page and its manifest");
    }
    if (wanted.folder.empty())
        return;
    std::error_code failed;
    fs::create_directories(wanted.folder, failed);
    if (failed)
        throw io_error(wanted.folder +
                       ": cannot create this folder for patches: " + failed.message());
    image::check_writable(fs::path(wanted.folder) / "patch.png");
}

void tell_left_out(const search_result& result) {
    if (result.left_out.empty())
        return;
    std::cerr << "left out " << result.left_out.size() << " of " << result.pictures.size()
              << (result.pictures.size() == 1 ? " picture:\n" : " pictures:\n");
    for (const auto& why : result.left_out)
        std::cerr << "  " << why << "\n";
}

template <class T, class Device>
int run_on(context<Device>& here, const nn::network& network, const std::vector<fs::path>& files,
           const patches_settings& wanted) {
    insight::unit_patches<T, Device> found(network, wanted.search);
    for (std::size_t i = 0; i < found.layers().size(); ++i)
        wanted.channels.expect_in(found.layers()[i], found.found(i).channels());
    expect_outputs(wanted, files);

    const interrupt ctrl_c;
    const auto result = search(here, wanted, files, found);
    if (result.used == 0 && !result.left_out.empty())
        throw io_error("no picture can be used: " + result.left_out.front());
    const auto panels = panels_of(wanted, found);
    insight::patch_sheet sheet(
        panels,
        {.side = wanted.side, .top = wanted.search.top, .blocks = wanted.gradients ? 3 : 1});
    draw(here, network, wanted, result.pictures, sheet);
    image::save(wanted.output, sheet.page());
    if (!wanted.manifest.empty())
        write_manifest(wanted, panels, result.pictures, facts_of(here));
    tell_left_out(result);
    if (!wanted.quiet)
        std::cout << wanted.output << ": "
                  << size_text(sheet.page().shape().h, sheet.page().shape().w)
                  << ", the strongest patches of " << result.used
                  << (result.used == 1 ? " picture" : " pictures") << "\n";
    return interrupt::exit_code();
}

int run(const patches_settings& wanted) {
    if (wanted.search.layers.empty())
        throw option_error("--layer: missing; give a layer, such as relu3_2");
    const auto files = list_pictures(wanted.pictures);
    const auto network = load_network(wanted.engine);
    return on_engine(wanted.engine, [&]<class Device>(context<Device>& here) {
        return in_precision<Device>(wanted.search.view.precision, [&](auto number) {
            return run_on<decltype(number)>(here, network, files, wanted);
        });
    });
}

}  // namespace

command add_patches(CLI::App& tool) {
    auto* app = tool.add_subcommand("patches",
                                    "Show the patches of pictures that activate each channel most");
    const auto wanted = std::make_shared<patches_settings>();
    add_patches_options(*app, *wanted);
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
