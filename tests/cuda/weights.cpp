#include <impasto/weights/activations.hpp>

#include <catch2/catch.hpp>

#include <impasto/weights/weights.hpp>

using namespace impasto;

TEST_CASE("a GPU finds in the built-in network what it is known to do") {
    context<cuda> there;
    const auto found = weights::verify(there, weights::built_in());
    CHECK(found.known_as == "the built-in network");
    CHECK(found.faults.empty());
}

TEST_CASE("filters normalised on a GPU are those normalised on the CPU") {
    context<cpu> here;
    context<cuda> there;
    auto expected = weights::built_in(), found = weights::built_in();
    const auto picture = weights::test_picture();
    const image::picture_view pictures[] = {picture.view()};
    weights::normalize_activations(here, expected, pictures);
    weights::normalize_activations(there, found, pictures);
    for (std::size_t i = 0; i < expected.filters.size(); ++i)
        for (std::int64_t k = 0; k < expected.filters[i].bias.size(); ++k)
            CHECK(found.filters[i].bias.data()[k] ==
                  Approx(expected.filters[i].bias.data()[k]).epsilon(1e-3));
}
