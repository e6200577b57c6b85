#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/painter/options.hpp>

namespace impasto::insight {

/// A line of a table, such as "style-weight", "100", in UTF-8.
struct fact {
    std::string name, value;
};

/// Information about a run for its page.
struct run_notes {
    std::string title;            ///< "harbor, after swirls"
    std::vector<fact> recipe{};   ///< options of the run
    std::vector<fact> machine{};  ///< device, memory and the like
};

/// Observes a run and writes a page about it: photo, paintings and picture, each term of the loss
/// over the iterations, intermediate pictures, options, timings. The page is self-contained HTML.
///
///     insight::run_report report(photo, paintings, options);
///     auto picture = stylize(here, network, photo, paintings, options,
///                            [&](const progress& now) { report.watch(now); return false; });
///     std::string html = report.page(picture, {.title = "My picture"});
///
/// Memory is bounded for any number of iterations: the curves are thinned out, and small copies of
/// the picture are kept after 1, 2, 4, 8, … iterations and at the end of each scale.
class run_report {
public:
    /// Starts the clock. The photo must outlive the report.
    run_report(image::picture_view photo, std::span<const image::picture_view> paintings,
               const stylize_options& options);

    /// Call after every iteration.
    void watch(const progress& now);

    [[nodiscard]] std::string page(image::picture_view result, const run_notes& notes) const;

private:
    struct point {
        std::int64_t iteration;
        style::loss_terms losses;
    };
    struct scale {
        std::int64_t height, width;
        std::int64_t last_iteration;  // of the whole run, from 1
        double seconds;               // from the start of the run to that iteration
    };
    struct snapshot {
        std::int64_t iteration;
        std::string uri;
    };

    void note_losses(const progress& now);

    image::picture_view photo_;
    std::vector<std::string> paintings_;  // as data URIs
    stylize_options options_;
    std::chrono::steady_clock::time_point start_;
    std::int64_t iteration_ = 0, stride_ = 1;
    std::vector<point> points_;
    point last_{};
    std::vector<scale> scales_;
    std::vector<snapshot> snapshots_;
};

}  // namespace impasto::insight
