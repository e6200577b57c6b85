#pragma once

#include <cstdint>
#include <span>

#include <impasto/core/context.hpp>
#include <impasto/core/growing_tensor.hpp>
#include <impasto/insight/tiled_features.hpp>
#include <impasto/insight/top_patches.hpp>

namespace impasto::insight {

/// Looks through feature maps, where they lie, for what top_patches keeps.
template <class T = float, class Device = cpu>
class map_search {
public:
    /// Offers every position of a part of a picture's map to `found`: one pass over the map for the
    /// largest value of each row, then a closer look at the few rows that hold something better
    /// than what is known, all that leaves a GPU. The same bytes for every number of threads.
    /// `largest`, unless empty, has a value for each channel: it is raised to the part's largest.
    /// Throws shape_error where the channels differ, and for a map that is not in a feature layout;
    /// option_error for an infinite activation, of which half has some.
    void add(context<Device>& ctx, const map_part<T, Device>& part, std::int64_t picture,
             top_patches& found, std::span<float> largest = {});

private:
    growing_tensor<float, Device> maxima_, rows_;
    growing_tensor<float, cpu> host_maxima_, host_rows_;  ///< copies of a GPU's
};

}  // namespace impasto::insight
