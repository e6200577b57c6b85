#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include <impasto/image/crop.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/explain.hpp>

#include "insight/page.hpp"

namespace impasto::insight {

namespace {

using json = nlohmann::ordered_json;

constexpr std::int64_t picture_side = 900;  // on the page
// So that 512 channels and a comparison are not too much for a phone: finer maps shrink, and
// patches where there are many.
constexpr std::int64_t map_bytes = 800'000;   // of all maps of a picture
constexpr std::int64_t longest_sheet = 1700;  // of all patches, in pixels
constexpr std::int64_t strongest_listed = 24;

static_assert(std::endian::native == std::endian::little, "as the page's typed arrays read it");

template <class T>
std::string packed(const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    return base64(std::as_bytes(std::span(values)));
}

/// The upper triangle of a symmetric matrix, its diagonal included, row by row.
template <class T, class At>
std::string packed_triangle(std::int64_t channels, At&& at) {
    std::vector<T> values;
    for (std::int64_t a = 0; a < channels; ++a)
        for (std::int64_t b = a; b < channels; ++b)
            values.push_back(static_cast<T>(at(a, b)));
    return packed(values);
}

/// The Gram matrix as its diagonal and the shares g(a,b)/√(g(a,a)·g(b,b)), 65535 for 1: as exact as
/// the page's three digits, in half the room.
json gram_of(const explanation& seen) {
    const auto c = seen.channels();
    const auto at = [&](std::int64_t a, std::int64_t b) {
        return seen.gram[static_cast<std::size_t>(a * c + b)];
    };
    std::vector<float> diagonal;
    for (std::int64_t k = 0; k < c; ++k)
        diagonal.push_back(at(k, k));
    const auto share = [&](std::int64_t a, std::int64_t b) {
        const double most = std::sqrt(static_cast<double>(at(a, a)) * at(b, b));
        return most > 0 ? std::round(std::clamp(at(a, b) / most, 0.0, 1.0) * 65535) : 0;
    };
    return {{"diagonal", packed(diagonal)}, {"shares", packed_triangle<std::uint16_t>(c, share)}};
}

/// From −1 to 1, 32767 for 1.
std::string correlation_of(const explanation& seen) {
    const auto c = seen.channels();
    return packed_triangle<std::int16_t>(c, [&](std::int64_t a, std::int64_t b) {
        return std::round(seen.correlation[static_cast<std::size_t>(a * c + b)] * 32767);
    });
}

json counts_of(const co_occurrence& together) {
    const auto count = [&](std::int64_t a, std::int64_t b) { return together.both(a, b); };
    const auto c = together.channels();
    const bool small = together.positions() < 65536;
    return {{"bytes", small ? 2 : 4},
            {"values", small ? packed_triangle<std::uint16_t>(c, count)
                             : packed_triangle<std::uint32_t>(c, count)}};
}

/// Maps as bytes, 255 where a channel is at the peak; made smaller until all of them fit.
json maps_of(const explanation& seen, const std::vector<float>& peak) {
    const auto& s = seen.map.shape();
    const double shrink = std::min(
        1.0, std::sqrt(static_cast<double>(map_bytes) / static_cast<double>(s.elements())));
    const auto shrunk = [&](std::int64_t side) {
        return std::max<std::int64_t>(
            1, static_cast<std::int64_t>(shrink * static_cast<double>(side)));
    };
    const auto h = shrunk(s.h), w = shrunk(s.w);
    const auto maps = image::resize_planes(seen.map, h, w);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(s.c * h * w));
    for (std::int64_t k = 0; k < s.c; ++k) {
        const float top = peak[static_cast<std::size_t>(k)], scale = top > 0 ? 255 / top : 0;
        for (std::int64_t i = k * h * w; i < (k + 1) * h * w; ++i)
            bytes[static_cast<std::size_t>(i)] =
                static_cast<std::uint8_t>(std::clamp(maps.data()[i] * scale + 0.5f, 0.0f, 255.0f));
    }
    return {{"rows", h}, {"columns", w}, {"values", packed(bytes)}};
}

json picture_of(const explained_picture& one, const std::vector<float>& peak) {
    const auto& s = one.pixels.shape();
    const auto [height, width] = image::fit(s.h, s.w, picture_side);
    const auto& seen = *one.seen;
    return {{"title", one.title},
            {"uri", data_uri(one.pixels, picture_side)},
            {"width", width},
            {"height", height},
            {"positions", seen.together.positions()},
            {"maps", maps_of(seen, peak)},
            {"gram", gram_of(seen)},
            {"both", counts_of(seen.together)}};
}

/// Where channels begin to fire, as shares of their peaks.
json thresholds_of(const explanation& seen) {
    auto shares = json::array();
    for (std::size_t k = 0; k < seen.peak.size(); ++k) {
        const double share = seen.peak[k] > 0 ? seen.together.thresholds()[k] / seen.peak[k] : 1;
        shares.push_back(std::round(share * 1e4) / 1e4);
    }
    return shares;
}

json pairs_json(const std::vector<channel_pair>& pairs) {
    auto list = json::array();
    for (const auto& pair : pairs)
        list.push_back({pair.a, pair.b});
    return list;
}

/// Smaller where a patch has less room than it is large.
image::picture fitted(image::picture_view patch, std::int64_t room) {
    const auto& s = patch.shape();
    return image::resize(patch, std::min(s.h, room), std::min(s.w, room));
}

/// All patches in one picture: a square of three by three for each channel, in rows of squares.
json sheet_of(const channel_patches& patches) {
    std::int64_t side = 1;
    for (const auto& channel : patches)
        for (const auto& patch : channel)
            side = std::max(side, patch.shape().h);
    const auto count = std::ssize(patches);
    const auto across = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count)))));
    side = std::min(side, std::max<std::int64_t>(8, longest_sheet / (3 * across)));
    image::picture sheet({1, 3, (count + across - 1) / across * 3 * side, across * 3 * side});
    std::ranges::fill(sheet, 0.5f);
    auto found = json::array();
    for (std::int64_t k = 0; k < count; ++k) {
        const auto& channel = patches[static_cast<std::size_t>(k)];
        found.push_back(channel.size());
        for (std::int64_t i = 0; i < std::min<std::int64_t>(9, std::ssize(channel)); ++i)
            image::paste(fitted(channel[static_cast<std::size_t>(i)], side),
                         (k % across * 3 + i % 3) * side, (k / across * 3 + i / 3) * side, sheet);
    }
    const auto longest = std::max(sheet.shape().h, sheet.shape().w);
    return {{"side", side},
            {"across", across},
            {"found", found},
            {"uri", data_uri(sheet, longest, 85)}};
}

}  // namespace

std::string explain_page(const explained_picture& style, const channel_patches& patches,
                         const explained_picture& picture) {
    const auto& seen = *style.seen;
    const auto c = seen.channels();
    json data{{"layer", seen.layer},
              {"channels", c},
              {"style", picture_of(style, seen.peak)},
              {"thresholds", thresholds_of(seen)},
              {"order", seriation(seen.correlation, c)},
              {"correlation", correlation_of(seen)},
              {"strongest",
               {{"correlation", pairs_json(strongest_pairs(seen.correlation, c, strongest_listed))},
                {"gram", pairs_json(strongest_pairs(seen.gram, c, strongest_listed))}}},
              {"patches", sheet_of(patches)}};
    if (picture.seen != nullptr) {
        data["strongest"]["wanted"] =
            pairs_json(most_different_pairs(seen, *picture.seen, strongest_listed));
        data["picture"] = picture_of(picture, seen.peak);
    }
    return make_page(explain_page_kind(), "The style of " + style.title, data);
}

}  // namespace impasto::insight
