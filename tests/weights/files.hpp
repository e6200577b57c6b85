#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

namespace impasto::test {

/// A file of make_files.py, unpacked.
inline std::vector<std::byte> made_file(const std::string& name) {
    const std::string path = IMPASTO_TESTS_FOLDER "/weights/files/" + name + ".gz";
    gzFile file = ::gzopen(path.c_str(), "rb");
    if (file == nullptr)
        throw std::runtime_error(path + ": cannot open");
    std::vector<std::byte> bytes;
    std::array<std::byte, 1 << 16> part;
    for (int got; (got = ::gzread(file, part.data(), part.size())) > 0;)
        bytes.insert(bytes.end(), part.begin(), part.begin() + got);
    ::gzclose(file);
    return bytes;
}

inline void write_bytes(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

}  // namespace impasto::test
