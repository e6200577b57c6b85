#include "brush.hpp"

#include "noise.hpp"

namespace samples {
namespace {

constexpr int oversampling = 2;

/// Coverage of a brush at `across` in [-1,1]: ragged sides, a round start, an end run dry.
float coverage(float across, float progress, float bristle) {
    const float side = 1 - smoothstep(0.72f, 1.0f, std::abs(across) + 0.35f * (bristle - 0.5f));
    const float start = smoothstep(0, 0.10f, progress - 0.07f * across * across);
    const float end = 1 - smoothstep(0.0f, 0.16f, progress - 0.66f - 0.34f * bristle);
    return side * start * end;
}

}  // namespace

easel::easel(int width, int height, vec3 ground)
    : colour_(width * oversampling, height * oversampling),
      relief_(colour_.pixels.size()),
      touched_(colour_.pixels.size()) {
    std::fill(colour_.pixels.begin(), colour_.pixels.end(), ground);
}

std::vector<easel::dab> easel::path(const stroke& mark, const flow& direction) const {
    constexpr float step = 1.0f;
    const int half = static_cast<int>(mark.length / 2 / step);
    std::vector<dab> dabs;
    vec2 at = mark.middle;
    for (int i = 0; i < half; ++i) {
        at = at - direction(at) * step;
    }
    for (int i = 0; i <= 2 * half; ++i) {
        const vec2 along = direction(at);
        dabs.push_back({at, along, real(i) / real(2 * half)});
        at = at + along * step;
    }
    return dabs;
}

void easel::paint(const stroke& mark, const flow& direction) {
    ++strokes_;
    const int reach = static_cast<int>(mark.width / 2 * oversampling) + 2;
    for (const dab& d : path(mark, direction)) {
        const int cx = static_cast<int>(d.at.x * oversampling);
        const int cy = static_cast<int>(d.at.y * oversampling);
        const int left = std::max(cx - reach, 0), right = std::min(cx + reach, colour_.width - 1);
        const int top = std::max(cy - reach, 0), bottom = std::min(cy + reach, colour_.height - 1);
        for (int y = top; y <= bottom; ++y) {
            for (int x = left; x <= right; ++x) {
                touch(mark, d, x, y);
            }
        }
    }
}

void easel::touch(const stroke& mark, const dab& d, int x, int y) {
    const float half = mark.width / 2;
    const vec2 away = vec2{real(x) + 0.5f, real(y) + 0.5f} * (1.0f / oversampling) - d.at;
    const float ahead = dot(away, d.along);
    const float across = (away.y * d.along.x - away.x * d.along.y) / half;
    const int index = y * colour_.width + x;
    if (std::abs(ahead) > 0.75f || std::abs(across) > 1 || touched_[index] == strokes_) {
        return;
    }
    const float offset = static_cast<float>(mark.seed % 9973);
    const float run = d.progress * mark.length;
    const float bristle = noise(vec2{across * half * 1.1f + offset, run * 0.045f + offset});
    const float cover = coverage(across, d.progress, bristle);
    if (cover <= 0) {
        return;
    }
    touched_[index] = strokes_;
    const float mingled = smoothstep(-0.5f, 0.7f, across + 1.6f * (bristle - 0.5f));
    const vec3 wet = mix(mark.paint, mark.second_paint, mingled) * (0.80f + 0.40f * bristle);
    colour_.pixels[index] = mix(colour_.pixels[index], wet, cover * 0.96f);
    // Paint is pushed to the sides and heaps up where the brush sets down.
    const float ridge = 0.45f + 0.35f * across * across + 0.55f * bristle +
                        0.3f * smoothstep(0.2f, 0.02f, d.progress);
    const float under = relief_[index];
    relief_[index] = mix(under, 0.35f * under + mark.thickness * ridge, cover);
}

canvas easel::photograph() const {
    const auto height_at = [&](int x, int y) {
        return relief_[std::clamp(y, 0, colour_.height - 1) * colour_.width +
                       std::clamp(x, 0, colour_.width - 1)];
    };
    canvas picture(colour_.width / oversampling, colour_.height / oversampling);
    for_each_row(picture.height, [&](int row) {
        for (int column = 0; column < picture.width; ++column) {
            vec3 sum;
            for (int i = 0; i < oversampling * oversampling; ++i) {
                const int x = column * oversampling + i % oversampling;
                const int y = row * oversampling + i / oversampling;
                const float dx = height_at(x + 1, y) - height_at(x - 1, y);
                const float dy = height_at(x, y + 1) - height_at(x, y - 1);
                const vec3 normal = normalize({-dx, -dy, 0.75f});
                const float raking = dot(normal, normalize({-0.5f, -0.65f, 0.75f})) - 0.675f;
                const float gloss =
                    std::pow(std::max(dot(normal, normalize({-0.42f, -0.52f, 0.9f})), 0.0f), 40.0f);
                sum = sum + colour_.at(x, y) * (1 + 0.75f * raking) +
                      vec3{1, 0.98f, 0.92f} * (0.10f * gloss * std::max(raking, 0.0f) * 4);
            }
            picture.at(column, row) = sum * (1.0f / (oversampling * oversampling));
        }
    });
    return picture;
}

}  // namespace samples
