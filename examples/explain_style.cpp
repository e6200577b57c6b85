// Which channels of a layer make a painting's style: the pairs that fire together, in figures, and
// a page on which to look at them.
//
//   explain_style PAINTING OUT.html [LAYER]
#include <impasto/core/file.hpp>
#include <impasto/impasto.hpp>
#include <impasto/insight/explain.hpp>

#include <cstdio>

int main(int argc, char** argv) try {
    if (argc != 3 && argc != 4) {
        std::fprintf(stderr, "usage: explain_style PAINTING OUT.html [LAYER]\n");
        return 2;
    }
    using namespace impasto;
    const auto network = weights::built_in();
    const auto loaded = image::load(argv[1]);
    const auto [height, width] = image::fit(loaded.shape().h, loaded.shape().w, 512);
    const auto painting = image::resize(loaded, height, width);
    context<cpu> here;

    insight::explain_options options;
    if (argc == 4)
        options.layer = argv[3];
    const auto seen = insight::explain(here, network, painting, options);

    std::printf("%s: %lld channels at %lld positions\n", seen.layer.c_str(),
                static_cast<long long>(seen.channels()),
                static_cast<long long>(seen.together.positions()));
    for (const auto& [a, b] : insight::strongest_pairs(seen.correlation, seen.channels(), 8)) {
        const auto figures = seen.together.of(a, b);
        std::printf("%3lld and %3lld  both %4.1f %%  P(b|a) %3.0f %%  lift %4.1f\n",
                    static_cast<long long>(a), static_cast<long long>(b), 100 * figures.p_both,
                    100 * figures.p_b_given_a, figures.lift);
    }

    const auto patches = insight::patches_within(network, seen, painting);
    const auto page = insight::explain_page({argv[1], painting, &seen}, patches);
    write_atomically(argv[2], std::as_bytes(std::span(page)));
} catch (const impasto::error& e) {
    std::fprintf(stderr, "explain_style: %s\n", e.what());
    return 2;
}
