#pragma once

#include <cstdint>
#include <span>

#include <impasto/core/context.hpp>
#include <impasto/core/growing_tensor.hpp>
#include <impasto/insight/tiled_features.hpp>
#include <impasto/insight/top_patches.hpp>

namespace impasto::insight {

/// Searches feature maps for the largest activations, on the device where they are.
template <class T = float, class Device = cpu>
class map_search {
public:
    /// Adds all positions of a part of a picture's feature map to `found`. One pass computes the
    /// largest value of each row; only rows with a value larger than those known are then examined
    /// and, on a GPU, copied to the host. The same bytes for every number of threads.
    /// `largest`, unless empty, has one value per channel and is raised to the largest of the part.
    /// Throws shape_error if the channels differ or the layout is not a feature layout, and
    /// option_error for an infinite activation, which can occur with half.
    void add(context<Device>& ctx, const map_part<T, Device>& part, std::int64_t picture,
             top_patches& found, std::span<float> largest = {});

private:
    growing_tensor<float, Device> maxima_, rows_;
    growing_tensor<float, cpu> host_maxima_, host_rows_;  ///< copies of those on a GPU
};

}  // namespace impasto::insight
