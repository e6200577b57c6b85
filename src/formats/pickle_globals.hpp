#pragma once

#include <algorithm>
#include <string_view>

namespace impasto::formats::pickle {

inline constexpr std::string_view known_globals[] = {
    "collections.OrderedDict",
    "_codecs.encode",
    "builtins.set",
    "__builtin__.set",
    "builtins.getattr",  // of enumerations, in whole modules
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.numeric._frombuffer",
    "numpy._core.numeric._frombuffer",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.ndarray",
    "numpy.dtype",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch.nn.parameter.Parameter",
    "torch.Size",
    "torch.device",
    "torch.nn.backends.thnn._get_thnn_function_backend",
    "torch.storage.UntypedStorage",
};

/// Whether a pickle may name `global`: one of the above, torch.FloatStorage and the like, or a
/// class of torch.nn.modules or torchvision.models.vgg.
[[nodiscard]] inline bool is_known(std::string_view global) {
    const auto direct_member = [&](std::string_view module) {
        return global.starts_with(module) &&
               global.find('.', module.size()) == std::string_view::npos;
    };
    return std::ranges::find(known_globals, global) != std::end(known_globals) ||
           (direct_member("torch.") && global.ends_with("Storage")) ||
           global.starts_with("torch.nn.modules.") || direct_member("torchvision.models.vgg.");
}

}  // namespace impasto::formats::pickle
