#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace impasto::cli {

/// The files named; for a folder, all .jpg, .jpeg, .png and .bmp files in it and its subfolders,
/// sorted. Throws option_error for a folder without such files, and io_error for one that cannot be
/// read. Files are not opened.
[[nodiscard]] std::vector<std::filesystem::path> list_pictures(
    const std::vector<std::string>& names);

}  // namespace impasto::cli
