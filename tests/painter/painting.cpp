#include <impasto/painter/painting.hpp>

#include <cstring>
#include <filesystem>

#include <catch2/catch.hpp>

#include <impasto/core/file.hpp>
#include <impasto/image/color.hpp>
#include <impasto/weights/safetensors.hpp>

#include "painter/scene.hpp"
#include "support/temporary_folder.hpp"

using namespace impasto;
using test::bytes_of;
using test::quick;
using test::scene;

namespace {

brief brief_of(const scene& s) {
    return {.photo = s.photo, .paintings = {s.painting}};
}

stylize_options two_scales() {
    auto options = quick();
    options.size = 60;
    options.scales = 2;
    options.iterations = 5;
    return options;
}

image::picture to_the_end(painting<cpu>& picture) {
    while (!picture.finished())
        (void)picture.step();
    return picture.picture();
}

}  // namespace

TEST_CASE("a painting that is stepped is the one that stylize paints") {
    const scene s;
    context<cpu> ctx;
    const auto options = two_scales();
    painting<cpu> picture(ctx, s.net, brief_of(s), options);
    std::vector<std::pair<int, int>> seen;
    while (!picture.finished()) {
        const auto at = picture.step();
        seen.emplace_back(at.scale, at.iteration);
    }
    CHECK(seen.size() == 8 + 5);
    CHECK(seen[7] == std::pair{0, 8});
    CHECK(seen[8] == std::pair{1, 1});
    CHECK(bytes_of(picture.picture()) ==
          bytes_of(stylize(ctx, s.net, s.photo, s.painting.view(), options)));
    CHECK_THROWS_WITH(picture.step(), Catch::Contains("finished"));
}

TEST_CASE("a saved painting goes on to the same bytes, with every optimiser and from any step") {
    const scene s;
    const test::temporary_folder folder;
    const auto file = folder / "painting.safetensors";
    context<cpu> ctx;
    auto options = two_scales();
    options.optimizer = GENERATE(optimizer::lbfgs, optimizer::adam, optimizer::gradient_descent);
    options.average = GENERATE(0.0, 0.9);
    options.history = 3;  // less than the steps, so that pairs have been dropped
    painting<cpu> whole(ctx, s.net, brief_of(s), options);
    const auto expected = bytes_of(to_the_end(whole));
    for (const int steps : {0, 1, 6, 8, 11, 13}) {
        CAPTURE(static_cast<int>(options.optimizer), options.average, steps);
        painting<cpu> begun(ctx, s.net, brief_of(s), options);
        for (int i = 0; i < steps; ++i)
            (void)begun.step();
        begun.save(file);
        painting<cpu> resumed(ctx, s.net, brief_of(s), options);
        resumed.load(file);
        CHECK(bytes_of(resumed.picture()) == bytes_of(begun.picture()));
        CHECK(bytes_of(to_the_end(resumed)) == expected);
    }
}

TEST_CASE("a saved painting is refused where anything that it depends on is another") {
    const scene s;
    const test::temporary_folder folder;
    const auto file = folder / "painting.safetensors";
    context<cpu> ctx;
    const auto options = two_scales();
    painting<cpu>(ctx, s.net, brief_of(s), options).save(file);
    const auto refused = [&](const nn::network& net, const brief& what,
                             const stylize_options& how) {
        painting<cpu> other(ctx, net, what, how);
        try {
            other.load(file);
        } catch (const format_error& e) {
            return std::string(e.what());
        }
        return std::string("accepted");
    };
    CHECK(refused(s.net, brief_of(s), options) == "accepted");
    const std::string complaint = file.string() + ": a saved painting of a run with other ";
    CHECK_THAT(refused(s.net, {.photo = s.painting, .paintings = {s.painting}}, options),
               Catch::StartsWith(complaint + "photo"));
    CHECK_THAT(refused(s.net, {.photo = s.photo, .paintings = {s.photo}}, options),
               Catch::StartsWith(complaint + "paintings"));
    auto hotter = options;
    hotter.style_weight = 101;
    CHECK_THAT(refused(s.net, brief_of(s), hotter), Catch::StartsWith(complaint + "options"));
    auto net = weights::built_in();
    net.filters[3].bias.data()[5] += 1e-3f;
    CHECK_THAT(refused(net, brief_of(s), options), Catch::StartsWith(complaint + "network"));
}

TEST_CASE("a saved painting that is cut short or something else is refused by its name") {
    const scene s;
    const test::temporary_folder folder;
    const auto file = folder / "painting.safetensors", broken = folder / "broken.safetensors";
    context<cpu> ctx;
    painting<cpu> picture(ctx, s.net, brief_of(s), two_scales());
    (void)picture.step();
    picture.save(file);
    const auto all = read_file(file, 1 << 30);
    for (const std::size_t part : {1, 2, 3, 7}) {
        write_atomically(broken, std::span(all).first(all.size() * part / 8));
        CHECK_THROWS_WITH(picture.load(broken), Catch::Contains(broken.string()));
    }
    CHECK_THROWS_AS(picture.load(folder / "missing"), io_error);
    write_atomically(broken, std::as_bytes(std::span("{}")));
    CHECK_THROWS_AS(picture.load(broken), format_error);
}

TEST_CASE("a saved painting that stands where no run can stand is refused") {
    const scene s;
    const test::temporary_folder folder;
    const auto file = folder / "painting.safetensors", changed = folder / "changed.safetensors";
    context<cpu> ctx;
    painting<cpu> picture(ctx, s.net, brief_of(s), two_scales());
    (void)picture.step();
    picture.save(file);
    const auto with = [&](const std::string& entry, std::int64_t value) {
        auto all = read_file(file, 1 << 30);
        const auto kept = weights::safetensors::parse(all, "saved");
        const auto at = kept.find(entry)->bytes.data() - all.data();
        std::memcpy(all.data() + at, &value, sizeof(value));
        write_atomically(changed, all);
    };
    for (const std::int64_t iteration : {-1, 9, 1 << 30}) {  // the first scale has 8
        with("iteration", iteration);
        CHECK_THROWS_WITH(picture.load(changed), Catch::Contains(std::to_string(iteration)));
    }
    with("scale", 2);
    CHECK_THROWS_WITH(picture.load(changed), Catch::Contains("scale 2"));
    with("iteration", 8);
    CHECK_NOTHROW(picture.load(changed));
}

TEST_CASE("a brief without a photo has a size of its own, and nothing that a photo would give") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.content_layers = {};
    options.start = start::noise;
    options.iterations = 2;
    const brief what{.paintings = {s.painting}, .size = {40, 56}};
    options.size = 0;
    CHECK(paint(ctx, s.net, what, options).shape() == shape{1, 3, 40, 56});
    const auto refused = [&](auto&& change) {
        auto other = options;
        change(other);
        CHECK_THROWS_AS(painting<cpu>(ctx, s.net, what, other), option_error);
    };
    refused([](auto& o) { o.start = start::content; });
    refused([](auto& o) { o.original_colors = true; });
    refused([](auto& o) { o.content_layers = {{"relu4_2", 1}}; });
    CHECK_THROWS_WITH(painting<cpu>(ctx, s.net, {.paintings = {s.painting}}, options),
                      Catch::Contains("0x0 has no pixels"));
}

TEST_CASE("Adam goes on at the next scale with the moments of the one before") {
    const scene s;
    context<cpu> ctx;
    auto options = two_scales();
    options.optimizer = optimizer::adam;
    options.start_noise = 0;
    painting<cpu> picture(ctx, s.net, brief_of(s), options);
    for (int i = 0; i < 8; ++i)
        (void)picture.step();
    const auto before = image::resize(picture.picture(), 40, 60);
    (void)picture.step();
    const auto after = picture.picture();
    REQUIRE(after.shape() == before.shape());
    // The first step of a new Adam moves every pixel by its learning rate, whatever the gradient;
    // one that goes on moves those less whose gradients changed their signs.
    double moved = 0;
    for (std::int64_t i = 0; i < after.size(); ++i)
        moved += std::abs(after.data()[i] - before.data()[i]) / static_cast<double>(after.size());
    CHECK(moved < 0.75 * 0.02);
}
