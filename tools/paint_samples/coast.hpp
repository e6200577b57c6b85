#pragma once

#include "vec.hpp"

/// The harbor's solid world as signed distances, in metres; y is up, the sea is at y = 0.
namespace samples {

enum class material { land, whitewash, red_paint, iron, lamp, plaster, roof, leaves, hull, sail };

struct surface {
    float distance;
    material kind;
};

inline constexpr vec3 tower_foot{13, 10, 74};
inline constexpr vec3 cottage_centre{25, 10, 76};
inline constexpr float cottage_turn = 0.5f;

/// Height of the ground; more octaves, finer rock.
float ground(float x, float z, int octaves);

/// The nearest surface, its distance never much overestimated.
surface nearest(vec3 p, int octaves);

}  // namespace samples
