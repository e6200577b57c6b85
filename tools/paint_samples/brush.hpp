#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "canvas.hpp"

/// Oil paint: strokes of two colours that follow a flow, with bristle marks and thickness.
namespace samples {

/// Lengths in pixels of the finished picture.
struct stroke {
    vec2 middle;
    float length, width;
    vec3 paint, second_paint;  ///< the brush is loaded with two, side by side
    float thickness;           ///< of the paint, about 0 to 1
    std::uint32_t seed;
};

/// Unit direction of the brush at a point.
using flow = std::function<vec2(vec2)>;

class easel {
public:
    easel(int width, int height, vec3 ground);
    void paint(const stroke& mark, const flow& direction);

    /// The painting in raking light from the upper left, at its finished size.
    canvas photograph() const;

private:
    struct dab {
        vec2 at, along;
        float progress;  ///< 0 at the stroke's start, 1 at its end
    };
    std::vector<dab> path(const stroke& mark, const flow& direction) const;
    void touch(const stroke& mark, const dab& d, int x, int y);

    canvas colour_;
    std::vector<float> relief_;
    std::vector<std::uint32_t> touched_;  ///< last stroke to have painted a pixel
    std::uint32_t strokes_ = 0;
};

}  // namespace samples
