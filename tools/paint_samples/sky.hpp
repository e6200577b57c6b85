#pragma once

#include "canvas.hpp"

namespace samples {

inline const vec3 to_sun = normalize({-0.80f, 0.36f, -0.20f});
inline constexpr vec3 sunlight{3.3f, 2.45f, 1.55f};

/// A late-afternoon sky with cumulus clouds, looked up by direction; linear light.
/// Painted once into a dome of 103° around +z, since view and reflection share it.
class sky {
public:
    sky();
    vec3 operator()(vec3 direction) const;

    /// What distance fades into.
    static vec3 haze(vec3 direction);

private:
    canvas dome_;
};

}  // namespace samples
