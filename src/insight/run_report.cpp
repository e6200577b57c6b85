#include <impasto/insight/run_report.hpp>

#include <bit>
#include <cstdio>
#include <cstdlib>

#include "insight/page.hpp"

namespace impasto::insight {

namespace {

using json = nlohmann::ordered_json;

// Sides of pictures on the page; the file that was asked for has them in full.
constexpr std::int64_t large = 1600, small = 640, thumbnail = 280;
constexpr std::size_t most_points = 2048;

/// As many digits as a chart can show.
double rounded(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return std::strtod(text, nullptr);
}

/// What a layer's term is multiplied with in J.
double weight_in_j(double kind, const std::vector<style::weighted_layer>& layers,
                   const std::string& name) {
    double sum = 0, own = 0;
    for (const auto& layer : layers) {
        sum += layer.weight;
        if (layer.name == name)
            own = layer.weight;
    }
    return sum > 0 ? kind * own / sum : 0;
}

json curve(const char* kind, const std::string& layer, double weight) {
    return {{"kind", kind}, {"layer", layer}, {"weight", weight}, {"values", json::array()}};
}

/// One curve for J and for each term, without values yet; in the order of values_of.
json curves(const style::loss_terms& terms, const stylize_options& o) {
    json all{curve("J", "", 1)};
    for (const auto& term : terms.content)
        all.push_back(curve("content", term.name,
                            weight_in_j(o.content_weight, o.content_layers, term.name)));
    for (const auto& term : terms.style)
        all.push_back(
            curve("style", term.name, weight_in_j(o.style_weight, o.style_layers, term.name)));
    all.push_back(curve("tv", "", o.tv_weight));
    return all;
}

std::vector<double> values_of(const style::loss_terms& terms) {
    std::vector<double> values{terms.total};
    for (const auto* kind : {&terms.content, &terms.style})
        for (const auto& term : *kind)
            values.push_back(term.value);
    values.push_back(terms.tv);
    return values;
}

json table(const std::vector<fact>& facts) {
    auto rows = json::array();
    for (const auto& fact : facts)
        rows.push_back({fact.name, fact.value});
    return rows;
}

}  // namespace

run_report::run_report(image::picture_view photo, std::span<const image::picture_view> paintings,
                       const stylize_options& options)
    : photo_(photo), options_(options), start_(std::chrono::steady_clock::now()) {
    for (const auto& painting : paintings)
        paintings_.push_back(data_uri(painting, small));
}

void run_report::watch(const progress& now) {
    ++iteration_;
    note_losses(now);
    const auto seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    scales_.resize(static_cast<std::size_t>(now.scale) + 1);
    scales_.back() = {now.height, now.width, iteration_, seconds};
    const bool power_of_two = std::has_single_bit(static_cast<std::uint64_t>(iteration_));
    if (power_of_two || now.iteration == now.iterations)
        snapshots_.push_back({iteration_, data_uri(now.picture(), thumbnail, 85)});
}

// Where there are too many points, every second one goes, and from then on every second comes.
void run_report::note_losses(const progress& now) {
    last_ = {iteration_, now.losses};
    if ((iteration_ - 1) % stride_ != 0)
        return;
    if (points_.size() == most_points) {
        for (std::size_t i = 0; 2 * i < points_.size(); ++i)
            points_[i] = std::move(points_[2 * i]);
        points_.resize(most_points / 2);
        stride_ *= 2;
    }
    if ((iteration_ - 1) % stride_ == 0)
        points_.push_back(last_);
}

std::string run_report::page(image::picture_view result, const run_notes& notes) const {
    auto points = points_;
    if (!points.empty() && points.back().iteration != last_.iteration)
        points.push_back(last_);
    json data{{"title", notes.title},          {"photo", data_uri(photo_, large)},
              {"paintings", paintings_},       {"picture", data_uri(result, large, 94)},
              {"width", result.shape().w},     {"height", result.shape().h},
              {"iterations", json::array()},   {"curves", curves(last_.losses, options_)},
              {"scales", json::array()},       {"snapshots", json::array()},
              {"recipe", table(notes.recipe)}, {"machine", table(notes.machine)}};
    for (const auto& at : points) {
        data["iterations"].push_back(at.iteration);
        const auto values = values_of(at.losses);
        for (std::size_t i = 0; i < values.size(); ++i)
            data["curves"][i]["values"].push_back(rounded(values[i]));
    }
    for (const auto& s : scales_)
        data["scales"].push_back({{"width", s.width},
                                  {"height", s.height},
                                  {"last", s.last_iteration},
                                  {"seconds", rounded(s.seconds)}});
    for (const auto& s : snapshots_)
        data["snapshots"].push_back({{"iteration", s.iteration}, {"picture", s.uri}});
    return make_page(run_report_page_kind(), notes.title, data);
}

}  // namespace impasto::insight
