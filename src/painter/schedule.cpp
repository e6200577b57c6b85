#include "painter/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include <impasto/image/picture_error.hpp>

namespace impasto::painter_detail {

namespace {

constexpr double coarsest_shortest = 128;  // approximate shorter side of the first automatic scale

[[noreturn]] void refuse(const char* option, double value, const char* right) {
    std::ostringstream message;
    message << option << ": " << value << " is not " << right;
    throw option_error(message.str());
}

void expect(bool good, const char* option, double value, const char* right) {
    if (!good)
        refuse(option, value, right);
}

bool positive(double x) {
    return std::isfinite(x) && x > 0;
}

/// Depends on the shorter side, so that panoramas keep enough height at the first scale.
long chosen_scales(const shape& content, std::int64_t longest, const stylize_options& options) {
    if (options.start == start::picture)
        return 1;
    const auto shortest = static_cast<double>(std::min(content.h, content.w) * longest /
                                              std::max(content.h, content.w));
    const auto chosen = std::log(shortest / coarsest_shortest) / std::log(options.scale_growth);
    return std::clamp<long>(1 + std::lround(chosen), 1, 16);
}

}  // namespace

std::vector<scale_step> schedule(const shape& content, const stylize_options& options) {
    const auto longest = options.size == 0 ? std::max(content.h, content.w) : options.size;
    const auto scales =
        options.scales > 0 ? options.scales : chosen_scales(content, longest, options);
    std::vector<scale_step> steps;
    for (long i = 0; i < scales; ++i) {
        const auto coarser = static_cast<double>(scales - 1 - i);
        const auto side =
            std::lround(static_cast<double>(longest) / std::pow(options.scale_growth, coarser));
        const auto iterations = std::lround(options.iterations * (1 + 0.5 * coarser));
        steps.push_back({image::fit(content.h, content.w, std::max<long>(1, side), true),
                         static_cast<int>(iterations)});
    }
    return steps;
}

image::extent style_size(const shape& style, image::extent picture, double style_scale) {
    const auto longest = static_cast<double>(std::max(picture.height, picture.width));
    return image::fit(style.h, style.w, std::max<long>(1, std::lround(longest * style_scale)),
                      true);
}

std::vector<double> blend(const std::vector<double>& shares, std::size_t paintings) {
    if (paintings == 0)
        throw option_error("style pictures: none given; give at least one");
    if (shares.empty())
        return std::vector<double>(paintings, 1.0);
    if (shares.size() != paintings)
        throw option_error("style blend: " + std::to_string(shares.size()) + " weights for " +
                           std::to_string(paintings) + " style pictures; give one for each");
    double total = 0;
    for (const double share : shares) {
        expect(std::isfinite(share) && share >= 0, "style blend", share, "a number of at least 0");
        total += share;
    }
    expect(total > 0, "style blend", total, "a positive sum of weights");
    return shares;
}

void check(const stylize_options& o) {
    constexpr std::int64_t largest_size = 1 << 20, largest_margin = 1024;
    expect(o.size >= 0 && o.size <= largest_size, "size", static_cast<double>(o.size),
           "a number of pixels up to 1048576, or 0 for the size of the photo");
    expect(o.scales >= 0 && o.scales <= 16, "scales", o.scales, "from 1 to 16, or 0 for automatic");
    expect(std::isfinite(o.scale_growth) && o.scale_growth > 1 && o.scale_growth <= 16,
           "scale growth", o.scale_growth, "a number above 1, up to 16");
    expect(o.margin == automatic_margin || (o.margin >= 0 && o.margin <= largest_margin), "margin",
           static_cast<double>(o.margin), "a number of pixels up to 1024, or automatic_margin");
    expect(o.iterations >= 1, "iterations", o.iterations, "1 or more");
    expect(o.learning_rate == 0 || positive(o.learning_rate), "learning rate", o.learning_rate,
           "a number above 0");
    expect(o.momentum >= 0 && o.momentum < 1, "momentum", o.momentum, "a number from 0 to below 1");
    expect(std::isfinite(o.start_noise) && o.start_noise >= 0, "start noise", o.start_noise,
           "a number of at least 0");
    expect(o.history >= 1, "history", o.history, "1 or more");
    expect(positive(o.style_scale), "style scale", o.style_scale, "a number above 0");
    expect(o.average >= 0 && o.average < 1, "average", o.average, "a number from 0 to below 1");
    expect(positive(o.view.pooling.scale), "pooling scale", o.view.pooling.scale,
           "a number above 0");
    if (o.start == start::picture)
        check_picture("start picture", o.start_picture.shape());
}

void check_picture(const char* what, const shape& picture) {
    if (picture.n != 1 || picture.c != 3 || picture.h < 1 || picture.w < 1)
        throw image::picture_error(what,
                                   "expected a picture [1,3,H,W], found " + to_string(picture));
}

}  // namespace impasto::painter_detail
