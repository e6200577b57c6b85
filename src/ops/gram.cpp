#include <impasto/ops/gram.hpp>

#include <string>

#include "ops/checks.hpp"

namespace impasto::ops::detail {

void expect_gram(const char* operation, const form& features, const form& gram) {
    const auto& map = features.extents;
    if (map.n != 1 || !(gram.extents == shape{1, 1, map.c, map.c}))
        throw shape_error(std::string(operation) + ": features " + to_string(map) +
                          " and Gram matrix " + to_string(gram.extents) + " disagree");
    expect_map_order(operation, "features", features);
}

void expect_gram_backward(const form& features, const form& d_gram, const form& gradient) {
    expect_gram("gram_backward", features, d_gram);
    expect_alike("gram_backward", "gradient", features, gradient);
}

void expect_gram_error(const form& gram, const form& target, const form& d_gram, const form& sum) {
    expect_shape("gram_error", "target", gram.extents, target.extents);
    if (!d_gram.empty)
        expect_shape("gram_error", "d_gram", gram.extents, d_gram.extents);
    expect_slots("gram_error", "sum", 1, sum);
}

}  // namespace impasto::ops::detail
