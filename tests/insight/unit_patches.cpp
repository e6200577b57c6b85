#include <impasto/insight/unit_patches.hpp>

#include <algorithm>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/weights/weights.hpp>

#include "insight/networks.hpp"
#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using namespace impasto::insight;
using Catch::Matchers::Contains;

namespace {

const nn::network& small_vgg() {
    static const auto network = weights::built_in();
    return network;
}

/// Smooth noise, as photos are: a random map of low resolution, enlarged.
image::picture noise(context<cpu>& ctx, std::int64_t h, std::int64_t w, unsigned seed) {
    const auto coarse = to_tensor(ctx, random_map(3, 2 + h / 5, 2 + w / 5, seed, 0, 1));
    return image::resize(coarse, h, w);
}

/// A few pictures of odd sizes; two are the same, so that every activation has its equal.
std::vector<image::picture> pictures(context<cpu>& ctx) {
    std::vector<image::picture> all;
    all.push_back(noise(ctx, 37, 53, 1));
    all.push_back(noise(ctx, 16, 16, 2));
    all.push_back(noise(ctx, 61, 29, 3));
    all.push_back(noise(ctx, 37, 53, 1));
    all.push_back(noise(ctx, 37, 53, 5));
    all.push_back(filled({1, 3, 23, 19}, layout::nchw, 0.5f));
    return all;
}

using lists = std::vector<std::vector<unit_patch>>;  // by channel

lists of(const top_patches& found) {
    lists all;
    for (std::int64_t k = 0; k < found.channels(); ++k)
        all.emplace_back(found.of(k).begin(), found.of(k).end());
    return all;
}

bool is_central(const image::picture& picture, const std::string& layer, std::int64_t row,
                std::int64_t column) {
    const auto units = central_units(receptive_field_of(small_vgg().layers, layer),
                                     picture.shape().h, picture.shape().w);
    return row >= units.y && row < units.y + units.height && column >= units.x &&
           column < units.x + units.width;
}

/// Every position of every picture, sorted.
lists brute_force(context<cpu>& ctx, const std::vector<image::picture>& pictures,
                  const std::string& layer, std::size_t top, per_picture positions) {
    lists all;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        nn::features<float, cpu> features(ctx, small_vgg(), pictures[i].shape(),
                                          {.taps = {layer}, .backward = false});
        features.forward(ctx, pictures[i]);
        const auto map = to_map(ctx, features.tap(0));
        all.resize(static_cast<std::size_t>(map.c));
        for (std::int64_t k = 0; k < map.c; ++k) {
            std::vector<unit_patch> here;
            for (std::int64_t y = 0; y < map.h; ++y)
                for (std::int64_t x = 0; x < map.w; ++x)
                    if (map.at(k, y, x) > 0)
                        here.push_back({static_cast<float>(map.at(k, y, x)),
                                        static_cast<std::int64_t>(i), y, x,
                                        is_central(pictures[i], layer, y, x)});
            std::ranges::sort(here, precedes);
            if (positions == per_picture::one && here.size() > 1)
                here.resize(1);
            auto& list = all[static_cast<std::size_t>(k)];
            list.insert(list.end(), here.begin(), here.end());
        }
    }
    for (auto& list : all) {
        std::ranges::sort(list, precedes);
        list.resize(std::min(list.size(), top));
    }
    return all;
}

lists search(context<cpu>& ctx, const std::vector<image::picture>& pictures,
             const unit_patches_options& options, const std::vector<std::size_t>& order) {
    unit_patches found(small_vgg(), options);
    for (const auto i : order)
        found.add(ctx, pictures[i], static_cast<std::int64_t>(i));
    return of(found.found(0));
}

}  // namespace

TEST_CASE("the best patches are those of a search over all positions of all pictures") {
    context<cpu> ctx({.threads = 2});
    const auto all = pictures(ctx);
    const auto positions = GENERATE(per_picture::one, per_picture::any);
    for (const char* layer : {"relu1_1", "pool1", "relu3_2", "relu4_2"})
        for (const std::int64_t top : {1, 4, 9}) {
            CAPTURE(layer, top, positions == per_picture::one);
            const auto expected =
                brute_force(ctx, all, layer, static_cast<std::size_t>(top), positions);
            const unit_patches_options options{
                .layers = {layer}, .top = top, .positions = positions};
            CHECK(search(ctx, all, options, {0, 1, 2, 3, 4, 5}) == expected);
            CHECK(search(ctx, all, options, {5, 3, 4, 0, 2, 1}) == expected);
        }
}

TEST_CASE("of equal patches the lower picture, then row, then column comes first") {
    const unit_patch best{2, 5, 0, 0}, picture{1, 0, 9, 9}, row{1, 1, 0, 9}, column{1, 1, 3, 0},
        last{1, 1, 3, 1};
    std::vector<unit_patch> shuffled{column, last, best, row, picture};
    std::ranges::sort(shuffled, precedes);
    do {
        top_patches found(1, 4);
        for (const auto& patch : shuffled)
            found.add(0, patch);
        CHECK(of(found) == lists{{best, picture, row, column}});
    } while (std::ranges::next_permutation(shuffled, precedes).found);
}

TEST_CASE("a picture that may have one patch keeps its best, and drives out one of another once") {
    top_patches found(1, 2, per_picture::one);
    const unit_patch first{3, 0, 0, 0}, weak{1, 1, 0, 0}, better{2, 2, 4, 4}, best{4, 2, 5, 5};
    for (const auto& patch : {first, weak, better, best, better, weak})
        found.add(0, patch);
    CHECK(of(found) == lists{{best, first}});
}

TEST_CASE("what is not above zero excites nobody") {
    top_patches found(2, 3);
    found.add(0, {0, 0, 0, 0});
    found.add(0, {-1, 0, 0, 0});
    found.add(0, {not_a_number, 0, 0, 0});
    CHECK(found.of(0).empty());
    CHECK(strongest_channels(found, 5).empty());
}

TEST_CASE("parts of a map add up to the map, in any order") {
    context<cpu> ctx({.threads = 3});
    for (const auto order : feature_layouts) {
        auto values = random_map(19, 13, 11, 7);
        for (double& v : values.values)  // many equal ones
            v = std::round(8 * v);
        const auto map = to_tensor(ctx, values, order);
        const auto positions = GENERATE(per_picture::one, per_picture::any);
        top_patches whole(19, 6, positions), parts(19, 6, positions);
        map_search search;
        search.add(ctx, {.map = map, .own = {.in_tile = {0, 0, 13, 11}}}, 0, whole);
        const auto add = [&](std::int64_t row, std::int64_t rows, std::int64_t column,
                             std::int64_t columns) {
            search.add(ctx, {map, {{row, column, rows, columns}, row, column}}, 0, parts);
        };
        add(7, 6, 4, 7);
        add(0, 7, 0, 4);
        add(7, 6, 0, 4);
        add(0, 7, 4, 7);
        add(0, 0, 4, 7);
        CHECK(of(parts) == of(whole));
        CHECK(whole.of(18).size() == (positions == per_picture::one ? 1 : 6));
    }
}

TEST_CASE("several layers are found in one pass, and any number of threads finds the same bytes") {
    context<cpu> one({.threads = 1});
    const auto all = pictures(one);
    const std::vector<std::string> layers{"relu4_1", "relu1_2", "relu2_2"};
    const auto run = [&](int threads) {
        context<cpu> ctx({.threads = threads});
        unit_patches found(small_vgg(), {.layers = layers, .positions = per_picture::any});
        for (std::size_t i = 0; i < all.size(); ++i)
            found.add(ctx, all[i], static_cast<std::int64_t>(i));
        return std::vector{of(found.found(0)), of(found.found(1)), of(found.found(2))};
    };
    const auto expected = run(1);
    CHECK(run(2) == expected);
    CHECK(run(7) == expected);
    context<cpu> two({.threads = 2});
    for (std::size_t i = 0; i < layers.size(); ++i)
        CHECK(search(two, all, {.layers = {layers[i]}, .positions = per_picture::any},
                     {0, 1, 2, 3, 4, 5}) == expected[i]);
}

TEST_CASE("searches in threads of their own, each over some pictures, merge into one over all") {
    context<cpu> ctx({.threads = 2});
    const auto all = pictures(ctx);
    const auto positions = GENERATE(per_picture::one, per_picture::any);
    const unit_patches_options options{.layers = {"relu2_1"}, .top = 5, .positions = positions};
    const auto expected = search(ctx, all, options, {0, 1, 2, 3, 4, 5});
    unit_patches a(small_vgg(), options), b(small_vgg(), options), empty(small_vgg(), options);
    const auto show = [&](unit_patches<>& search, std::initializer_list<std::size_t> numbers) {
        context<cpu> own({.threads = 1});
        for (const auto i : numbers)
            search.add(own, all[i], static_cast<std::int64_t>(i));
    };
    std::thread other([&] { show(a, {3, 1, 5}); });
    show(b, {4, 0, 2});
    other.join();
    empty.merge(b);
    b.merge(a);
    a.merge(empty);
    CHECK(of(a.found(0)) == expected);
    CHECK(of(b.found(0)) == expected);
    CHECK_THROWS_AS(a.merge(unit_patches(small_vgg(), {.layers = {"relu1_1"}})), option_error);
}

TEST_CASE("tiles find what the whole picture has, at the same places") {
    context<cpu> ctx({.threads = 2});
    const auto border = GENERATE(ops::border::zero, ops::border::replicate);
    std::vector<image::picture> large;
    large.push_back(noise(ctx, 331, 267, 11));
    large.push_back(noise(ctx, 113, 401, 12));
    for (const auto& layers :
         {std::vector<std::string>{"relu4_2", "relu1_1", "pool2"}, {"pool1"}}) {
        unit_patches_options options{
            .layers = layers, .positions = per_picture::any, .view = {.border = border}};
        options.view.convolution.algorithm = ops::conv_algorithm::direct;
        unit_patches whole(small_vgg(), options);
        options.tile = 128;
        unit_patches tiled(small_vgg(), options);
        for (std::size_t i = 0; i < large.size(); ++i) {
            whole.add(ctx, large[i], static_cast<std::int64_t>(i));
            tiled.add(ctx, large[i], static_cast<std::int64_t>(i));
        }
        for (std::size_t i = 0; i < layers.size(); ++i) {
            CAPTURE(layers[i]);
            CHECK(of(tiled.found(i)) == of(whole.found(i)));
        }
    }
}

TEST_CASE("every unit of a picture is in one tile, with the value that it has in the whole") {
    context<cpu> ctx({.threads = 2});
    const std::vector<std::string> taps{"relu4_1", "pool3", "relu2_2", "relu1_1"};
    const auto pixels = noise(ctx, 217, 303, 21);
    nn::features<float, cpu> whole(ctx, small_vgg(), pixels.shape(), {.taps = taps});
    whole.forward(ctx, pixels);
    std::vector<map<double>> expected, found;
    for (std::size_t tap = 0; tap < taps.size(); ++tap) {
        expected.push_back(to_map(ctx, whole.tap(tap)));
        found.emplace_back(expected[tap].c, expected[tap].h, expected[tap].w);
    }
    std::vector<std::size_t> units(taps.size());
    tiled_features(small_vgg(), {.taps = taps}, 96)
        .visit(ctx, pixels, [&](std::size_t tap, const map_part<>& part) {
            const auto values = to_map(ctx, part.map);
            units[tap] +=
                static_cast<std::size_t>(part.own.in_tile.rows * part.own.in_tile.columns);
            for (std::int64_t k = 0; k < values.c; ++k)
                for (std::int64_t y = 0; y < part.own.in_tile.rows; ++y)
                    for (std::int64_t x = 0; x < part.own.in_tile.columns; ++x)
                        found[tap].at(k, part.own.row + y, part.own.column + x) = values.at(
                            k, part.own.in_tile.first_row + y, part.own.in_tile.first_column + x);
        });
    for (std::size_t tap = 0; tap < taps.size(); ++tap) {
        CAPTURE(taps[tap]);
        CHECK(units[tap] == static_cast<std::size_t>(expected[tap].h * expected[tap].w));
        CHECK(worst_error(found[tap].values, expected[tap].values) < 2e-5);
    }
}

TEST_CASE("the first layer of a large picture goes by bands, and no value is another for that") {
    context<cpu> ctx({.threads = 2});
    const auto border = GENERATE(ops::border::zero, ops::border::replicate);
    const auto pixels = noise(ctx, 467, 613, 22);  // a map of 37 MB
    nn::features<float, cpu> whole(
        ctx, small_vgg(), pixels.shape(),
        {.taps = {"relu1_1"}, .view = {.border = border}, .backward = false});
    whole.forward(ctx, pixels);
    const auto expected = to_map(ctx, whole.tap(0));
    map<double> found(expected.c, expected.h, expected.w);
    std::int64_t parts = 0, units = 0;
    tiled_features(small_vgg(), {.taps = {"relu1_1"}, .view = {.border = border}})
        .visit(ctx, pixels, [&](std::size_t, const map_part<>& part) {
            ++parts;
            units += part.own.in_tile.rows * part.own.in_tile.columns;
            const auto values = to_map(ctx, part.map);
            for (std::int64_t k = 0; k < values.c; ++k)
                for (std::int64_t y = 0; y < part.own.in_tile.rows; ++y)
                    for (std::int64_t x = 0; x < part.own.in_tile.columns; ++x)
                        found.at(k, part.own.row + y, part.own.column + x) = values.at(
                            k, part.own.in_tile.first_row + y, part.own.in_tile.first_column + x);
        });
    CHECK(parts > 1);
    CHECK(units == expected.h * expected.w);
    CHECK(found.values == expected.values);
}

TEST_CASE("a patch cut out, at the picture's borders or away from them, excites its unit as much") {
    context<cpu> ctx({.threads = 2});
    std::vector<image::picture> all;
    for (unsigned i = 0; i < 4; ++i)
        all.push_back(noise(ctx, 117 + 13 * i, 131 - 9 * i, 31 + i));
    const std::vector<std::string> layers{"relu1_1", "pool1", "relu2_2", "relu3_3", "relu4_2"};
    unit_patches found(small_vgg(), {.layers = layers, .top = 3, .positions = per_picture::any});
    for (std::size_t i = 0; i < all.size(); ++i)
        found.add(ctx, all[i], static_cast<std::int64_t>(i));
    for (std::size_t layer = 0; layer < layers.size(); ++layer)
        for (std::int64_t k = 0; k < found.found(layer).channels(); k += 7)
            for (const auto& patch : found.found(layer).of(k)) {
                CAPTURE(layers[layer], k, patch.picture, patch.row, patch.column);
                const auto& picture = all[static_cast<std::size_t>(patch.picture)];
                const auto stride = found.field(layer).stride;
                const auto box = crop_of_unit(found.field(layer), patch.row, patch.column,
                                              picture.shape().h, picture.shape().w);
                const auto cut = image::crop(picture, box);
                nn::features<float, cpu> alone(ctx, small_vgg(), cut.shape(),
                                               {.taps = {layers[layer]}, .backward = false});
                alone.forward(ctx, cut);
                const auto value =
                    to_map(ctx, alone.tap(0))
                        .at(k, patch.row - box.y / stride, patch.column - box.x / stride);
                CHECK(value == Approx(patch.activation).epsilon(1e-4).margin(1e-4));
            }
}

TEST_CASE("a planted pattern is found at its place at every layer") {
    context<cpu> ctx({.threads = 2});
    const auto pattern = random_map(3, 3, 3, 41);
    const auto net = test::seeking_network(nn::vgg16, pattern);
    std::vector<std::string> layers;
    for (const auto& layer : net.layers)
        layers.push_back(nn::tap_name_of(layer));
    for (const auto& [y, x] : {std::pair{0, 0}, {66, 94}, {33, 12}, {17, 91}, {65, 1}}) {
        std::vector<image::picture> all;
        for (const unsigned seed : {51u, 52u, 53u})
            all.push_back(to_tensor(ctx, random_map(3, 69, 97, seed, 0.4, 0.6)));
        for (std::int64_t k = 0; k < 3; ++k)
            for (std::int64_t i = 0; i < 9; ++i)
                all[1].data()[(k * 69 + y + i / 3) * 97 + x + i % 3] =
                    static_cast<float>(0.5 + 0.5 * pattern.at(k, i / 3, i % 3));
        unit_patches found(net, {.layers = layers, .top = 2});
        for (std::size_t i = 0; i < all.size(); ++i)
            found.add(ctx, all[i], static_cast<std::int64_t>(i));
        for (std::size_t layer = 0; layer < layers.size(); ++layer) {
            CAPTURE(layers[layer], y, x);
            const auto stride = found.field(layer).stride;
            if ((y + 1) / stride >= 69 / stride || (x + 1) / stride >= 97 / stride)
                continue;  // the pools have left this margin out
            const auto patches = found.found(layer).of(0);
            REQUIRE(patches.size() == 2);
            CHECK(patches[0].activation > 1.5f * patches[1].activation);
            CHECK(patches[0].picture == 1);
            CHECK(patches[0].row == (y + 1) / stride);
            CHECK(patches[0].column == (x + 1) / stride);
            const auto box = found.field(layer).of_unit(patches[0].row, patches[0].column);
            CHECK((box.x <= x && x + 3 <= box.x + box.width));
            CHECK((box.y <= y && y + 3 <= box.y + box.height));
        }
    }
}

TEST_CASE("unit patches refuse what cannot be") {
    context<cpu> ctx;
    const auto make = [](const unit_patches_options& options) {
        return unit_patches(small_vgg(), options);
    };
    CHECK_THROWS_WITH(make({.layers = {"relu5_1"}}), Contains("no layer \"relu5_1\""));
    CHECK_THROWS_AS(make({.layers = {"relu1_1"}, .top = 0}), option_error);
    CHECK_THROWS_WITH(make({.layers = {"relu4_2"}, .tile = 100}), Contains("at least 108"));
    auto found = make({.layers = {"relu4_2"}});
    CHECK_THROWS_WITH(found.add(ctx, filled({1, 3, 7, 90}, layout::nchw, 1), 0), Contains("90x7"));
    CHECK(std::ranges::all_of(of(found.found(0)), [](const auto& list) { return list.empty(); }));
    const auto picture = filled({1, 3, 9, 9}, layout::nchw, 1);
    CHECK_THROWS_AS(make({.layers = {}}).add(ctx, picture, 0), option_error);
    CHECK_THROWS_WITH(make({.layers = {"relu1_1", "relu1_1"}}).add(ctx, picture, 0),
                      Contains("twice"));
}
