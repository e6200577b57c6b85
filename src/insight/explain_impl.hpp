#pragma once

#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include <impasto/insight/explain.hpp>
#include <impasto/insight/resizing_features.hpp>
#include <impasto/nn/host_map.hpp>
#include <impasto/ops/gram.hpp>

// For every device: instantiated for the CPU in explain.cpp, for a GPU in insight_cuda.cpp.
namespace impasto::insight {

namespace detail {

/// What is made of a planar map and its Gram matrix.
[[nodiscard]] explanation take_apart(context<cpu>& host, const std::string& layer,
                                     tensor<float, cpu> map, std::vector<float> gram,
                                     std::vector<float> thresholds);

/// Over the pixels of the map, as the network's own.
template <class T, class Device>
std::vector<float> gram_of(context<Device>& ctx, const nn::features<T, Device>& features) {
    const auto map = features.tap(0);
    const auto c = map.shape().c;
    tensor<float, Device> gram({1, 1, c, c});
    ops::gram<T>(ctx, map, gram);
    growing_tensor<float, cpu> copy;
    const auto host = ops::on_host(ctx, gram.view(), copy);
    std::vector<float> result(host.begin(), host.end());
    const auto scale = static_cast<float>(features.tap_scale(0));
    for (float& value : result)
        value *= scale * scale / static_cast<float>(map.shape().pixels());
    return result;
}

template <class T, class Device>
explanation explain_in(context<Device>& ctx, const nn::network& network, image::picture_view pixels,
                       const explain_options& options, std::vector<float> thresholds) {
    resizing_features<T, Device> looking(
        network, {.taps = {options.layer}, .view = options.view, .backward = false});
    const auto& features = looking.forward(ctx, pixels);
    auto gram = gram_of(ctx, features);
    auto map = nn::host_map(ctx, features, 0);
    const auto with = [&](context<cpu>& host) {
        return take_apart(host, options.layer, std::move(map), std::move(gram),
                          std::move(thresholds));
    };
    if constexpr (std::same_as<Device, cpu>) {
        return with(ctx);
    } else {
        context<cpu> host;
        return with(host);
    }
}

}  // namespace detail

template <class Device>
explanation explain(context<Device>& ctx, const nn::network& network, image::picture_view pixels,
                    const explain_options& options, std::vector<float> thresholds) {
    return in_precision<Device>(options.view.precision, [&](auto number) {
        return detail::explain_in<decltype(number)>(ctx, network, pixels, options,
                                                    std::move(thresholds));
    });
}

}  // namespace impasto::insight
