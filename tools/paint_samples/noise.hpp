#pragma once

#include <cstdint>

#include "vec.hpp"

/// Seeded randomness that depends on nothing but its arguments.
namespace samples {

constexpr std::uint32_t scramble(std::uint32_t v) {
    v = (v ^ (v >> 16)) * 0x7feb352dU;
    v = (v ^ (v >> 15)) * 0x846ca68bU;
    return v ^ (v >> 16);
}

/// A uniform number in [0,1) for a lattice point.
constexpr float lattice(int x, int y, int z = 0) {
    const auto h = scramble(static_cast<std::uint32_t>(x) * 0x9e3779b1U ^
                            static_cast<std::uint32_t>(y) * 0x85ebca77U ^
                            static_cast<std::uint32_t>(z) * 0xc2b2ae3dU);
    return static_cast<float>(h >> 8) * 0x1p-24f;
}

/// Successive uniform numbers in [0,1).
class dice {
public:
    explicit constexpr dice(std::uint32_t seed) : state_(scramble(seed)) {}
    constexpr float operator()() {
        return static_cast<float>(scramble(state_ += 0x9e3779b9U) >> 8) * 0x1p-24f;
    }
    constexpr float between(float low, float high) { return mix(low, high, (*this)()); }

private:
    std::uint32_t state_;
};

constexpr float fade(float t) {
    return t * t * t * (t * (t * 6 - 15) + 10);
}

/// Value noise in [0,1), one cell a unit.
inline float noise(vec2 p) {
    const float fx = std::floor(p.x), fy = std::floor(p.y);
    const int x = static_cast<int>(fx), y = static_cast<int>(fy);
    const float u = fade(p.x - fx), v = fade(p.y - fy);
    return mix(mix(lattice(x, y), lattice(x + 1, y), u),
               mix(lattice(x, y + 1), lattice(x + 1, y + 1), u), v);
}

inline float noise(vec3 p) {
    const float fx = std::floor(p.x), fy = std::floor(p.y), fz = std::floor(p.z);
    const int x = static_cast<int>(fx), y = static_cast<int>(fy), z = static_cast<int>(fz);
    const float u = fade(p.x - fx), v = fade(p.y - fy), w = fade(p.z - fz);
    const auto layer = [&](int k) {
        return mix(mix(lattice(x, y, k), lattice(x + 1, y, k), u),
                   mix(lattice(x, y + 1, k), lattice(x + 1, y + 1, k), u), v);
    };
    return mix(layer(z), layer(z + 1), w);
}

/// Octaves of noise, each turned against the last to hide the lattice; in [0,1).
/// The octaves left out count as their greatest value, so fewer octaves bound more from above.
inline float fbm(vec2 p, int octaves) {
    float sum = 0, weight = 0.5f;
    for (; octaves > 0; --octaves, weight *= 0.5f) {
        sum += weight * noise(p);
        p = {1.62f * p.x + 1.21f * p.y + 7.3f, -1.21f * p.x + 1.62f * p.y + 3.1f};
    }
    return sum + weight;
}

inline float fbm(vec3 p, int octaves) {
    float sum = 0, weight = 0.5f;
    for (; octaves > 0; --octaves, weight *= 0.5f) {
        sum += weight * noise(p);
        p = {1.62f * p.x + 1.21f * p.z + 7.3f, 2.03f * p.y + 1.7f, -1.21f * p.x + 1.62f * p.z};
    }
    return sum + weight;
}

}  // namespace samples
