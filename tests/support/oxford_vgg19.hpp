#pragma once

#include <cstdio>
#include <filesystem>
#include <optional>

#include <impasto/core/error.hpp>
#include <impasto/weights/fetch.hpp>

#include <catch2/catch.hpp>

namespace support {

/// Oxford's VGG-19, 8-bit: beside the sources, or where ./dev vgg19 puts it. Where it is in neither
/// place, says so with the word that CTest waits for.
inline std::optional<std::filesystem::path> find_oxford_vgg19() {
    namespace fs = std::filesystem;
    const fs::path beside = IMPASTO_TESTS_FOLDER "/../../shared/weights/vgg19-8bit.safetensors";
    if (fs::exists(beside))
        return beside;
    const auto* network = impasto::weights::find_published("vgg19");
    try {
        if (const auto file = impasto::weights::cache_folder() / network->oxford; fs::exists(file))
            return file;
    } catch (const impasto::io_error&) {  // there is no cache folder
    }
    std::puts("skipped: Oxford's VGG-19 is not here; ./dev vgg19 gets it");
    WARN("skipped: Oxford's VGG-19 is not here; ./dev vgg19 gets it");
    return std::nullopt;
}

}  // namespace support
