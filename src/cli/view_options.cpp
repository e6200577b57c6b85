#include "cli/view_options.hpp"

#include "cli/names.hpp"
#include "cli/option_group.hpp"

namespace impasto::cli {

void add_view_options(CLI::App& app, nn::view& view, passes network) {
    option_group seen(app, "Network");
    auto& pooling = view.pooling;
    seen.choice("--pooling", "pooling of feature maps", pooling.kind, pooling_names);
    seen.add(
        "--pooling-scale", "X", "factor of pooled values; usual: 2 for average, 0.78 for l2",
        compact(pooling.scale), [&pooling](const std::string& text) {
            pooling.scale = static_cast<float>(parse_number("--pooling-scale", text, {0, 100}));
        });
    seen.choice("--border", "padding around the picture", view.border, border_names);
    seen.choice("--convolution", "convolution algorithm; direct is slower and more exact",
                view.convolution.algorithm, convolution_names);

    option_group computed(app, "Engine");
    computed.choice("--precision", "number format of feature maps; all but float32 need a GPU",
                    view.precision, precision_names);
    computed.choice("--conv-engine", "convolutions on a GPU; cudnn: NVIDIA's, for comparison",
                    view.convolution.engine, conv_engine_names);
    if (network == passes::forward_and_backward)
        computed.flag("--recompute",
                      "compute the largest feature map twice instead of keeping it, to save memory",
                      view.recompute);
}

nlohmann::ordered_json view_json(const nn::view& view) {
    const auto name = []<class T, std::size_t N>(const named<T>(&choices)[N], T value) {
        return name_of(std::span<const named<T>>(choices), value);
    };
    return {{"pooling", name(pooling_names, view.pooling.kind)},
            {"pooling-scale", view.pooling.scale},
            {"border", name(border_names, view.border)},
            {"convolution", name(convolution_names, view.convolution.algorithm)},
            {"recompute", view.recompute},
            {"precision", name(precision_names, view.precision)},
            {"conv-engine", name(conv_engine_names, view.convolution.engine)}};
}

}  // namespace impasto::cli
