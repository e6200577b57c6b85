#pragma once

#include <cstddef>
#include <cstdint>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/scalars.hpp>

namespace impasto::ops {

/// The memory of L-BFGS on a GPU: the last pairs s = x' − x, y = g' − g, and with them an
/// approximate inverse Hessian H. Nothing here waits for the device but size().
///
/// H·g is taken in compact form (Byrd, Nocedal & Schnabel 1994, eq. 3.1). The products of all pairs
/// with each other are kept on the device. One pass over the pairs multiplies them by g and by the
/// newest y; one block then solves two triangular systems of as many unknowns as there are pairs;
/// a second pass forms the combination.
class lbfgs_pairs {
public:
    /// Takes 2·(capacity + 1) vectors of x's extents. Throws option_error on a capacity outside
    /// [1, 1000].
    lbfgs_pairs(context<cuda>& ctx, const shape& x, std::size_t capacity);

    void clear(context<cuda>& ctx);

    /// Takes the pair in place of the oldest. Leaves it out where s·y is not positive beyond
    /// float's rounding: H would not stay positive definite.
    void push(context<cuda>& ctx, tensor_view<const float, cuda> s,
              tensor_view<const float, cuda> y);

    /// d ← −H·g; with no pairs, −g.
    void direction(context<cuda>& ctx, tensor_view<const float, cuda> g,
                   tensor_view<float, cuda> d);

    /// Whether no pair was handed over since the start or the last clear().
    [[nodiscard]] bool empty() const { return most_ == 0; }

    /// Pairs that were taken and are still held. Waits.
    [[nodiscard]] std::size_t size(context<cuda>& ctx) const;

    /// What the rows and their products are; see ops/state.hpp.
    template <class State>
    void exchange(State& s) {
        s("most", most_);
        s("pending", pending_);
        s("rows", rows_);
        s("ring", tensor_view<std::int64_t, cuda>(  // its two numbers as one
                      reinterpret_cast<std::int64_t*>(ring_.data()), {1, 1, 1, 1}));
        s("products", products_);
        s("count", *count_.slots(0).data());  // the host's memory
    }

private:
    /// Brings the products up to date with the newest pair, and the factors to those of −H·g.
    void multiply(context<cuda>& ctx, tensor_view<const float, cuda> g);

    shape x_;
    int capacity_;
    int most_ = 0;                   ///< that there can be by now; the device knows how many
    bool pending_ = false;           ///< the products of the newest pair are not known yet
    std::int64_t stride_;            ///< elements from row to row, a multiple of 4
    tensor<float, cuda> rows_;       ///< slot k: s in row 2k, y in row 2k + 1
    tensor<int, cuda> ring_;         ///< how many slots are filled, and which is next
    tensor<double, cuda> products_;  ///< s·y, then y·y, of all slots
    tensor<double, cuda> factors_;   ///< of every row, and of g, in d
    scalars<cuda> count_;
};

}  // namespace impasto::ops
