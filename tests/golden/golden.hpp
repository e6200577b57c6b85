#pragma once

#include <map>
#include <string>

#include <impasto/core/npy.hpp>

namespace impasto::test {

/// What PyTorch computes; make_golden.py says what each key is.
[[nodiscard]] inline const std::map<std::string, npy::array>& golden() {
    static const auto arrays = npy::read_archive(IMPASTO_TESTS_FOLDER "/golden/small_vgg.npz");
    return arrays;
}

}  // namespace impasto::test
