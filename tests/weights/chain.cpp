// Networks whose tensors have names that nobody knows.

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/weights/safetensors.hpp>
#include <impasto/weights/weights.hpp>

#include "weights/complaint.hpp"
#include "weights/natural_order.hpp"

using namespace impasto;
using Catch::Matchers::Contains;

namespace {

/// Tensors in the order in which the file is to have them.
class ordered_file {
public:
    using extents = std::vector<std::int64_t>;

    ordered_file& add(const std::string& name, const extents& shape) {
        std::size_t elements = 1;
        for (const auto extent : shape)
            elements *= static_cast<std::size_t>(extent);
        auto& values = values_.emplace_back(elements);
        for (std::size_t i = 0; i < elements; ++i)
            values[i] = static_cast<float>((i * 7 + values_.size()) % 64) / 32 - 1;
        tensors_.push_back({name, shape, {}});
        return *this;
    }
    ordered_file& add_layer(const std::string& name, std::int64_t out, std::int64_t in) {
        return add(name + ".w", {out, in, 3, 3}).add(name + ".b", {out});
    }
    /// The first layers of a VGG, in the order and under the names given.
    ordered_file& add_chain(const std::vector<std::string>& names, const nn::topology& known) {
        auto name = names.begin();
        for (const nn::layer& row : known.layers)
            if (!row.is_pool() && name != names.end())
                add_layer(*name++, row.out_channels, row.in_channels);
        return *this;
    }

    [[nodiscard]] std::vector<std::byte> bytes() const {
        auto tensors = tensors_;
        for (std::size_t i = 0; i < tensors.size(); ++i)
            tensors[i].values = values_[i];
        return weights::safetensors::serialize(tensors, {},
                                               weights::safetensors::precision::float32);
    }
    [[nodiscard]] nn::network load(const weights::load_options& options = {}) const {
        return weights::to_network(
            weights::open(std::make_shared<const mapped_file>("some.file", bytes())), options);
    }
    [[nodiscard]] std::string complaint() const { return test::complaint(bytes()); }
    [[nodiscard]] const std::vector<float>& values(const std::string& name) const {
        const auto found =
            std::ranges::find(tensors_, name, &weights::safetensors::named_values::name);
        return values_.at(static_cast<std::size_t>(found - tensors_.begin()));
    }

private:
    std::vector<weights::safetensors::named_values> tensors_;
    std::vector<std::vector<float>> values_;
};

const std::vector<std::string> eight{"e.a1", "e.a2", "e.b1", "e.b2",
                                     "e.c1", "e.c2", "e.c3", "e.d1"};

}  // namespace

TEST_CASE("a VGG under unknown names is recognised by its chain of shapes") {
    ordered_file file;
    file.add_chain(eight, nn::vgg16)
        .add("side.w", {1, 64, 1, 1})
        .add("side.b", {1})
        .add("narrow.w", {21, 64, 3, 3})
        .add("narrow.b", {21})
        .add("project.w", {64, 512, 1, 1})
        .add("project.b", {64})
        .add("classes.w", {10, 512})
        .add("classes.b", {10});
    const auto network = file.load();
    CHECK(network.name == "vgg16");
    REQUIRE(network.filters.size() == 8);
    CHECK(nn::name_of(network.layers.back()) == "conv4_1");
    for (std::size_t i = 0; i < eight.size(); ++i) {
        CHECK(std::ranges::equal(network.filters[i].weights, file.values(eight[i] + ".w")));
        CHECK(std::ranges::equal(network.filters[i].bias, file.values(eight[i] + ".b")));
    }
    CHECK_THAT(network.note,
               Contains("some.file: its names are unknown; by their chain of shapes, 8 filters "
                        "from \"e.a1.w\" to \"e.d1.w\" are taken for vgg16 up to conv4_1") &&
                   Contains("left out: \"side.w\" and 3 more") &&
                   Contains("the preprocessing is a guess") && Contains("torchvision's, rgb"));
    CHECK(network.note.find("some.file", 1) == std::string::npos);
    CHECK_THAT(file.load({.preprocessing = nn::caffe_preprocessing}).note,
               Contains("taken for vgg16") && !Contains("a guess"));
}

TEST_CASE("shapes alone do not tell whose network it is, not even of a VGG-13") {
    ordered_file file;
    file.add_chain({"a", "b", "c", "d", "e", "f", "g"}, nn::vgg13);
    CHECK(file.load().name == "vgg13");
    CHECK_THAT(file.load().note, Contains("the preprocessing is a guess"));
}

TEST_CASE("the order of the names counts where that of the file is no chain") {
    ordered_file file;
    file.add_layer("layer10", 128, 64).add_layer("layer9", 64, 64).add_layer("layer2", 64, 3);
    const auto network = file.load();
    REQUIRE(network.filters.size() == 3);
    CHECK(std::ranges::equal(network.filters[1].weights, file.values("layer9.w")));
}

TEST_CASE("the order of the file counts where that of the names is no chain") {
    ordered_file file;
    file.add_layer("stem", 64, 3).add_layer("more", 64, 64).add_layer("deep", 128, 64);
    CHECK(std::ranges::equal(file.load().filters.at(2).weights, file.values("deep.w")));
}

TEST_CASE("two orders that are both a chain are refused") {
    ordered_file file;
    file.add_chain({"a", "b", "c", "d", "e", "g", "f"}, nn::vgg16);
    CHECK_THAT(file.complaint(), Contains("tensor \"g.w\"") && Contains("\"f.w\"") &&
                                     Contains("both orders form a VGG"));
}

TEST_CASE("filters that are no chain are refused, and the first in the way is named") {
    ordered_file two;
    two.add_chain({"a1", "a2", "a3"}, nn::vgg16).add_chain({"b1", "b2", "b3"}, nn::vgg16);
    CHECK_THAT(two.complaint(), Contains("tensor \"b1.w\": [64,3,3,3] cannot be conv2_2 of vgg19"));

    ordered_file missing;
    missing.add_layer("a1", 64, 3).add_layer("a3", 128, 64).add_layer("a4", 128, 128);
    CHECK_THAT(missing.complaint(), Contains("tensor \"a4.w\"") || Contains("tensor \"a3.w\""));

    ordered_file longer;
    std::vector<std::string> names;
    for (char c = 'a'; c <= 'p'; ++c)
        names.emplace_back(1, c);
    longer.add_chain(names, nn::vgg19).add_layer("q", 512, 512);
    CHECK_THAT(longer.complaint(), Contains("tensor \"q.w\": [512,512,3,3] comes after the last "
                                            "convolution of vgg19"));
}

TEST_CASE("what has no chain at all is no known network") {
    ordered_file file;
    file.add_layer("a", 64, 3).add_layer("b", 64, 64);
    CHECK_THAT(file.complaint(), Contains("no known network"));
    ordered_file inner;
    inner.add_layer("a", 64, 64).add_layer("b", 128, 64).add_layer("c", 128, 128);
    CHECK_THAT(inner.complaint(), Contains("no known network"));
}

TEST_CASE("a network in slices is not taken for its first slice alone") {
    ordered_file file;
    const auto add = [&](const std::string& name, std::int64_t out, std::int64_t in) {
        file.add(name + ".weight", {out, in, 3, 3}).add(name + ".bias", {out});
    };
    add("slice1.0", 64, 3), add("slice1.2", 64, 64);
    add("slice2.5", 128, 64), add("slice2.7", 128, 128);
    const auto network = file.load();
    REQUIRE(network.filters.size() == 4);
    CHECK(std::ranges::equal(network.filters[3].weights, file.values("slice2.7.weight")));
    CHECK_THAT(network.note, Contains("chain of shapes"));
}

TEST_CASE("a bias is the vector of the same module, else the tensor behind the filter") {
    ordered_file flat;
    flat.add("0", {64, 3, 3, 3}).add("1", {64});
    flat.add("2", {64, 64, 3, 3}).add("3", {64}).add("4", {3, 3, 64, 128}).add("5", {128});
    const auto network = flat.load();
    CHECK(std::ranges::equal(network.filters.at(1).bias, flat.values("3")));

    ordered_file none;
    none.add("a.w", {64, 3, 3, 3}).add("b.w", {64, 64, 3, 3}).add("c.w", {128, 64, 3, 3});
    CHECK_THAT(none.complaint(), Contains("tensor \"a.w\": has 0 vectors [64] beside it"));

    ordered_file scaled;
    scaled.add("a.b", {64}).add("a.w", {64, 3, 3, 3}).add("a.z", {64});
    scaled.add_layer("b", 64, 64).add_layer("c", 128, 64);
    CHECK(scaled.complaint() != "");
}

TEST_CASE("a BatchNorm under unknown names is not passed over") {
    ordered_file file;
    file.add_chain(eight, nn::vgg16).add("e.n1.scale", {64});
    CHECK_THAT(file.complaint(), Contains("\"e.n1.scale\": may belong to a BatchNorm"));
}

TEST_CASE("natural order counts") {
    using weights::naturally_less;
    CHECK(naturally_less("conv2d_9", "conv2d_10"));
    CHECK(!naturally_less("conv2d_10", "conv2d_9"));
    CHECK(naturally_less("conv2d", "conv2d_1"));
    CHECK(naturally_less("block1/b", "block2/a"));
    CHECK(!naturally_less("a", "a"));
}
