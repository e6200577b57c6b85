#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <impasto/insight/map_search.hpp>

namespace impasto::insight {

struct unit_patches_options {
    std::vector<std::string> layers;  ///< "relu3_2"; several are searched in one pass
    std::int64_t top = 9;
    per_picture positions = per_picture::one;
    nn::view view{};
    std::int64_t tile = 1024;  ///< largest side that is computed in one piece
};

/// The patches of many pictures that excite each unit of a layer most: pictures are shown one after
/// another and need not be kept. What is found depends on the pictures and their numbers alone, not
/// on the order in which they are shown, and two searches over different pictures can be merged.
/// Maps are of T; activations are the network's own in any. On a GPU maps stay there.
/// Source: Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.
template <class T = float, class Device = cpu>
class unit_patches {
public:
    /// The network must outlive this. Throws option_error for an unknown layer, for `top` below 1
    /// and for too small a tile.
    unit_patches(const nn::network& net, const unit_patches_options& options);

    /// Shows a picture [1,3,H,W]; its number must be new. Throws shape_error where it is too small
    /// for the deepest layer, and then nothing of it counts; option_error where T cannot hold
    /// how much it excites a channel.
    void add(context<Device>& ctx, image::picture_view pixels, std::int64_t picture);

    /// Takes over what another search with the same network and options found in other pictures.
    void merge(const unit_patches& other);

    [[nodiscard]] const std::vector<std::string>& layers() const { return scan_.options().taps; }
    /// In the order of options.layers.
    [[nodiscard]] const top_patches& found(std::size_t layer) const { return found_.at(layer); }
    [[nodiscard]] const nn::receptive_field& field(std::size_t layer) const {
        return scan_.fields().at(layer);
    }

private:
    tiled_features<T, Device> scan_;
    map_search<T, Device> search_;
    std::vector<top_patches> found_;
};

/// The channels of a layer whose patches are worth looking at: those that some pictures excite much
/// more than pictures usually do, by a score that is the largest first. At most `count`; channels
/// that nothing excites are left out.
///
/// score = (sum of the activations of a channel's central patches) / (top · typical), where the
/// other patches, of units that look at the padding, add nothing, and `typical` is the mean of the
/// channel's largest activations over all pictures, or a quarter of the layer's mean of that where
/// it is less: a channel that is hardly ever above zero is no discovery. With no more pictures than
/// `top`, which would all be among the best, nothing is divided by `typical`. Of equals the one
/// with the larger sum over all its patches comes first, then the lower channel.
[[nodiscard]] std::vector<std::int64_t> strongest_channels(const top_patches& found,
                                                           std::int64_t count);

}  // namespace impasto::insight
