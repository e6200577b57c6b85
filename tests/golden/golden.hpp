#pragma once

#include <map>
#include <string>

#include <impasto/formats/npy.hpp>

namespace impasto::test {

/// What PyTorch computes; make_golden.py says what each key is.
[[nodiscard]] inline const std::map<std::string, formats::npy::array>& golden() {
    static const auto arrays =
        formats::npy::read_archive(IMPASTO_TESTS_FOLDER "/golden/small_vgg.npz");
    return arrays;
}

}  // namespace impasto::test
