#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace impasto::nn {

enum class layer_kind : std::uint8_t { convolution, pool };

/// One row of a network's table. Every convolution is 3×3, stride 1, padding 1, followed by a ReLU;
/// every pool is 2×2, stride 2, rounding down.
struct layer {
    layer_kind kind;
    int block;  ///< the 4 of conv4_2, relu4_2, pool4
    int index;  ///< the 2 of conv4_2; 0 for a pool
    int in_channels;
    int out_channels;

    [[nodiscard]] constexpr bool is_pool() const { return kind == layer_kind::pool; }
    friend constexpr bool operator==(const layer&, const layer&) = default;
};

/// "conv4_2" or "pool4"
[[nodiscard]] std::string name_of(const layer&);
/// "relu4_2" or "pool4": what a tap after this layer is called.
[[nodiscard]] std::string tap_name_of(const layer&);

/// A network without its filters.
struct topology {
    std::string_view name;
    std::span<const layer> layers;
};

namespace detail {

inline constexpr int pool = 0;

/// Writes the table out from the channel counts, as the VGG paper lists them.
template <std::size_t N>
constexpr std::array<layer, N> table(const std::array<int, N>& channels) {
    std::array<layer, N> rows{};
    int block = 1, index = 1, in = 3;
    for (std::size_t i = 0; i < N; ++i) {
        if (channels[i] == pool) {
            rows[i] = {layer_kind::pool, block++, 0, in, in};
            index = 1;
        } else {
            rows[i] = {layer_kind::convolution, block, index++, in, channels[i]};
            in = channels[i];
        }
    }
    return rows;
}

inline constexpr auto vgg11_layers =
    table(std::array{64, pool, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool});
inline constexpr auto vgg13_layers =
    table(std::array{64, 64, pool, 128, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool});
inline constexpr auto vgg16_layers = table(std::array{
    64, 64, pool, 128, 128, pool, 256, 256, 256, pool, 512, 512, 512, pool, 512, 512, 512, pool});
inline constexpr auto vgg19_layers =
    table(std::array{64,  64,  pool, 128, 128,  pool, 256, 256, 256, 256, pool,
                     512, 512, 512,  512, pool, 512,  512, 512, 512, pool});
inline constexpr auto small_vgg_layers =
    table(std::array{32, 32, pool, 64, 64, pool, 128, 128, 128, pool, 256, 256});

}  // namespace detail

/// Simonyan & Zisserman 2015, table 1, columns A, B, D and E, without the classifier.
inline constexpr topology vgg11{"vgg11", detail::vgg11_layers};
inline constexpr topology vgg13{"vgg13", detail::vgg13_layers};
inline constexpr topology vgg16{"vgg16", detail::vgg16_layers};
inline constexpr topology vgg19{"vgg19", detail::vgg19_layers};
/// The network that the library carries.
inline constexpr topology small_vgg{"small-vgg", detail::small_vgg_layers};

/// Every known topology, deepest first.
inline constexpr std::array topologies{vgg19, vgg16, vgg13, vgg11, small_vgg};

/// Position of the layer after which `tap` ("relu4_2", "pool3"; "conv4_2" is refused: features are
/// taken after the ReLU) stands. Throws option_error that lists the layers that exist.
[[nodiscard]] std::size_t find_tap(std::span<const layer> layers, std::string_view tap);

/// Smallest height and width for which the layers up to and including `last` still see a pixel.
[[nodiscard]] std::int64_t smallest_side(std::span<const layer> layers, std::size_t last);

}  // namespace impasto::nn
