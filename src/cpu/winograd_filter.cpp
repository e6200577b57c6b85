#include <algorithm>
#include <array>

#include "cpu/winograd.hpp"

namespace impasto::cpu_detail {

namespace {

constexpr int patch = 6;
constexpr int points = patch * patch;
constexpr std::size_t widest_panel = filter_panel(16);

// Lavin & Gray 2016, §4.3: U = G·k·Gᵀ.
std::array<float, points> transform(const std::array<float, 9>& k) {
    static constexpr double g[patch][3] = {{1 / 4., 0, 0},
                                           {-1 / 6., -1 / 6., -1 / 6.},
                                           {-1 / 6., 1 / 6., -1 / 6.},
                                           {1 / 24., 1 / 12., 1 / 6.},
                                           {1 / 24., -1 / 12., 1 / 6.},
                                           {0, 0, 1}};
    double half[patch][3];
    for (int y = 0; y < patch; ++y)
        for (std::size_t x = 0; x < 3; ++x)
            half[y][x] = g[y][0] * k[x] + g[y][1] * k[3 + x] + g[y][2] * k[6 + x];
    std::array<float, points> u;
    for (std::size_t y = 0; y < patch; ++y)
        for (std::size_t x = 0; x < patch; ++x)
            u[y * patch + x] = static_cast<float>(half[y][0] * g[x][0] + half[y][1] * g[x][1] +
                                                  half[y][2] * g[x][2]);
    return u;
}

}  // namespace

winograd_filter winograd_transform(context<cpu>& ctx, tensor_view<const float, cpu> weights,
                                   bool flipped) {
    const auto l = ctx.feature_layout();
    const auto block = channel_block(l), whole = filter_panel(block);
    const auto in = flipped ? weights.shape().n : weights.shape().c;
    const auto out = flipped ? weights.shape().c : weights.shape().n;
    winograd_filter filter;
    filter.in = channel_blocks(in, l) * block;
    filter.out = channel_blocks(out, l) * block;
    filter.u = tensor<float, cpu>({1, points, filter.in, filter.out});
    float* const u = filter.u.data();
    std::fill(filter.u.begin(), filter.u.end(), 0.0f);
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t i = 0; i < in; ++i)
        for (std::int64_t panel = 0; panel < out; panel += whole) {
            // A panel's numbers are gathered first: they go to 36 places far apart.
            std::array<std::array<float, widest_panel>, points> lines{};
            for (auto o = panel; o < std::min(out, panel + whole); ++o) {
                const auto* from = weights.data() + (flipped ? i * out + o : o * in + i) * 9;
                std::array<float, 9> k;
                std::copy_n(from, 9, k.begin());
                if (flipped)
                    std::reverse(k.begin(), k.end());
                const auto transformed = transform(k);
                for (std::size_t p = 0; p < points; ++p)
                    lines[p][static_cast<std::size_t>(o - panel)] = transformed[p];
            }
            const auto width = std::min(whole, filter.out - panel);
            for (std::size_t p = 0; p < points; ++p)
                std::copy_n(lines[p].begin(), width,
                            u + static_cast<std::int64_t>(p) * filter.in * filter.out +
                                panel * filter.in + i * width);
        }
    return filter;
}

}  // namespace impasto::cpu_detail
