#include <optional>

#include "canvas.hpp"
#include "coast.hpp"
#include "noise.hpp"
#include "sky.hpp"

namespace samples {
namespace {

constexpr int fine = 8, coarse = 4;
constexpr float horizon_distance = 1500;
constexpr vec3 eye{-3, 7.5f, 0};

struct point_of_view {
    vec3 right, up, ahead;
};

struct hit {
    float distance;
    material kind;
};

/// Where the ray goes in, between a distance outside and one inside.
float entry(vec3 from, vec3 direction, float outside, float inside, int octaves) {
    for (int i = 0; i < 8; ++i) {
        const float middle = (outside + inside) / 2;
        (nearest(from + direction * middle, octaves).distance > 0 ? outside : inside) = middle;
    }
    return outside;
}

std::optional<hit> march(vec3 from, vec3 direction, float limit, int octaves) {
    float t = 0.05f, room = 0;
    for (int i = 0; i < 320 && t < limit; ++i) {
        const vec3 p = from + direction * t;
        if (p.y > 170 && direction.y > 0) {
            break;
        }
        const surface s =
            nearest(p, room > 0.8f + 0.004f * t ? std::min(octaves, coarse) : octaves);
        if (s.distance < 0.0005f * t + 0.001f) {
            return hit{s.distance < 0 ? entry(from, direction, t - room, t, octaves) : t, s.kind};
        }
        t += room = s.distance;
    }
    return std::nullopt;
}

vec3 normal_at(vec3 p, float apart) {
    const auto d = [&](vec3 offset) { return nearest(p + offset * apart, fine).distance; };
    const vec3 a{1, -1, -1}, b{-1, -1, 1}, c{-1, 1, -1}, e{1, 1, 1};
    return normalize(a * d(a) + b * d(b) + c * d(c) + e * d(e));
}

/// The visible share of the sun's disc.
float sun_seen(vec3 p) {
    float share = 1;
    float t = 0.12f;
    for (int i = 0; i < 60 && t < 90 && share > 0.01f; ++i) {
        const float room = nearest(p + to_sun * t, coarse).distance;
        share = std::min(share, 22 * room / t);
        t += std::clamp(room, 0.08f, 4.0f);
    }
    return smoothstep(0, 1, share);
}

/// How open the surroundings are along the normal.
float openness(vec3 p, vec3 normal) {
    float closed = 0, weight = 1;
    for (const float reach : {0.15f, 0.45f, 1.2f, 2.8f}) {
        closed += weight * (reach - nearest(p + normal * reach, coarse).distance / 0.75f) / reach;
        weight *= 0.6f;
    }
    return clamp01(1 - 0.42f * std::max(closed, 0.0f));
}

vec3 land_colour(vec3 p, vec3 normal) {
    const float grain = fbm(p * 1.7f, 5);
    const float strata = noise(vec2{p.y * 2.3f + 3 * fbm(p * 0.2f, 3), 0.3f});
    vec3 rock = mix(vec3{0.10f, 0.075f, 0.06f}, vec3{0.44f, 0.33f, 0.23f},
                    1.5f * grain + 0.7f * strata - 0.65f);
    const float wet = smoothstep(1.5f + grain, 0.1f, p.y);
    rock = rock * (1 - 0.68f * wet);
    const float dry = fbm(vec2{p.x, p.z} * 0.23f, 4);
    const vec3 grass =
        mix(vec3{0.085f, 0.16f, 0.030f}, vec3{0.34f, 0.30f, 0.09f}, smoothstep(0.35f, 0.7f, dry)) *
        (0.55f + 0.9f * noise(p * 5.0f));
    const float growth = smoothstep(0.52f, 0.74f, normal.y + 0.35f * (grain - 0.5f)) *
                         smoothstep(3, 5, p.y + 2 * grain);
    return mix(rock, grass, growth);
}

vec3 mountain_colour(vec3 p, vec3 normal) {
    const vec3 forest{0.06f, 0.10f, 0.045f}, stone{0.30f, 0.26f, 0.23f};
    return mix(stone, forest, smoothstep(0.55f, 0.8f, normal.y + 0.3f * (noise(p * 0.05f) - 0.5f)));
}

bool on_cottage_window(vec3 p) {
    p = p - cottage_centre;
    const float c = std::cos(cottage_turn), s = std::sin(cottage_turn);
    const float along = c * p.x - s * p.z, across = s * p.x + c * p.z;
    const bool long_side = std::abs(across) > 2.6f && p.y > 1.1f && p.y < 2.3f &&
                           std::abs(std::abs(along) - 2.4f) < 0.55f;
    const bool door = std::abs(across) > 2.6f && p.y < 2.2f && std::abs(along) < 0.55f;
    const bool gable =
        std::abs(along) > 4.5f && p.y > 1.3f && p.y < 2.7f && std::abs(across) < 0.6f;
    return long_side || door || gable;
}

bool on_tower_window(vec3 p) {
    p = p - tower_foot;
    const float row = std::fmod(p.y - 1.2f, 5.0f);
    return p.y > 1 && p.y < 15.5f && row > 0.4f && row < 1.7f && p.z < 0 &&
           std::abs(p.x + 0.5f) < 0.36f;
}

vec3 colour_of(material kind, vec3 p, vec3 normal) {
    const float wear = 0.82f + 0.3f * fbm(vec3{p.x * 1.4f, p.y * 0.35f, p.z * 1.4f}, 4);
    switch (kind) {
        case material::land:
            return p.z > 360 ? mountain_colour(p, normal) : land_colour(p, normal);
        case material::whitewash:
            return on_tower_window(p) ? vec3{0.03f, 0.04f, 0.06f}
                                      : vec3{0.82f, 0.79f, 0.73f} * wear;
        case material::red_paint:
            return on_tower_window(p) ? vec3{0.03f, 0.04f, 0.06f}
                                      : vec3{0.56f, 0.065f, 0.04f} * wear;
        case material::iron:
            return {0.05f, 0.05f, 0.055f};
        case material::lamp:
            return {0.35f, 0.33f, 0.25f};
        case material::plaster:
            return on_cottage_window(p) ? vec3{0.05f, 0.06f, 0.09f}
                                        : vec3{0.74f, 0.66f, 0.52f} * wear;
        case material::roof:
            return mix(vec3{0.42f, 0.13f, 0.06f}, vec3{0.58f, 0.24f, 0.11f}, noise(p * 2.6f)) *
                   wear;
        case material::leaves:
            return mix(vec3{0.022f, 0.055f, 0.018f}, vec3{0.10f, 0.15f, 0.035f}, fbm(p * 1.1f, 4));
        case material::hull:
            return p.y > 0.55f ? vec3{0.75f, 0.68f, 0.55f} : vec3{0.05f, 0.10f, 0.22f};
        case material::sail:
            return vec3{0.90f, 0.84f, 0.72f};
    }
    return {};
}

vec3 through_air(vec3 colour, vec3 direction, float distance) {
    return mix(sky::haze(direction) * 0.92f, colour, std::exp(-distance * 0.0009f));
}

vec3 shade_solid(vec3 direction, const hit& found, vec3 p) {
    const vec3 normal = normal_at(p, 0.0006f * found.distance + 0.004f);
    const vec3 albedo = colour_of(found.kind, p, normal);
    const vec3 lifted = p + normal * (0.02f + 0.0008f * found.distance);
    const float facing = std::max(dot(normal, to_sun), 0.0f);
    const float sun = facing > 0 ? facing * sun_seen(lifted) : 0;
    const float open = p.z > 360 ? 1 : openness(lifted, normal);
    const vec3 from_sky = vec3{0.36f, 0.47f, 0.68f} * (open * (0.55f + 0.45f * normal.y));
    const vec3 from_ground = vec3{0.26f, 0.19f, 0.12f} * (open * (0.5f - 0.5f * normal.y));
    vec3 light = sunlight * sun + from_sky + from_ground;
    if (found.kind == material::sail || found.kind == material::leaves) {
        light = light + sunlight * 0.12f;  // shines through
    }
    vec3 colour = albedo * light;
    if (found.kind == material::lamp) {
        colour = colour + vec3{1.5f, 1.1f, 0.5f};
    }
    return through_air(colour, direction, found.distance);
}

/// Crested waves; `octaves` may be a fraction, so that detail fades with distance.
float swell(vec2 p, float octaves) {
    const vec2 wind{0.92f * p.x + 0.38f * p.y, (-0.38f * p.x + 0.92f * p.y) * 2.3f};
    const vec2 warped = wind + vec2{1, 1} * (1.2f * noise(p * 0.21f));
    float sum = 0, weight = 0.5f;
    vec2 q = warped * 0.22f;
    for (; octaves > 0; --octaves, weight *= 0.55f) {
        const float crest = 1 - std::abs(2 * noise(q) - 1);
        sum += weight * mix(0.5f, crest, clamp01(octaves));
        q = {1.75f * q.x + 0.7f * q.y + 5.1f, -0.7f * q.x + 1.75f * q.y + 2.7f};
    }
    return sum;
}

vec3 shade_sea(const sky& heaven, vec3 direction, float distance, vec3 p) {
    const float apart = 0.03f + 0.002f * distance;
    const vec2 at{p.x, p.z};
    const float octaves = std::clamp(6.3f - std::log(distance / 15) / std::log(2.3f), 1.5f, 6.0f);
    const float here = swell(at, octaves);
    const float steep = 0.46f / (1 + distance * 0.014f);
    const float dx = (swell(at + vec2{apart, 0}, octaves) - here) / apart;
    const float dz = (swell(at + vec2{0, apart}, octaves) - here) / apart;
    const vec3 normal = normalize({-dx * steep, 1, -dz * steep});
    vec3 mirrored = direction - normal * (2 * dot(direction, normal));
    mirrored.y = std::max(mirrored.y, 0.02f);
    mirrored = normalize(mirrored);
    const std::optional<hit> found = march(p, mirrored, 500, coarse);
    const vec3 reflected =
        found ? shade_solid(mirrored, *found, p + mirrored * found->distance) : heaven(mirrored);
    const float fresnel =
        0.02f + 0.98f * std::pow(1 - std::max(-dot(direction, normal), 0.0f), 5.0f);
    const float depth = -ground(p.x, p.z, coarse);
    const vec3 deep{0.010f, 0.105f, 0.19f}, shallow{0.06f, 0.28f, 0.26f};
    const vec3 body = mix(deep, shallow, std::exp(-depth * 0.45f)) * (0.65f + 0.8f * here);
    const float glint = std::pow(std::max(dot(mirrored, to_sun), 0.0f), 90.0f);
    vec3 colour = mix(body, reflected, std::min(fresnel, 0.78f)) + sunlight * (glint * 0.6f);
    const float froth = fbm(at * 1.3f, 5);
    const float shore =
        smoothstep(2.6f, 0.2f, depth) * smoothstep(0.42f, 0.60f, froth + 0.22f * std::exp(-depth));
    const float caps = smoothstep(0.74f, 0.84f, here + 0.3f * (froth - 0.5f)) * 0.55f;
    colour = mix(colour, vec3{0.95f, 0.92f, 0.86f}, clamp01(shore * 0.9f + caps));
    return through_air(colour, direction, distance);
}

vec3 radiance(const sky& heaven, vec3 direction) {
    const float to_sea = direction.y < 0 ? -eye.y / direction.y : 1e9f;
    const float limit = std::min(to_sea, horizon_distance);
    if (const auto found = march(eye, direction, limit, fine)) {
        return shade_solid(direction, *found, eye + direction * found->distance);
    }
    if (to_sea < 40000) {
        return shade_sea(heaven, direction, to_sea, eye + direction * to_sea);
    }
    return heaven(direction);
}

/// Linear light to sRGB, the highlights rolled off.
vec3 develop(vec3 light) {
    const auto curve = [](float v) {
        const float rolled = 1 - std::exp(-1.25f * v);
        const float contrast = mix(rolled, rolled * rolled * (3 - 2 * rolled), 0.5f);
        return std::pow(clamp01(contrast), 1 / 2.2f);
    };
    return {curve(light.x), curve(light.y), curve(light.z)};
}

point_of_view look_at(vec3 target) {
    const vec3 ahead = normalize(target - eye);
    const vec3 right = normalize(cross({0, 1, 0}, ahead));
    return {right, cross(ahead, right), ahead};
}

}  // namespace

canvas render_harbor(int width, int height, int samples_per_side) {
    const sky heaven;
    const point_of_view view = look_at({3, 13.5f, 74});
    canvas picture(width, height);
    const float pixel = 2 * 0.46f / real(width);
    const float share = 1.0f / real(samples_per_side);
    for_each_row(height, [&](int y) {
        for (int x = 0; x < width; ++x) {
            vec3 sum;
            for (int i = 0; i < samples_per_side * samples_per_side; ++i) {
                const float u = real(x) + (real(i % samples_per_side) + 0.5f) * share;
                const float v = real(y) + (real(i / samples_per_side) + 0.5f) * share;
                const vec3 direction = view.ahead +
                                       view.right * ((u - 0.5f * real(width)) * pixel) -
                                       view.up * ((v - 0.5f * real(height)) * pixel);
                sum = sum + develop(radiance(heaven, normalize(direction)));
            }
            picture.at(x, y) = sum * (share * share);
        }
    });
    return picture;
}

}  // namespace samples
