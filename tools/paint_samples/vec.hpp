#pragma once

#include <algorithm>
#include <cmath>

/// Just enough vector algebra to light a scene and steer a brush.
namespace samples {

constexpr float real(int n) {
    return static_cast<float>(n);
}

struct vec2 {
    float x = 0, y = 0;
};
constexpr vec2 operator+(vec2 a, vec2 b) {
    return {a.x + b.x, a.y + b.y};
}
constexpr vec2 operator-(vec2 a, vec2 b) {
    return {a.x - b.x, a.y - b.y};
}
constexpr vec2 operator*(vec2 a, float s) {
    return {a.x * s, a.y * s};
}
constexpr float dot(vec2 a, vec2 b) {
    return a.x * b.x + a.y * b.y;
}
inline float length(vec2 a) {
    return std::sqrt(dot(a, a));
}

struct vec3 {
    float x = 0, y = 0, z = 0;
};
constexpr vec3 operator+(vec3 a, vec3 b) {
    return {a.x + b.x, a.y + b.y, a.z + b.z};
}
constexpr vec3 operator-(vec3 a, vec3 b) {
    return {a.x - b.x, a.y - b.y, a.z - b.z};
}
constexpr vec3 operator*(vec3 a, vec3 b) {
    return {a.x * b.x, a.y * b.y, a.z * b.z};
}
constexpr vec3 operator*(vec3 a, float s) {
    return {a.x * s, a.y * s, a.z * s};
}
constexpr float dot(vec3 a, vec3 b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
constexpr vec3 cross(vec3 a, vec3 b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float length(vec3 a) {
    return std::sqrt(dot(a, a));
}
inline vec3 normalize(vec3 a) {
    return a * (1 / length(a));
}

constexpr float clamp01(float t) {
    return std::clamp(t, 0.0f, 1.0f);
}
constexpr float mix(float a, float b, float t) {
    return a + (b - a) * t;
}
constexpr vec3 mix(vec3 a, vec3 b, float t) {
    return a + (b - a) * t;
}

/// 0 below `from`, 1 above `to`, a cubic between; `from` may be the greater.
constexpr float smoothstep(float from, float to, float x) {
    const float t = clamp01((x - from) / (to - from));
    return t * t * (3 - 2 * t);
}

}  // namespace samples
