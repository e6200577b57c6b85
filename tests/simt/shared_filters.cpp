#include <impasto/ops/conv2d.hpp>

#include <optional>

#include <catch2/catch.hpp>

#include <simt/device.hpp>

#include "support/device_maps.hpp"

using namespace impasto;

namespace {

constexpr std::int64_t in = 16, out = 40;

template <class T>
class twins {
public:
    /// One for pixels of `first`, and one like it for those of `second`.
    twins(shape first, shape second) : size_(second) {
        first_.emplace(ctx_, weights_, bias_, first);
        const auto before = simt::allocated_bytes();
        second_.emplace(ctx_, weights_, bias_, second, ops::conv_options{}, &*first_);
        taken_ = simt::allocated_bytes() - before;
        first_.reset();  // what is shared outlives it
    }

    /// Of device memory, by the second.
    [[nodiscard]] std::size_t taken() const { return taken_; }
    [[nodiscard]] std::size_t filter_bytes() const { return second_->filter_bytes(); }

    void check_result() {
        const ops::conv2d<T, cuda> alone(ctx_, weights_, bias_, size_);
        const auto x = support::to_device<T>(ctx_, support::random_map(in, size_.h, size_.w, 3));
        CHECK(forward(*second_, x) == forward(alone, x));
    }

private:
    std::vector<double> forward(const ops::conv2d<T, cuda>& conv, const tensor<T, cuda>& x) {
        tensor<T, cuda> result(conv.output_shape(), layout::nhwc);
        conv.forward(ctx_, x, result);
        return support::to_map(ctx_, result).values;
    }

    context<cuda> ctx_;
    shape size_;
    tensor<float, cpu> weights_ =
        support::to_tensor(support::random_values(out * in * 9, 1), {out, in, 3, 3});
    tensor<float, cpu> bias_ = support::to_tensor(support::random_values(out, 2), {1, out, 1, 1});
    std::optional<ops::conv2d<T, cuda>> first_, second_;
    std::size_t taken_ = 0;
};

}  // namespace

TEMPLATE_TEST_CASE("a convolution like another shares its filters", "", float, half, bfloat16) {
    twins<TestType> both({1, in, 20, 30}, {1, in, 9, 17});
    CHECK(both.taken() < both.filter_bytes() / 10);
    both.check_result();
}
