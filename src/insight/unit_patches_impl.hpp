#pragma once

#include <impasto/insight/unit_patches.hpp>

// For every device and number format: instantiated for the CPU in unit_patches.cpp, for a GPU in
// insight_cuda.cpp.
namespace impasto::insight {

template <class T, class Device>
unit_patches<T, Device>::unit_patches(const nn::network& net, const unit_patches_options& options)
    : scan_(net, {.taps = options.layers, .view = options.view, .backward = false}, options.tile) {
    for (std::size_t layer = 0; layer < layers().size(); ++layer)
        found_.emplace_back(scan_.channels(layer), options.top, options.positions);
}

template <class T, class Device>
void unit_patches<T, Device>::add(context<Device>& ctx, image::picture_view pixels,
                                  std::int64_t picture) {
    std::vector<std::vector<float>> largest;
    for (const auto& layer : found_)
        largest.emplace_back(static_cast<std::size_t>(layer.channels()));
    scan_.visit(ctx, pixels, [&](std::size_t layer, const map_part<T, Device>& part) {
        search_.add(ctx, part, picture, found_[layer], largest[layer]);
    });
    for (std::size_t layer = 0; layer < found_.size(); ++layer)
        found_[layer].saw(largest[layer]);
}

template <class T, class Device>
void unit_patches<T, Device>::merge(const unit_patches& other) {
    if (other.layers() != layers())
        throw option_error("unit patches: two searches over different layers cannot be merged");
    for (std::size_t layer = 0; layer < found_.size(); ++layer)
        found_[layer].merge(other.found_[layer]);
}

}  // namespace impasto::insight
