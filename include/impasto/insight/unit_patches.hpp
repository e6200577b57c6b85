#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <impasto/insight/map_search.hpp>

namespace impasto::insight {

struct unit_patches_options {
    std::vector<std::string> layers;  ///< such as "relu3_2"; all are searched in one pass
    std::int64_t top = 9;
    per_picture positions = per_picture::one;
    nn::view view{};
    std::int64_t tile = 1024;  ///< largest side of a tile, in pixels
};

/// Finds the patches of many pictures that activate each channel of a layer most. Pictures are
/// added one after another and can be released afterwards. The result does not depend on their
/// order, and searches over different pictures can be merged. Feature maps are of type T and stay
/// on the device; activations are unscaled for every T. Source: Zeiler & Fergus 2014, "Visualizing
/// and Understanding Convolutional Networks", section 4.
template <class T = float, class Device = cpu>
class unit_patches {
public:
    /// The network must outlive this object. Throws option_error for an unknown layer, for `top`
    /// below 1 and for too small a tile.
    unit_patches(const nn::network& net, const unit_patches_options& options);

    /// Adds a picture [1,3,H,W] with a new number. Throws shape_error, without changes, if it is
    /// too small for the deepest layer, and option_error if an activation overflows T.
    void add(context<Device>& ctx, image::picture_view pixels, std::int64_t picture);

    /// Merges the result of a search with the same network and options over other pictures.
    void merge(const unit_patches& other);

    [[nodiscard]] const std::vector<std::string>& layers() const { return scan_.options().taps; }
    /// The result for a layer, by its position in options.layers.
    [[nodiscard]] const top_patches& found(std::size_t layer) const { return found_.at(layer); }
    [[nodiscard]] const nn::receptive_field& field(std::size_t layer) const {
        return scan_.fields().at(layer);
    }

private:
    tiled_features<T, Device> scan_;
    map_search<T, Device> search_;
    std::vector<top_patches> found_;
};

/// The channels of a layer that some pictures activate much more than most pictures do, sorted by a
/// score, the largest first. At most `count`; channels without patches are left out.
///
/// score = (sum of the activations of the channel's central patches) / (top · typical). `typical`
/// is the mean of the channel's largest activations over all pictures, but at least a quarter of
/// the layer's mean of that, so that channels that are hardly ever above zero do not come first. If
/// there are no more pictures than `top`, the sum is not divided by `typical`. Of equal scores the
/// channel with the larger sum over all its patches comes first, then the lower channel.
[[nodiscard]] std::vector<std::int64_t> strongest_channels(const top_patches& found,
                                                           std::int64_t count);

}  // namespace impasto::insight
