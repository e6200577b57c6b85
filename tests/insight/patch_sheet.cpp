#include <impasto/insight/patch_sheet.hpp>

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/image/crop.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using namespace impasto::insight;
using Catch::Matchers::Contains;

namespace {

constexpr nn::receptive_field field{24, 4, -10};

sheet_panel panel_of(const std::string& title, std::int64_t units, std::int64_t patches) {
    sheet_panel panel{.title = title, .note = "24x24 pixels", .field = field, .units = {}};
    for (std::int64_t k = 0; k < units; ++k) {
        auto& unit = panel.units.emplace_back(unit_patch_list{.channel = 3 * k, .patches = {}});
        for (std::int64_t i = 0; i < patches; ++i)
            unit.patches.push_back({static_cast<float>(9 - i), (k + i) % 5, i, k});
    }
    return panel;
}

bool is_hatch(const image::picture& shown, std::int64_t y, std::int64_t x) {
    const auto pixels = shown.shape().pixels();
    const float* v = shown.data() + y * shown.shape().w + x;
    return v[0] >= 0.75f && v[0] == v[pixels] && v[0] == v[2 * pixels];
}

}  // namespace

TEST_CASE("a box of pixels is shown as it is, and what lies outside the picture is hatched") {
    context<cpu> ctx;
    const auto pixels = to_tensor(ctx, random_map(3, 11, 9, 1, 0, 0.5));
    const auto shown = show_box(pixels, {-3, 6, 8, 8}, 8);
    for (std::int64_t y = 0; y < 8; ++y)
        for (std::int64_t x = 0; x < 8; ++x) {
            CAPTURE(y, x);
            const bool inside = x - 3 >= 0 && y + 6 < 11;
            CHECK(is_hatch(shown, y, x) == !inside);
            if (inside)
                CHECK(shown.data()[y * 8 + x] == pixels.data()[(y + 6) * 9 + x - 3]);
        }
}

TEST_CASE("few pixels are shown as squares, many smoothly, at the same place") {
    const auto white = filled({1, 3, 300, 300}, layout::nchw, 0.2f);
    for (const std::int64_t size : {1, 3, 5, 8, 14, 40, 68, 252})
        for (const std::int64_t side : {1, 17, 64}) {
            CAPTURE(size, side);
            const auto shown = show_box(white, {300 - (size + 1) / 2, 0, size, size}, side);
            REQUIRE(shown.shape() == shape{1, 3, side, side});
            if (side < 64)
                continue;
            const auto edge = ((size + 1) / 2 * side) / size;
            CHECK(shown.data()[edge / 2] == Approx(0.2f).margin(1e-3));
            if (size > 1)
                CHECK(is_hatch(shown, 0, std::min(edge + 1, side - 1)));
        }
    CHECK(is_hatch(show_box(white, {300, 300, 9, 9}, 20), 10, 10));
    CHECK_THROWS_AS(show_box(white, {0, 0, 9, 9}, 0), option_error);
    CHECK_THROWS_AS(show_box(white, {0, 0, 0, 9}, 9), option_error);
}

TEST_CASE("a gradient is grey where it is zero") {
    auto gradient = filled({1, 3, 10, 10}, layout::nchw, 0);
    for (const float v : show_gradient(gradient))
        CHECK(v == 0.5f);
    gradient.data()[7] = 2;
    gradient.data()[8] = -1;
    gradient.data()[9] = -2;
    const auto shown = show_gradient(gradient);
    CHECK(shown.data()[6] == 0.5f);
    CHECK(shown.data()[7] == 1);
    CHECK(shown.data()[8] == 0.25f);
    CHECK(shown.data()[9] == 0);
    for (std::int64_t i = 100; i < 300; ++i)
        gradient.data()[i] = 0.5f;
    gradient.data()[100] = 50;  // with 2 and -2 more than a hundredth of 203
    CHECK(show_gradient(gradient).data()[100] == 1);
    CHECK(show_gradient(gradient).data()[8] == 0.25f);
}

TEST_CASE("every patch has a place of its own on the page, and its pixels are there") {
    context<cpu> ctx;
    for (const auto& [units, patches, top] :
         {std::tuple{7, 9, 9}, {1, 1, 1}, {16, 3, 9}, {5, 5, 5}, {2, 2, 17}}) {
        const sheet_options options{.side = 24, .top = top, .blocks = 3};
        const std::vector panels{panel_of("Layer 1", units, patches), panel_of("Layer 2", 3, 0),
                                 panel_of("Layer 3", units, 1)};
        patch_sheet sheet(panels, options);
        const auto [n, c, height, width] = sheet.page().shape();
        std::vector<box> taken;
        std::size_t slots = 0;
        for (const auto number : sheet.pictures()) {
            const auto pixels =
                to_tensor(ctx, random_map(3, 90, 90, static_cast<unsigned>(number), 0, 1));
            sheet.draw(number, pixels);
            for (const auto& slot : sheet.slots_of(number)) {
                ++slots;
                CHECK(slot.patch.picture == number);
                CHECK(sheet.box_of(slot) == field.of_unit(slot.patch.row, slot.patch.column));
                const auto expected = show_box(pixels, sheet.box_of(slot), 24);
                CHECK(same_bytes(image::crop(sheet.page(), {slot.x, slot.y, 24, 24}), expected));
                for (std::int64_t block = 0; block < 3; ++block) {
                    const auto square =
                        filled({1, 3, 24, 24}, layout::nchw, 0.1f * static_cast<float>(block));
                    const auto before = to_map(ctx, sheet.page());
                    sheet.place(slot, block, square);
                    std::int64_t left = width, upper = height, changed = 0;
                    for (std::int64_t y = 0; y < height; ++y)
                        for (std::int64_t x = 0; x < width; ++x)
                            if (static_cast<float>(before.at(0, y, x)) !=
                                sheet.page().data()[y * width + x])
                                left = std::min(left, x), upper = std::min(upper, y), ++changed;
                    CHECK(changed > 0);
                    for (const auto& other : taken)
                        CHECK((left + 24 <= other.x || other.x + other.width <= left ||
                               upper + 24 <= other.y || other.y + other.height <= upper));
                    taken.push_back({left, upper, 24, 24});
                    if (taken.size() > 60)
                        return;
                }
            }
        }
        CHECK(slots == static_cast<std::size_t>(units * (patches + 1)));
    }
}

TEST_CASE("activations are written in few letters, without powers of ten below a trillion") {
    for (const auto& [value, text] : {std::pair{0.0, "0"},
                                      {0.01234, "0.0123"},
                                      {12.34, "12.3"},
                                      {999.4, "999"},
                                      {999.7, "1000"},
                                      {3537.6, "3538"},
                                      {9999.4, "9999"},
                                      {9999.6, "10k"},
                                      {12'345.0, "12k"},
                                      {999'400.0, "999k"},
                                      {999'600.0, "1.0M"},
                                      {9'960'000.0, "10M"},
                                      {2.5e9, "2.5G"},
                                      {2e12, "2e+12"},
                                      {-3537.6, "-3538"}})
        CHECK(activation_text(value) == text);
}

TEST_CASE("a page that would be too large is refused before it is made") {
    const std::vector panels{panel_of("x", 100, 1)};
    CHECK_THROWS_WITH(patch_sheet(panels, {.side = 1000, .top = 9, .blocks = 1}),
                      Contains("fewer channels"));
    CHECK_THROWS_AS(patch_sheet(panels, {.side = 0}), option_error);
    CHECK_THROWS_AS(patch_sheet(panels, {.top = 0}), option_error);
    patch_sheet sheet({panel_of("x", 1, 1)}, {});
    const auto& slot = sheet.slots_of(0)[0];
    CHECK_THROWS_AS(sheet.place(slot, 0, filled({1, 3, 63, 64}, layout::nchw, 0)), shape_error);
    CHECK_THROWS_AS(sheet.place(slot, 1, filled({1, 3, 64, 64}, layout::nchw, 0)), option_error);
}
