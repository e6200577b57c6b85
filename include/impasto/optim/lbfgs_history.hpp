#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <impasto/ops/lbfgs.hpp>
#include <impasto/ops/vector.hpp>

namespace impasto::optim {

/// The last m pairs s = x' − x, y = g' − g, which define an approximate inverse Hessian H.
///
/// H·g is the two-loop recursion (Nocedal & Wright 2006, algorithm 7.4) on inner products: one pass
/// over all pairs computes them, the recursion runs on m² scalars in double, and a second pass
/// combines the vectors (Chen, Wang & Zhou 2014). The usual form writes a vector 2m times and, on a
/// GPU, waits for 2m scalars one after another.
template <class Device>
class lbfgs_history {
public:
    lbfgs_history(context<Device>& ctx, const shape& x, std::size_t capacity)
        : context_(&ctx),
          x_(x),
          capacity_(capacity),
          rows_({checked_multiply(2 * static_cast<std::int64_t>(capacity), x.n), x.c, x.h, x.w}),
          products_(2 * capacity),
          coefficients_(2 * capacity),
          s_dot_y_(capacity * capacity),
          y_dot_y_(capacity * capacity) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    void clear() { size_ = next_ = 0; }

    /// Replaces the oldest pair by this one. Ignores it and returns false if s·y is not positive
    /// within float's rounding, because H would not stay positive definite.
    bool push(tensor_view<const float, Device> s, tensor_view<const float, Device> y);

    /// d ← −H·g; without pairs, −g.
    void direction(tensor_view<const float, Device> g, tensor_view<float, Device> d);

    /// See ops/state.hpp.
    template <class State>
    void exchange(State& s) {
        s("size", size_);
        s("next", next_);
        size_ = std::min(size_, capacity_);  // the file may contain any number
        next_ %= capacity_;
        s("rows", filled_rows());
        s("s_dot_y", s_dot_y_);
        s("y_dot_y", y_dot_y_);
        s_dot_y_.resize(capacity_ * capacity_);
        y_dot_y_.resize(capacity_ * capacity_);
    }

private:
    // Slot k holds s in row 2k and y in row 2k + 1.
    [[nodiscard]] tensor_view<float, Device> row(std::size_t r) {
        return {rows_.data() + static_cast<std::int64_t>(r) * x_.elements(), x_};
    }
    [[nodiscard]] tensor_view<float, Device> filled_rows() {
        shape s = rows_.shape();
        s.n = 2 * static_cast<std::int64_t>(size_) * x_.n;
        return {rows_.data(), s};
    }
    /// Slot of the pair that is `age` pushes old; 0 is the newest.
    [[nodiscard]] std::size_t slot(std::size_t age) const {
        return (next_ + capacity_ - 1 - age) % capacity_;
    }
    [[nodiscard]] double& s_dot_y(std::size_t i, std::size_t j) {
        return s_dot_y_[i * capacity_ + j];
    }
    [[nodiscard]] double& y_dot_y(std::size_t i, std::size_t j) {
        return y_dot_y_[i * capacity_ + j];
    }

    context<Device>* context_;
    shape x_;
    std::size_t capacity_;
    std::size_t size_ = 0;
    std::size_t next_ = 0;  ///< slot of the next pair
    tensor<float, Device> rows_;
    std::vector<double> products_;      ///< of every row with one vector
    std::vector<double> coefficients_;  ///< of every row in the direction
    std::vector<double> s_dot_y_;       ///< valid if s is not newer than y
    std::vector<double> y_dot_y_;
};

template <class Device>
bool lbfgs_history<Device>::push(tensor_view<const float, Device> s,
                                 tensor_view<const float, Device> y) {
    const double curvature = ops::dot(*context_, s, y);
    const double lengths = std::sqrt(ops::dot(*context_, s, s) * ops::dot(*context_, y, y));
    if (!(curvature > std::numeric_limits<float>::epsilon() * lengths))
        return false;

    const std::size_t k = next_;
    ops::copy(*context_, s, row(2 * k));
    ops::copy(*context_, y, row(2 * k + 1));
    next_ = (next_ + 1) % capacity_;
    size_ = std::min(size_ + 1, capacity_);

    ops::dots(*context_, filled_rows(), y, std::span(products_).first(2 * size_));
    for (std::size_t i = 0; i < size_; ++i) {
        s_dot_y(i, k) = products_[2 * i];
        y_dot_y(i, k) = y_dot_y(k, i) = products_[2 * i + 1];
    }
    return true;
}

template <class Device>
void lbfgs_history<Device>::direction(tensor_view<const float, Device> g,
                                      tensor_view<float, Device> d) {
    const std::span products = std::span(products_).first(2 * size_);
    const std::span coefficients = std::span(coefficients_).first(2 * size_);
    ops::dots(*context_, filled_rows(), g, products);

    // Newest to oldest: q = g − Σ αⱼyⱼ, represented by its products sᵢ·q.
    const auto alpha = [&](std::size_t i) -> double& { return coefficients[2 * i + 1]; };
    for (std::size_t age = 0; age < size_; ++age) {
        const std::size_t i = slot(age);
        double s_dot_q = products[2 * i];
        for (std::size_t newer = 0; newer < age; ++newer)
            s_dot_q -= alpha(slot(newer)) * s_dot_y(i, slot(newer));
        alpha(i) = s_dot_q / s_dot_y(i, i);
    }

    // Oldest to newest: r = γq + Σ δⱼsⱼ, represented by yᵢ·r; the result is H·g.
    const auto delta = [&](std::size_t i) -> double& { return coefficients[2 * i]; };
    const double gamma = size_ == 0 ? 1 : s_dot_y(slot(0), slot(0)) / y_dot_y(slot(0), slot(0));
    for (std::size_t age = size_; age-- > 0;) {
        const std::size_t i = slot(age);
        double y_dot_q = products[2 * i + 1];
        for (std::size_t j = 0; j < size_; ++j)
            y_dot_q -= alpha(j) * y_dot_y(i, j);
        double y_dot_r = gamma * y_dot_q;
        for (std::size_t older = age + 1; older < size_; ++older)
            y_dot_r += delta(slot(older)) * s_dot_y(slot(older), i);
        delta(i) = alpha(i) - y_dot_r / s_dot_y(i, i);
    }

    for (std::size_t i = 0; i < size_; ++i) {
        alpha(i) *= gamma;
        delta(i) *= -1;
    }
    ops::combine(*context_, -gamma, g, coefficients, filled_rows(), d);
}

/// On a GPU, pairs and products stay in device memory: the same interface with ops::lbfgs_pairs,
/// except that push does not return whether the pair was accepted, empty also counts rejected
/// pairs, and size waits for the device.
template <>
class lbfgs_history<cuda> {
public:
    lbfgs_history(context<cuda>& ctx, const shape& x, std::size_t capacity)
        : context_(&ctx), pairs_(ctx, x, capacity) {}

    [[nodiscard]] std::size_t size() const { return pairs_.size(*context_); }
    [[nodiscard]] bool empty() const { return pairs_.empty(); }
    void clear() { pairs_.clear(*context_); }
    void push(tensor_view<const float, cuda> s, tensor_view<const float, cuda> y) {
        pairs_.push(*context_, s, y);
    }
    void direction(tensor_view<const float, cuda> g, tensor_view<float, cuda> d) {
        pairs_.direction(*context_, g, d);
    }

    template <class State>
    void exchange(State& s) {
        pairs_.exchange(s);
    }

private:
    context<cuda>* context_;
    ops::lbfgs_pairs pairs_;
};

}  // namespace impasto::optim
