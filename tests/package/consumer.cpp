// A stranger's program: a compiler and impasto::impasto are all that it was given.
#include <algorithm>
#include <iostream>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/core/version.hpp>

int main() {
    using namespace impasto;
    context<cpu> here({.threads = 1});
    tensor<float, cpu> picture({1, 3, 4, 5});
    std::fill(picture.begin(), picture.end(), 0.5f);
    std::cout << "impasto " << version << ", " << here.threads() << " thread, "
              << to_string(picture.shape()) << "\n";
    return here.threads() == 1 && std::count(picture.begin(), picture.end(), 0.5f) == 60 ? 0 : 1;
}
