#include "coast.hpp"

#include <array>

#include "noise.hpp"

namespace samples {
namespace {

struct tree {
    float x, z, height, radius;
};
constexpr std::array trees{
    tree{33, 79, 11, 1.7f},      tree{36.5f, 84, 13, 1.9f}, tree{40, 78, 9, 1.5f},
    tree{43, 86, 12, 2.0f},      tree{31, 88, 6, 3.4f},     tree{48, 84, 7, 4.2f},
    tree{19.5f, 85, 5.5f, 2.8f}, tree{53, 92, 13, 2.1f},
};

struct boat {
    float x, z, scale, heading;
};
constexpr std::array boats{boat{-13, 62, 1.0f, 0.5f}, boat{-31, 128, 1.15f, -0.4f},
                           boat{3.5f, 210, 1.1f, 0.2f}};

vec2 turn(vec2 p, float angle) {
    const float c = std::cos(angle), s = std::sin(angle);
    return {c * p.x - s * p.y, s * p.x + c * p.y};
}

float box(vec3 p, vec3 half) {
    const vec3 q{std::abs(p.x) - half.x, std::abs(p.y) - half.y, std::abs(p.z) - half.z};
    const vec3 outside{std::max(q.x, 0.0f), std::max(q.y, 0.0f), std::max(q.z, 0.0f)};
    return length(outside) + std::min(std::max({q.x, q.y, q.z}), 0.0f);
}

/// Upright, round, radius tapering from foot to head.
float pillar(vec3 p, float foot, float head, float low, float high) {
    const float radius = mix(foot, head, clamp01((p.y - low) / (high - low)));
    return std::max({length(vec2{p.x, p.z}) - radius, low - p.y, p.y - high});
}

void join(surface& s, float distance, material kind) {
    if (distance < s.distance) {
        s = {distance, kind};
    }
}

void join_lighthouse(surface& s, vec3 p) {
    p = p - tower_foot;
    if (length(p - vec3{0, 12, 0}) > 17) {
        join(s, length(p - vec3{0, 12, 0}) - 15, material::whitewash);
        return;
    }
    const bool banded = (p.y > 4.6f && p.y < 8.2f) || (p.y > 11.6f && p.y < 15.0f);
    join(s, pillar(p, 2.9f, 1.75f, -3, 17.2f), banded ? material::red_paint : material::whitewash);
    join(s, pillar(p, 3.2f, 3.2f, -3, 0.8f), material::plaster);
    join(s, pillar(p, 1.9f, 2.6f, 16.4f, 17.2f), material::whitewash);
    join(s, pillar(p, 2.7f, 2.7f, 17.2f, 17.5f), material::iron);
    const float around = std::atan2(p.z, p.x) * 14 / 6.2831853f;
    const vec3 post{length(vec2{p.x, p.z}) - 2.55f, p.y - 18.0f,
                    (around - std::round(around)) * 6.2831853f * 2.55f / 14};
    join(s, box(post, {0.06f, 0.55f, 0.06f}), material::iron);
    join(s, length(vec2{post.x, p.y - 18.6f}) - 0.08f, material::iron);
    join(s, length(vec2{post.x, p.y - 18.1f}) - 0.05f, material::iron);
    join(s, pillar(p, 1.25f, 1.25f, 17.5f, 20.1f), material::lamp);
    join(s, pillar(p, 1.4f, 1.4f, 17.5f, 18.2f), material::whitewash);
    const vec3 pane{length(vec2{p.x, p.z}) - 1.27f, p.y - 19,
                    (around / 2 - std::round(around / 2)) * 6.2831853f * 1.27f / 7};
    join(s, box(pane, {0.06f, 1.2f, 0.06f}), material::iron);
    join(s, pillar(p, 1.75f, 0.25f, 20.1f, 21.6f), material::red_paint);
    join(s, length(p - vec3{0, 21.8f, 0}) - 0.32f, material::iron);
    join(s, pillar(p, 0.05f, 0.05f, 21.5f, 23.4f), material::iron);
}

void join_cottage(surface& s, vec3 p) {
    p = p - cottage_centre;
    const vec2 turned = turn({p.x, p.z}, cottage_turn);
    p = {turned.x, p.y, turned.y};
    const float around = box(p, {8, 8, 6});
    if (around > 2) {
        join(s, around + 0.5f, material::plaster);
        return;
    }
    // Gable ends face ±x; the ridge runs along x at 5.6 m.
    const float slope = (p.y - 5.7f) * 0.75f + std::abs(p.z) * 0.66f;
    join(s, std::max(box(p - vec3{0, 1, 0}, {4.6f, 5, 2.7f}), slope + 0.1f), material::plaster);
    const float tiles = 0.04f * std::abs(std::sin(p.z * 6.0f));
    join(s, std::max({std::abs(slope) - 0.16f - tiles, std::abs(p.x) - 5.0f, 2.45f - p.y}),
         material::roof);
    join(s, box(p - vec3{2.6f, 5.6f, 0.9f}, {0.5f, 1.3f, 0.45f}), material::plaster);
    join(s, box(p - vec3{2.6f, 6.95f, 0.9f}, {0.62f, 0.12f, 0.57f}), material::roof);
}

void join_trees(surface& s, vec3 p) {
    for (const tree& t : trees) {
        const float foot = 10;
        const vec3 q = p - vec3{t.x, foot + t.height * 0.52f, t.z};
        const float bound = length(q) - std::max(t.height * 0.55f, t.radius) - 0.8f;
        if (bound > 1) {
            join(s, bound, material::leaves);
            continue;
        }
        const vec3 scaled{q.x / t.radius, q.y / (t.height * 0.5f), q.z / t.radius};
        const float lean = 0.25f * (noise(p * 0.9f) - 0.5f);
        const float tufts = 0.9f * (fbm(p * 1.3f, 4) - 0.5f);
        join(s, ((length(scaled) - 0.85f + lean) * t.radius - tufts) * 0.55f, material::leaves);
    }
}

void join_boats(surface& s, vec3 p) {
    for (const boat& b : boats) {
        vec3 q = (p - vec3{b.x, 0, b.z}) * (1 / b.scale);
        if (length(q - vec3{0, 4, 0}) > 8) {
            join(s, (length(q - vec3{0, 4, 0}) - 7) * b.scale, material::hull);
            continue;
        }
        const vec2 turned = turn({q.x, q.z}, b.heading);
        q = {turned.x, q.y, turned.y};
        const vec3 body{q.x / 3.4f, (q.y - 0.9f - 0.03f * q.x * q.x) / 1.3f, q.z / 1.0f};
        const float hull = std::max((length(body) - 1) * 0.9f, q.y - 0.75f - 0.03f * q.x * q.x);
        join(s, hull * b.scale, material::hull);
        const float belly =
            std::abs(q.z - 0.25f * std::sin(clamp01((q.y - 1) / 7) * 3.14f)) - 0.05f;
        const float main_sail =
            std::max({0.45f * q.x + 0.15f * q.y - 1.30f, 1.4f - q.y, 0.2f - q.x});
        const float jib = std::max({-0.85f * q.x + 0.36f * q.y - 2.75f, 1.2f - q.y, q.x + 0.1f});
        join(s, std::max(belly, main_sail) * 0.8f * b.scale, material::sail);
        join(s, std::max(belly, jib) * 0.8f * b.scale, material::sail);
        join(s, pillar(q, 0.09f, 0.06f, 0.5f, 9.2f) * b.scale, material::iron);
    }
}

/// A rocky ridge: sharp crests where noise crosses its middle.
float crests(vec2 p, int octaves) {
    float sum = 0, weight = 0.5f;
    for (; octaves > 0; --octaves, weight *= 0.45f) {
        const float ridge = 1 - std::abs(2 * noise(p) - 1);
        sum += weight * ridge * ridge;
        p = {1.62f * p.x + 1.21f * p.y + 4.1f, -1.21f * p.x + 1.62f * p.y + 9.7f};
    }
    return sum;
}

float headland(float x, float z, int octaves) {
    const vec2 from_centre{(x - 40) / 36, (z - 86) / 31};
    const float wander = 0.34f * (fbm(vec2{x, z} * 0.055f, 3) - 0.5f);
    const float inland = (1 - length(from_centre) + wander) * 33;
    if (inland < -9) {
        return -9;
    }
    const float rock = crests(vec2{x, z} * 0.13f, octaves) - 0.4f;
    const float cliff = smoothstep(-4, 10, inland + 4.4f * rock) * 15 - 6;
    const float meadow =
        0.11f * std::max(inland - 6, 0.0f) + 0.5f * fbm(vec2{x, z} * 0.5f, octaves);
    const float wild = smoothstep(10, 2, inland);
    const float h = cliff + meadow + wild * 3.8f * rock;
    const float to_tower = length(vec2{x - tower_foot.x, z - tower_foot.z});
    const float to_cottage = length(vec2{x - cottage_centre.x, z - cottage_centre.z});
    const float level = std::max(smoothstep(9, 4, to_tower), smoothstep(11, 6, to_cottage));
    return mix(h, tower_foot.y, level);
}

float foreground(float x, float z, int octaves) {
    const float left = length(vec2{(x + 15) / 11, (z - 24) / 9});
    const float right = length(vec2{(x - 15) / 9, (z - 27) / 6});
    const float near = std::min(left, right);
    if (near > 1.4f) {
        return -9;
    }
    const float rock = crests(vec2{x, z} * 0.16f + vec2{3.3f, 1.2f}, octaves);
    return (1 - near) * 4.2f + 5.2f * (rock - 0.4f);
}

float mountains(float x, float z, int octaves) {
    if (z < 380) {
        return -9;
    }
    const float rise =
        smoothstep(380, 900, z + 0.55f * x + 90) * smoothstep(420, -100, x - 0.1f * z);
    return -9 + rise * (30 + 150 * crests(vec2{x, z} * 0.0030f + vec2{0.4f, 0.9f}, octaves));
}

}  // namespace

float ground(float x, float z, int octaves) {
    return std::max({headland(x, z, octaves), foreground(x, z, octaves), mountains(x, z, octaves)});
}

surface nearest(vec3 p, int octaves) {
    surface s{(p.y - ground(p.x, p.z, octaves)) * 0.45f, material::land};
    join_lighthouse(s, p);
    join_cottage(s, p);
    join_trees(s, p);
    join_boats(s, p);
    return s;
}

}  // namespace samples
