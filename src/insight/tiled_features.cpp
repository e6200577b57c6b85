#include <impasto/insight/tiled_features.hpp>

#include <algorithm>
#include <string>

namespace impasto::insight {

namespace {

/// Winograd's convolution computes blocks of 4×4.
constexpr std::int64_t block = 4;

box box_of(const tile_range& rows, const tile_range& columns) {
    return {columns.first, rows.first, columns.last - columns.first, rows.last - rows.first};
}

/// The units of one side of a map that belong to a tile, on the whole picture's map.
struct unit_range {
    std::int64_t first, last;
};

/// First unit that sees nothing before `pixel`: where a tile that starts there may begin.
std::int64_t first_whole_unit(const receptive_field& field, std::int64_t pixel) {
    return pixel == 0 ? 0 : (pixel - field.start + field.stride - 1) / field.stride;
}

nn::features_options forward_alone(nn::features_options options) {
    options.backward = false;
    return options;
}

unit_range units_of(const receptive_field& field, const std::vector<tile_range>& tiles,
                    std::size_t i, std::int64_t side) {
    const bool last = i + 1 == tiles.size();
    return {first_whole_unit(field, tiles[i].first),
            last ? side / field.stride : first_whole_unit(field, tiles[i + 1].first)};
}

}  // namespace

std::vector<tile_range> tile_side(const receptive_field& field, std::int64_t side,
                                  std::int64_t tile) {
    const auto unit = block * field.stride;
    if (tile < field.size + unit)
        throw option_error("tile: " + std::to_string(tile) + " pixels; the layer sees " +
                           std::to_string(field.size) + " at once and needs tiles of at least " +
                           std::to_string(field.size + unit));
    if (side <= tile)
        return {{0, side}};
    const auto step = (tile - field.size) / unit * unit;
    std::vector<tile_range> tiles;
    std::int64_t first = 0;
    for (; first + step + field.size < side; first += step)
        tiles.push_back({first, first + step + field.size});
    tiles.push_back({first, side});
    return tiles;
}

tiled_features::tiled_features(const nn::network& net, nn::features_options options,
                               std::int64_t tile)
    : sized_(net, forward_alone(std::move(options))), tile_(tile) {
    for (const auto& tap : this->options().taps) {
        const auto field = fields_.emplace_back(receptive_field_of(net.layers, tap));
        if (field.size > widest_.size)
            widest_ = field;
    }
    (void)tile_side(widest_, 1, tile_);
}

std::int64_t tiled_features::channels(std::size_t tap) const {
    const auto& layers = sized_.network().layers;
    return layers[nn::find_tap(layers, options().taps[tap])].out_channels;
}

// One convolution alone takes hardly longer than reading what it wrote. Where no cache holds its
// map it goes by bands of rows, each visited while it is still there; further layers take so long
// that this would not show.
std::int64_t tiled_features::tile_height(std::int64_t height, std::int64_t width) const {
    constexpr std::int64_t first_convolution = 3, band_bytes = 8 << 20;
    if (fields_.size() != 1 || widest_.size > first_convolution)
        return tile_;
    const auto bytes = channels(0) * height * width * std::int64_t{sizeof(float)};
    const auto bands = (bytes + band_bytes - 1) / band_bytes;
    if (bands < 4)
        return tile_;
    const auto rows = (height + bands - 1) / bands;
    return std::min(tile_, (rows + block - 1) / block * block + widest_.size);
}

// image::crop by all threads, into memory that stays.
image::picture_view tiled_features::cut(context<cpu>& ctx, image::picture_view pixels,
                                        const image::box& tile) {
    const shape size{1, 3, tile.height, tile.width};
    if (cut_.size() < size.elements())
        cut_ = image::picture(size);
    const shape whole = pixels.shape();
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t i = 0; i < 3 * tile.height; ++i) {
        const auto row = i / tile.height * whole.h + tile.y + i % tile.height;
        std::copy_n(pixels.data() + row * whole.w + tile.x, tile.width,
                    cut_.data() + i * tile.width);
    }
    return {cut_.data(), size};
}

void tiled_features::visit(context<cpu>& ctx, image::picture_view pixels,
                           const std::function<void(std::size_t, const map_part&)>& visit) {
    const auto [n, c, height, width] = pixels.shape();
    const auto columns = tile_side(widest_, width, tile_);
    const auto rows = tile_side(widest_, height, tile_height(height, std::min(width, tile_)));
    const bool whole = rows.size() == 1 && columns.size() == 1;
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = 0; j < columns.size(); ++j) {
            const auto here = whole ? pixels : cut(ctx, pixels, box_of(rows[i], columns[j]));
            auto& features = sized_.of(ctx, here.shape());
            features.forward(ctx, here);
            for (std::size_t tap = 0; tap < fields_.size(); ++tap) {
                const auto& field = fields_[tap];
                const auto down = units_of(field, rows, i, height);
                const auto across = units_of(field, columns, j, width);
                visit(tap, {.map = features.tap(tap),
                            .first_row = down.first - rows[i].first / field.stride,
                            .first_column = across.first - columns[j].first / field.stride,
                            .rows = down.last - down.first,
                            .columns = across.last - across.first,
                            .row = down.first,
                            .column = across.first});
            }
        }
}

}  // namespace impasto::insight
