#include <impasto/insight/patch_sheet.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <impasto/core/error.hpp>
#include <impasto/image/crop.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/image/text.hpp>

namespace impasto::insight {

namespace {

// Of the page, in pixels.
constexpr std::int64_t margin = 32, header = 44, label = 20;
constexpr std::int64_t tile_gap = 2, block_gap = 8, unit_gap = 24, row_gap = 20, panel_gap = 30;
constexpr double largest_page = 1 << 28;

constexpr float paper = 1, empty = 0.955f, outside = 0.93f, stripe = 0.8f;
constexpr image::text_style title_style{.height = 16, .weight = 0.14f, .color = {.1f, .1f, .12f}};
constexpr image::text_style note_style{.height = 10, .weight = 0.11f, .color = {.45f, .45f, .48f}};
constexpr image::text_style channel_style{.height = 9, .weight = 0.15f, .color = {.1f, .1f, .12f}};
constexpr image::text_style number_style{.height = 8, .weight = 0.12f, .color = {.5f, .5f, .53f}};

/// Stripes from corner to corner, which no photo has.
float hatch(std::int64_t y, std::int64_t x) {
    return (x + y) % 6 < 2 ? stripe : outside;
}

void fill(const box& where, float value, tensor_view<float, cpu> page) {
    const auto [n, c, h, w] = page.shape();
    for (std::int64_t k = 0; k < c; ++k)
        for (auto y = where.y; y < where.y + where.height; ++y)
            std::fill_n(page.data() + (k * h + y) * w + where.x, where.width, value);
}

/// Each pixel as a square.
void enlarge(image::picture_view pixels, const box& wanted, tensor_view<float, cpu> shown) {
    const auto [n, c, h, w] = pixels.shape();
    const auto side = shown.shape().w;
    for (std::int64_t y = 0; y < side; ++y)
        for (std::int64_t x = 0; x < side; ++x) {
            const auto row = wanted.y + y * wanted.height / side;
            const auto column = wanted.x + x * wanted.width / side;
            if (row < 0 || row >= h || column < 0 || column >= w)
                continue;
            for (std::int64_t k = 0; k < c; ++k)
                shown.data()[(k * side + y) * side + x] = pixels.data()[(k * h + row) * w + column];
        }
}

void resample(image::picture_view pixels, const box& wanted, tensor_view<float, cpu> shown) {
    const auto seen = clip(wanted, pixels.shape().h, pixels.shape().w);
    if (seen.width == 0 || seen.height == 0)
        return;
    const auto side = shown.shape().w;
    const auto at = [&](std::int64_t pixel, std::int64_t extent) {
        return (2 * pixel * side + extent) / (2 * extent);  // to nearest
    };
    const auto left = std::min(at(seen.x - wanted.x, wanted.width), side - 1);
    const auto top = std::min(at(seen.y - wanted.y, wanted.height), side - 1);
    const auto right = std::max(at(seen.x + seen.width - wanted.x, wanted.width), left + 1);
    const auto bottom = std::max(at(seen.y + seen.height - wanted.y, wanted.height), top + 1);
    image::paste(image::resize(image::crop(pixels, seen), bottom - top, right - left), left, top,
                 shown);
}

std::int64_t divided(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

}  // namespace

std::string activation_text(double value) {
    char text[32];
    const auto print = [&](const char* format, auto... values) {
        std::snprintf(text, sizeof text, format, values...);
        return std::string(text);
    };
    if (std::abs(value) < 999.5)
        return print("%.3g", value);
    if (std::abs(value) < 9999.5)
        return print("%.0f", value);
    for (const char suffix : {'k', 'M', 'G'}) {
        value /= 1000;
        if (std::abs(value) < 999.5)
            return print(std::abs(value) < 9.95 ? "%.1f%c" : "%.0f%c", value, suffix);
    }
    return print("%.3g", 1e9 * value);
}

image::picture show_box(image::picture_view pixels, const box& wanted, std::int64_t side) {
    if (side < 1 || wanted.width < 1 || wanted.height < 1)
        throw option_error("show_box: a box of " + std::to_string(wanted.width) + "x" +
                           std::to_string(wanted.height) + " pixels at a side of " +
                           std::to_string(side) + "; all must be at least 1");
    image::picture shown({1, 3, side, side});
    float* value = shown.data();
    for (int k = 0; k < 3; ++k)
        for (std::int64_t y = 0; y < side; ++y)
            for (std::int64_t x = 0; x < side; ++x)
                *value++ = hatch(y, x);
    const bool few = 8 * wanted.width <= side || wanted.width == side;
    (few ? enlarge : resample)(pixels, wanted, shown);
    return shown;
}

image::picture show_gradient(tensor_view<const float, cpu> gradient) {
    std::vector<float> sizes;
    for (const float v : gradient)
        if (v != 0)
            sizes.push_back(std::abs(v));
    image::picture shown(gradient.shape());
    std::ranges::fill(shown, 0.5f);
    if (sizes.empty())
        return shown;
    const auto full = sizes.begin() + std::ssize(sizes) * 99 / 100;
    std::ranges::nth_element(sizes, full);
    std::ranges::transform(gradient, shown.begin(), [&](float v) {
        return std::clamp(0.5f + 0.5f * v / *full, 0.0f, 1.0f);
    });
    return shown;
}

/// Where everything stands.
struct patch_sheet::measures {
    std::int64_t side, grid, block_width, block_height, unit_width, unit_height, columns;

    measures(const std::vector<sheet_panel>& panels, const sheet_options& options)
        : side(options.side) {
        if (options.side < 1 || options.side > 4096 || options.top < 1 || options.top > 10000 ||
            options.blocks < 1 || options.blocks > 16)
            throw option_error("patch sheet: " + std::to_string(options.top) + " patches of side " +
                               std::to_string(options.side) +
                               "; 1 to 10000 of side 1 to 4096 are possible");
        grid = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(options.top))));
        block_width = grid * (side + tile_gap) - tile_gap;
        block_height = divided(options.top, grid) * (side + tile_gap) - tile_gap;
        unit_width = options.blocks * (block_width + block_gap) - block_gap;
        unit_height = label + block_height;
        columns = choose_columns(panels);
    }

    [[nodiscard]] std::int64_t width() const {
        return 2 * margin + columns * (unit_width + unit_gap) - unit_gap;
    }
    [[nodiscard]] std::int64_t height(const sheet_panel& panel) const {
        const auto rows = divided(std::ssize(panel.units), columns);
        return header + std::max<std::int64_t>(rows * (unit_height + row_gap) - row_gap, 0);
    }
    [[nodiscard]] std::int64_t height(const std::vector<sheet_panel>& panels) const {
        auto sum = 2 * margin + (std::ssize(panels) - 1) * panel_gap;
        for (const auto& panel : panels)
            sum += height(panel);
        return sum;
    }

    /// Near a page of 3:2, with full rows where that can be.
    [[nodiscard]] std::int64_t choose_columns(const std::vector<sheet_panel>& panels) const {
        std::int64_t units = 1, most = 1;
        for (const auto& panel : panels) {
            units += std::ssize(panel.units);
            most = std::max(most, std::ssize(panel.units));
        }
        const double ideal = std::sqrt(1.5 * static_cast<double>(units * unit_height) /
                                       static_cast<double>(unit_width));
        const auto cost = [&](std::int64_t n) {
            double holes = 0;
            for (const auto& panel : panels)
                holes += static_cast<double>(divided(std::ssize(panel.units), n) * n -
                                             std::ssize(panel.units));
            return 2 * holes / static_cast<double>(units) +
                   std::abs(std::log(static_cast<double>(n) / ideal));
        };
        std::int64_t best = 1;
        for (std::int64_t n = 2; n <= most; ++n)
            if (cost(n) < cost(best))
                best = n;
        return best;
    }
};

patch_sheet::patch_sheet(const std::vector<sheet_panel>& panels, const sheet_options& options)
    : options_(options) {
    const measures size(panels, options);
    const auto width = size.width(), height = size.height(panels);
    if (static_cast<double>(width) * static_cast<double>(height) > largest_page)
        throw option_error("the page would have " + std::to_string(width) + "x" +
                           std::to_string(height) + " pixels; choose fewer channels or patches");
    page_ = image::picture({1, 3, height, width});
    std::ranges::fill(page_, paper);
    block_step_ = size.block_width + block_gap;

    auto top = margin;
    for (std::size_t i = 0; i < panels.size(); ++i) {
        const auto& panel = panels[i];
        fields_.push_back(panel.field);
        write_header(panel, top);
        for (std::int64_t k = 0; k < std::ssize(panel.units); ++k) {
            const auto x = margin + k % size.columns * (size.unit_width + unit_gap);
            const auto y = top + header + k / size.columns * (size.unit_height + row_gap);
            add_unit(size, static_cast<std::int64_t>(i), panel.units[static_cast<std::size_t>(k)],
                     x, y);
        }
        top += size.height(panel) + panel_gap;
    }
    std::ranges::stable_sort(slots_, {}, [](const auto& slot) { return slot.patch.picture; });
}

void patch_sheet::write_header(const sheet_panel& panel, std::int64_t top) {
    const auto x = static_cast<float>(margin), y = static_cast<float>(top);
    image::draw_text(page_, x, y, panel.title, title_style);
    const float after = x + image::text_width(panel.title, title_style) + 18;
    image::draw_text(page_, after, y + title_style.height - note_style.height, panel.note,
                     note_style);
}

/// The channel at the left, the range of its activations at the right, as far as there is room.
void patch_sheet::write_label(const unit_patch_list& unit, const box& where) {
    const auto x = static_cast<float>(where.x), y = static_cast<float>(where.y);
    const auto name = std::to_string(unit.channel);
    image::draw_text(page_, x, y, name, channel_style);
    if (unit.patches.empty())
        return;
    const auto strongest = activation_text(unit.patches.front().activation);
    const auto range = strongest + " - " + activation_text(unit.patches.back().activation);
    const auto width = static_cast<float>(where.width);
    const float room = width - image::text_width(name, channel_style) - 8;
    for (const auto& text : {range, strongest})
        if (const float taken = image::text_width(text, number_style); taken <= room) {
            image::draw_text(page_, x + width - taken, y + 1, text, number_style);
            return;
        }
}

void patch_sheet::add_unit(const measures& size, std::int64_t panel, const unit_patch_list& unit,
                           std::int64_t x, std::int64_t y) {
    write_label(unit, {x, y, size.block_width, label});
    const auto step = options_.side + tile_gap;
    for (std::int64_t rank = 0; rank < options_.top; ++rank) {
        const auto left = x + rank % size.grid * step;
        const auto top = y + label + rank / size.grid * step;
        for (std::int64_t block = 0; block < options_.blocks; ++block)
            fill({left + block * block_step_, top, options_.side, options_.side}, empty, page_);
        if (rank < std::ssize(unit.patches))
            slots_.push_back({.panel = panel,
                              .channel = unit.channel,
                              .rank = rank,
                              .patch = unit.patches[static_cast<std::size_t>(rank)],
                              .x = left,
                              .y = top});
    }
}

std::vector<std::int64_t> patch_sheet::pictures() const {
    std::vector<std::int64_t> numbers;
    for (const auto& slot : slots_)
        if (numbers.empty() || numbers.back() != slot.patch.picture)
            numbers.push_back(slot.patch.picture);
    return numbers;
}

std::span<const sheet_slot> patch_sheet::slots_of(std::int64_t picture) const {
    const auto picture_of = [](const sheet_slot& slot) { return slot.patch.picture; };
    return {std::ranges::lower_bound(slots_, picture, {}, picture_of),
            std::ranges::upper_bound(slots_, picture, {}, picture_of)};
}

void patch_sheet::draw(std::int64_t picture, image::picture_view pixels) {
    for (const auto& slot : slots_of(picture))
        place(slot, 0, show_box(pixels, box_of(slot), options_.side));
}

void patch_sheet::place(const sheet_slot& slot, std::int64_t block, image::picture_view square) {
    expect_shape("patch sheet", "square", {1, 3, options_.side, options_.side}, square.shape());
    if (block < 0 || block >= options_.blocks)
        throw option_error("patch sheet: block " + std::to_string(block) + " of " +
                           std::to_string(options_.blocks));
    image::paste(square, slot.x + block * block_step_, slot.y, page_);
}

}  // namespace impasto::insight
