#include "sky.hpp"

#include "noise.hpp"

namespace samples {
namespace {

constexpr float half_azimuth = 0.9f, cloud_base = 260, cloud_top = 640;

vec3 clear_sky(vec3 direction) {
    const float up = std::max(direction.y, 0.0f);
    const vec3 zenith{0.055f, 0.18f, 0.52f};
    return mix(sky::haze(direction), zenith, 1 - std::exp(-5.5f * up));
}

float cloud_density(vec3 p, int octaves) {
    const float rise = (p.y - cloud_base) / (cloud_top - cloud_base);
    const float gathering = noise(vec2{p.x, p.z} * 0.0008f + vec2{11.4f, 3.7f});
    const float profile = smoothstep(0, 0.08f, rise) * (1 - smoothstep(0.25f, 1, rise));
    const float cover = 0.10f + 0.46f * gathering;
    return clamp01((fbm(p * 0.0050f, octaves) - 1 + cover) * 9.0f * profile + (profile - 1) * 0.5f);
}

float light_reaching(vec3 p) {
    float depth = 0;
    for (int i = 1; i <= 5; ++i) {
        depth += 26.0f * cloud_density(p + to_sun * (26.0f * (real(i) - 0.5f)), 4);
    }
    return 0.75f * std::exp(-depth * 0.035f) + 0.25f * std::exp(-depth * 0.008f);
}

vec3 clouded_sky(vec3 direction, float jitter) {
    constexpr int steps = 96;
    const vec3 clear = clear_sky(direction);
    if (direction.y < 0.015f) {
        return clear;
    }
    const float near = cloud_base / direction.y;
    const float far = std::min(cloud_top / direction.y, near + 3200);
    const float step = (far - near) / steps;
    vec3 glow;
    float clear_share = 1;
    for (int i = 0; i < steps && clear_share > 0.01f; ++i) {
        const vec3 p = direction * (near + step * (real(i) + jitter));
        // Few octaves bound many from above, and most of the sky is clear.
        const float density = cloud_density(p, 3) > 0 ? cloud_density(p, 6) : 0;
        if (density <= 0) {
            continue;
        }
        const float rise = (p.y - cloud_base) / (cloud_top - cloud_base);
        const vec3 ambient = mix(vec3{0.24f, 0.28f, 0.40f}, vec3{0.42f, 0.50f, 0.68f}, rise);
        const vec3 lit = ambient + sunlight * (0.50f * light_reaching(p));
        const float passed = std::exp(-density * step * 0.045f);
        glow = glow + lit * (clear_share * (1 - passed));
        clear_share *= passed;
    }
    const float fade_out = std::exp(-near * 0.00013f);
    return mix(clear, glow + clear * clear_share, fade_out);
}

}  // namespace

vec3 sky::haze(vec3 direction) {
    const float toward_sun = 0.5f + 0.5f * dot(direction, to_sun);
    return mix(vec3{0.50f, 0.60f, 0.74f}, vec3{1.15f, 0.86f, 0.60f}, toward_sun * toward_sun);
}

sky::sky() : dome_(1500, 760) {
    for_each_row(dome_.height, [&](int y) {
        for (int x = 0; x < dome_.width; ++x) {
            const float azimuth = half_azimuth * (2 * real(x) / real(dome_.width - 1) - 1);
            const float climb = real(y) / real(dome_.height - 1);
            const float flat = std::sqrt(1 - climb * climb);
            const vec3 direction{flat * std::sin(azimuth), climb, flat * std::cos(azimuth)};
            dome_.at(x, y) = clouded_sky(direction, lattice(x, y));
        }
    });
}

vec3 sky::operator()(vec3 direction) const {
    const float azimuth = std::atan2(direction.x, direction.z);
    const float u = clamp01(azimuth / half_azimuth * 0.5f + 0.5f) * (real(dome_.width) - 1.001f);
    const float v = clamp01(direction.y) * (real(dome_.height) - 1.001f);
    const int x = static_cast<int>(u), y = static_cast<int>(v);
    const float right = u - real(x), up = v - real(y);
    return mix(mix(dome_.at(x, y), dome_.at(x + 1, y), right),
               mix(dome_.at(x, y + 1), dome_.at(x + 1, y + 1), right), up);
}

}  // namespace samples
