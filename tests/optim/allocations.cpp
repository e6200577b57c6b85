#include <cstdlib>
#include <new>

#include <catch2/catch.hpp>

#include <impasto/optim/adam.hpp>
#include <impasto/optim/average.hpp>
#include <impasto/optim/gradient_descent.hpp>
#include <impasto/optim/lbfgs.hpp>

#include "optim/objectives.hpp"

// Every operator new of this program is counted.
namespace {

long allocations = 0;

void* counted(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) noexcept {
    ++allocations;
    return std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
}

void* counted_or_throw(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    void* pointer = counted(bytes, alignment);
    return pointer != nullptr ? pointer : throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t n) {
    return counted_or_throw(n);
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
    return counted(n);
}
void* operator new(std::size_t n, std::align_val_t a) {
    return counted_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
    return counted(n, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    std::free(p);
}

using namespace impasto;
using namespace impasto::test;

TEST_CASE("a step allocates nothing") {
    context<cpu> ctx({.threads = 2});
    auto x = rosenbrock::start(50'000);  // past the threshold where work is shared
    rosenbrock f;
    const long before_tensor = allocations;
    optim::lbfgs<cpu> lbfgs(ctx, x.shape(), {.history = 5});
    optim::adam<cpu> adam(ctx, x.shape());
    optim::gradient_descent<cpu> descent(ctx, x.shape(), {.learning_rate = 1e-5});
    optim::average<cpu> average(ctx, x.shape(), 0.9);
    REQUIRE(allocations > before_tensor);  // the counter sees tensors

    const auto allocated_by = [&](auto&& work) {
        const long before = allocations;
        for (int i = 0; i < 12; ++i)
            work();
        return allocations - before;
    };
    CHECK(allocated_by([&] { lbfgs.step(f, x); }) == 0);
    CHECK(allocated_by([&] { adam.step(f, x); }) == 0);
    CHECK(allocated_by([&] { descent.step(f, x); }) == 0);
    CHECK(allocated_by([&] { average.update(x); }) == 0);
}
