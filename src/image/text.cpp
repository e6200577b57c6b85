#include <impasto/image/text.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <vector>

#include "image/expect.hpp"
#include "image/letters.hpp"

namespace impasto::image {

namespace {

constexpr float grid_height = 14, gap = 4;  // of a capital, and between letters

struct point {
    float x, y;
};

struct segment {
    point from, to;
};

const detail::letter& letter_of(char c) {
    const auto i = static_cast<std::size_t>(static_cast<unsigned char>(c)) - ' ';
    return i < detail::letters.size() ? detail::letters[i] : detail::unknown_letter;
}

/// The numbers of a letter's strokes, one after another.
class stroke_reader {
public:
    explicit stroke_reader(std::string_view text) : text_(text) {}

    /// The next command, 'l' or 'a'; 0 at the end.
    char command() {
        skip_spaces();
        if (text_.empty())
            return 0;
        const char c = text_.front();
        text_.remove_prefix(1);
        return c;
    }
    bool has_number() {
        skip_spaces();
        return !text_.empty() && text_.front() < 'a';
    }
    float number() {
        skip_spaces();
        float value = 0;
        const auto [end, code] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return value;
    }

private:
    void skip_spaces() {
        text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
    }
    std::string_view text_;
};

void add_line(stroke_reader& strokes, std::vector<segment>& segments) {
    point from{strokes.number(), strokes.number()};
    while (strokes.has_number()) {
        const point to{strokes.number(), strokes.number()};
        segments.push_back({from, to});
        from = to;
    }
}

void add_arc(stroke_reader& strokes, std::vector<segment>& segments) {
    const point center{strokes.number(), strokes.number()};
    const point radius{strokes.number(), strokes.number()};
    const float first = strokes.number(), last = strokes.number();
    const auto at = [&](float degrees) {
        const float angle = degrees * std::numbers::pi_v<float> / 180;
        return point{center.x + radius.x * std::cos(angle), center.y + radius.y * std::sin(angle)};
    };
    constexpr int pieces = 32;
    for (int i = 0; i < pieces; ++i) {
        const auto part = [&](int k) {
            return at(first + (last - first) * static_cast<float>(k) / pieces);
        };
        segments.push_back({part(i), part(i + 1)});
    }
}

std::vector<segment> segments_of(const detail::letter& letter) {
    std::vector<segment> segments;
    stroke_reader strokes(letter.strokes);
    for (char c = strokes.command(); c != 0; c = strokes.command())
        c == 'a' ? add_arc(strokes, segments) : add_line(strokes, segments);
    return segments;
}

float distance(const point& p, const segment& s) {
    const float dx = s.to.x - s.from.x, dy = s.to.y - s.from.y;
    const float px = p.x - s.from.x, py = p.y - s.from.y;
    const float length = dx * dx + dy * dy;
    const float t = length > 0 ? std::clamp((px * dx + py * dy) / length, 0.0f, 1.0f) : 0.0f;
    return std::hypot(px - t * dx, py - t * dy);
}

/// Draws one letter whose grid's origin is (x, y) and whose grid has `unit` pixels.
void draw_letter(tensor_view<float, cpu> canvas, point origin, float unit,
                 const detail::letter& letter, const text_style& style) {
    const auto segments = segments_of(letter);
    const auto [n, c, height, width] = canvas.shape();
    const float radius = style.weight * style.height / 2, reach = radius + 1;
    const auto pixel = [](float v, std::int64_t side) {
        return static_cast<std::int64_t>(std::clamp(std::floor(v), 0.0f, static_cast<float>(side)));
    };
    const auto left = pixel(origin.x - unit - reach, width),
               right = pixel(origin.x + (letter.width + 1) * unit + reach + 1, width);
    const auto top = pixel(origin.y - unit - reach, height),
               bottom = pixel(origin.y + 18 * unit + reach + 1, height);
    for (auto y = top; y < bottom; ++y)
        for (auto x = left; x < right; ++x) {
            const point p{(static_cast<float>(x) + 0.5f - origin.x) / unit,
                          (static_cast<float>(y) + 0.5f - origin.y) / unit};
            float nearest = reach / unit;
            for (const auto& s : segments)
                nearest = std::min(nearest, distance(p, s));
            const float ink = std::clamp(radius + 0.5f - nearest * unit, 0.0f, 1.0f);
            for (std::size_t k = 0; k < 3; ++k) {
                float& value =
                    canvas.data()[(static_cast<std::int64_t>(k) * height + y) * width + x];
                value += ink * (style.color[k] - value);
            }
        }
}

}  // namespace

float text_width(std::string_view text, const text_style& style) {
    float width = text.empty() ? 0 : -gap;
    for (const char c : text)
        width += letter_of(c).width + gap;
    return width * style.height / grid_height;
}

void draw_text(tensor_view<float, cpu> canvas, float x, float y, std::string_view text,
               const text_style& style) {
    detail::expect_picture("draw_text", canvas);
    const float unit = style.height / grid_height;
    for (const char c : text) {
        const auto& letter = letter_of(c);
        draw_letter(canvas, {x, y}, unit, letter, style);
        x += (letter.width + gap) * unit;
    }
}

}  // namespace impasto::image
