#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <impasto/painter/stylize.hpp>
#include <impasto/weights/weights.hpp>

#include "golden/golden.hpp"

/// A small photo and painting, and options for a run of a moment.
namespace impasto::test {

inline image::picture golden_picture(const std::string& key) {
    const auto& array = golden().at(key);
    image::picture result({1, 3, array.extents[1], array.extents[2]});
    std::copy(array.values.begin(), array.values.end(), result.begin());
    return result;
}

inline std::vector<float> bytes_of(const image::picture& p) {
    return {p.begin(), p.end()};
}

struct scene {
    nn::network net = weights::built_in();
    image::picture photo = golden_picture("content");
    image::picture painting = golden_picture("style");
};

inline stylize_options quick() {
    stylize_options options;
    options.size = 43;
    options.scales = 1;
    options.iterations = 6;
    return options;
}

}  // namespace impasto::test
