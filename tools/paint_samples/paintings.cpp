#include <array>
#include <span>

#include "brush.hpp"
#include "noise.hpp"

namespace samples {
namespace {

/// A subject gives every point a height whose level lines the brush follows, and its paints.
struct subject {
    virtual ~subject() = default;
    virtual float stream(vec2 p) const = 0;
    virtual vec3 paint(vec2 p, dice& roll) const = 0;
};

constexpr vec3 rgb(int hex) {
    return {static_cast<float>(hex >> 16) / 255, static_cast<float>(hex >> 8 & 255) / 255,
            static_cast<float>(hex & 255) / 255};
}

/// The colour at t in [0,1] of a row of paints.
vec3 along(std::span<const vec3> paints, float t) {
    const float at = clamp01(t) * (static_cast<float>(paints.size()) - 1.001f);
    const auto i = static_cast<std::size_t>(at);
    return mix(paints[i], paints[i + 1], at - real(static_cast<int>(i)));
}

vec2 level_line(const subject& scene, vec2 p) {
    constexpr float apart = 0.002f;
    const float dx = scene.stream(p + vec2{apart, 0}) - scene.stream(p - vec2{apart, 0});
    const float dy = scene.stream(p + vec2{0, apart}) - scene.stream(p - vec2{0, apart});
    const float steep = std::sqrt(dx * dx + dy * dy) + 1e-9f;
    return {dy / steep, -dx / steep};
}

struct coat {
    float width, length, spacing, thickness;
};

canvas paint(const subject& scene, int width, int height, std::span<const coat> coats,
             vec3 ground) {
    easel work(width, height, ground);
    const float scale = real(width);
    const flow direction = [&](vec2 p) { return level_line(scene, p * (1 / scale)); };
    dice roll(20);
    for (const coat& c : coats) {
        std::vector<vec2> places;
        for (float y = -c.spacing; y < real(height) + c.spacing; y += c.spacing) {
            for (float x = -c.spacing; x < real(width) + c.spacing; x += c.spacing) {
                places.push_back({x + c.spacing * roll(), y + c.spacing * roll()});
            }
        }
        for (std::size_t i = places.size(); i > 1; --i) {
            std::swap(places[i - 1],
                      places[static_cast<std::size_t>(roll() * static_cast<float>(i))]);
        }
        for (const vec2 place : places) {
            const vec2 p = place * (1 / scale);
            const float size = roll.between(0.75f, 1.3f);
            const vec3 first = scene.paint(p, roll), second = scene.paint(p, roll);
            work.paint({place, c.length * roll.between(0.6f, 1.35f), c.width * size, first,
                        mix(first, second, 0.6f), c.thickness * roll.between(0.6f, 1.2f),
                        static_cast<std::uint32_t>(roll() * 1e6f)},
                       direction);
        }
    }
    return work.photograph();
}

struct vortex {
    vec2 centre;
    float radius, strength;
};

/// A night wind over hills and a wheat field. The picture is 1 wide, y down from the top.
class windy_night : public subject {
public:
    float stream(vec2 p) const override {
        const float ridge = skyline(p.x);
        if (p.y > field_edge(p.x)) {
            return p.x + 0.9f * p.y + 0.035f * std::sin(p.x * 17 + p.y * 9) +
                   0.05f * noise(p * 6.0f);
        }
        if (p.y > ridge) {
            return p.y - 0.8f * ridge + 0.05f * noise(p * 9.0f);
        }
        float s = p.y * 0.55f + 0.10f * noise(p * 3.1f + vec2{5, 2}) +
                  0.02f * std::sin(9 * p.x + 4 * p.y);
        for (const vortex& v : eddies) {
            const vec2 away = p - v.centre;
            s += v.strength * std::exp(-dot(away, away) / (2 * v.radius * v.radius));
        }
        return s;
    }

    vec3 paint(vec2 p, dice& roll) const override {
        const float chance = roll();
        if (p.y > field_edge(p.x)) {
            const float t =
                0.5f + 0.9f * (noise(p * 7.0f + vec2{2, 8}) - 0.5f) + 0.5f * (chance - 0.5f);
            return along(wheat, t);
        }
        if (p.y > skyline(p.x)) {
            return along(hills, 0.5f + 0.9f * (noise(vec2{p.x * 5, p.y * 14}) - 0.5f) +
                                    0.6f * (chance - 0.5f));
        }
        float glow = 0;
        for (const vortex& v : lights) {
            glow = std::max(glow, v.strength * std::exp(-length(p - v.centre) / v.radius));
        }
        const float ribbon = 0.5f + 0.5f * std::sin(stream(p) * 75 + 3 * noise(p * 4.0f));
        const float rings = 0.10f * std::sin(glow * 26);
        if (glow > 0.25f + 0.25f * chance) {
            return along(lamplight, (glow - 0.25f) * 1.25f + rings + 0.22f * (chance - 0.5f));
        }
        if (chance > 0.965f) {
            return along(lamplight, roll());
        }
        return along(night, 0.08f + 0.66f * ribbon + 0.25f * glow + 0.46f * (roll() - 0.5f));
    }

private:
    static float skyline(float x) {
        return 0.565f - 0.035f * std::sin(5 * x + 0.6f) - 0.02f * std::sin(13 * x);
    }
    static float field_edge(float x) { return 0.645f + 0.015f * std::sin(7 * x + 2); }

    static constexpr std::array eddies{
        vortex{{0.33f, 0.25f}, 0.085f, 0.16f},   vortex{{0.52f, 0.36f}, 0.065f, -0.11f},
        vortex{{0.79f, 0.19f}, 0.085f, 0.20f},   vortex{{0.11f, 0.13f}, 0.060f, 0.115f},
        vortex{{0.09f, 0.40f}, 0.060f, -0.085f}, vortex{{0.93f, 0.44f}, 0.060f, -0.08f},
        vortex{{0.56f, 0.10f}, 0.050f, -0.100f}, vortex{{0.70f, 0.44f}, 0.045f, 0.05f},
    };
    static constexpr std::array lights{
        vortex{{0.79f, 0.19f}, 0.135f, 1.15f}, vortex{{0.11f, 0.13f}, 0.06f, 0.9f},
        vortex{{0.56f, 0.10f}, 0.045f, 0.8f},  vortex{{0.09f, 0.40f}, 0.04f, 0.75f},
        vortex{{0.93f, 0.44f}, 0.035f, 0.7f},
    };
    static constexpr std::array night{rgb(0x0b1238), rgb(0x13216b), rgb(0x1c3fa0),
                                      rgb(0x2f6fc0), rgb(0x6fb0cf), rgb(0xd8e6d2)};
    static constexpr std::array lamplight{rgb(0x3f7f8f), rgb(0x9db36a), rgb(0xe2a52a),
                                          rgb(0xf3c63a), rgb(0xf7e07a), rgb(0xfff6d0)};
    static constexpr std::array hills{rgb(0x0c1a33), rgb(0x123a4d), rgb(0x1d5b52), rgb(0x4a7f4c),
                                      rgb(0x2a4f9a)};
    static constexpr std::array wheat{rgb(0x5a3a1c), rgb(0xa8641a), rgb(0xcf8a1c),
                                      rgb(0xe9b32f), rgb(0xf4dc86), rgb(0x4c6b3a)};
};

/// An evening sky in bands like flames above a dark fjord and a shore.
class burning_evening : public subject {
public:
    float stream(vec2 p) const override {
        if (p.y > shore(p.x)) {
            return p.y - 0.9f * shore(p.x) + 0.05f * noise(p * 7.0f);
        }
        if (p.y > waterline) {
            return p.y + 0.012f * std::sin(24 * p.x + 20 * p.y) +
                   0.05f * noise(vec2{3 * p.x, 7 * p.y});
        }
        return p.y + 0.050f * std::sin(7.5f * p.x + 2.2f * std::sin(4.2f * p.y + 0.5f)) +
               0.028f * std::sin(15 * p.x - 6 * p.y + 1) + 0.05f * noise(p * 3.3f);
    }

    vec3 paint(vec2 p, dice& roll) const override {
        const float chance = roll() - 0.5f;
        const float band = 0.5f + 0.5f * std::sin(70 * stream(p) + 5 * noise(p * 2.5f));
        if (p.y > shore(p.x)) {
            return along(earth, 0.5f + 1.3f * (noise(p * 9.0f) - 0.5f) + 0.6f * chance);
        }
        if (p.y > waterline) {
            const float path = std::exp(-40 * (p.x - 0.36f) * (p.x - 0.36f));
            return along(water,
                         0.30f * band + 0.5f * path + 0.2f * noise(p * 9.0f) + 0.5f * chance);
        }
        if (p.y > hilltops(p.x)) {
            return along(water, 0.22f + 0.35f * (noise(p * 11.0f) - 0.5f) + 0.35f * chance);
        }
        const float low = smoothstep(0.05f, 0.42f, p.y);
        return along(flames, 0.10f + 0.50f * band + 0.30f * low + 0.32f * chance);
    }

private:
    static constexpr float waterline = 0.46f;
    static float hilltops(float x) {
        return waterline - 0.035f + 0.025f * std::sin(9 * x + 2) + 0.012f * std::sin(23 * x);
    }
    static float shore(float x) {
        return 0.60f + 0.16f * std::sin(2.6f * x + 1.4f) + 0.012f * std::sin(21 * x);
    }

    static constexpr std::array flames{rgb(0x5b1020), rgb(0xa81d1c), rgb(0xd8431a), rgb(0xee7a1c),
                                       rgb(0xf6b03a), rgb(0xf8dc8a), rgb(0xf3efd0)};
    static constexpr std::array water{rgb(0x10182e), rgb(0x1d3550), rgb(0x3b6a78), rgb(0xd9762e),
                                      rgb(0xf2c069)};
    static constexpr std::array earth{rgb(0x1c120f), rgb(0x4a1d14), rgb(0x7d3a1c), rgb(0x2d3b2a),
                                      rgb(0xb8772e)};
};

}  // namespace

canvas paint_swirls(int width, int height) {
    constexpr std::array coats{coat{26, 90, 17, 0.5f}, coat{13, 56, 10, 0.8f},
                               coat{8, 40, 11, 1.0f}};
    return paint(windy_night(), width, height, coats, rgb(0x1a2040));
}

canvas paint_ember(int width, int height) {
    constexpr std::array coats{coat{30, 150, 17, 0.5f}, coat{15, 120, 12, 0.8f},
                               coat{9, 80, 13, 1.0f}};
    return paint(burning_evening(), width, height, coats, rgb(0x3a1410));
}

}  // namespace samples
