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
    ops::pool_options pooling{};
    ops::border border = ops::border::zero;
    ops::conv_algorithm algorithm = ops::conv_algorithm::fastest;
    bool tf32 = false;         ///< float convolutions by tensor cores, on a GPU
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
    [[nodiscard]] const receptive_field& field(std::size_t layer) const {
        return scan_.fields().at(layer);
    }

private:
    tiled_features<T, Device> scan_;
    map_search<T, Device> search_;
    std::vector<top_patches> found_;
};

/// Channels by the mean activation of their patches, the strongest first, at most `count`; those
/// that nothing excites are left out. Of equals the lower channel comes first.
[[nodiscard]] std::vector<std::int64_t> strongest_channels(const top_patches& found,
                                                           std::int64_t count);

}  // namespace impasto::insight
