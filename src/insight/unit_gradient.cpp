#include <impasto/insight/unit_gradient.hpp>

#include <string>

#include <impasto/image/crop.hpp>

namespace impasto::insight {

namespace {

const std::string& only_tap(const nn::features_options& options) {
    if (options.taps.size() != 1)
        throw option_error("unit gradient: " + std::to_string(options.taps.size()) +
                           " layers are named; name one");
    return options.taps.front();
}

void expect_unit(const unit& wanted, const shape& map) {
    const auto within = [](std::int64_t i, std::int64_t n) { return i >= 0 && i < n; };
    if (!within(wanted.channel, map.c) || !within(wanted.row, map.h) ||
        !within(wanted.column, map.w))
        throw option_error("unit gradient: there is no channel " + std::to_string(wanted.channel) +
                           " at row " + std::to_string(wanted.row) + ", column " +
                           std::to_string(wanted.column) + " of a map " + to_string(map));
}

}  // namespace

unit_gradient::unit_gradient(const nn::network& net, nn::features_options options)
    : sized_(net, std::move(options)),
      field_(receptive_field_of(net.layers, only_tap(sized_.options()))) {}

tensor<float, cpu> unit_gradient::of(context<cpu>& ctx, image::picture_view pixels,
                                     const unit& wanted) {
    const auto [n, c, h, w] = pixels.shape();
    const auto& layers = sized_.network().layers;
    const auto channels = layers[nn::find_tap(layers, only_tap(sized_.options()))].out_channels;
    expect_unit(wanted, {1, channels, h / field_.stride, w / field_.stride});
    const auto box = crop_of_unit(field_, wanted.row, wanted.column, h, w);
    const auto crop = image::crop(pixels, box);
    auto& features = sized_.of(ctx, crop.shape());
    features.forward(ctx, crop);

    const auto row = wanted.row - box.y / field_.stride;
    const auto column = wanted.column - box.x / field_.stride;
    tensor<float, cpu> gradient(crop.shape());
    const auto add_one = [&](std::size_t, auto map, auto d_map) {
        const auto block = channel_block(map.layout()), k = wanted.channel;
        const auto [maps, channels_here, height, width] = map.shape();
        d_map.data()[((k / block * height + row) * width + column) * block + k % block] = 1;
    };
    features.backward(ctx, add_one, gradient);
    return gradient;
}

}  // namespace impasto::insight
