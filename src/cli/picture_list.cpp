#include "cli/picture_list.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <impasto/core/error.hpp>

namespace impasto::cli {

namespace fs = std::filesystem;

namespace {

bool has_picture_name(const fs::path& file) {
    constexpr std::array<std::string_view, 4> known{".jpg", ".jpeg", ".png", ".bmp"};
    auto extension = file.extension().string();
    for (char& c : extension)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return std::ranges::find(known, extension) != known.end();
}

std::vector<fs::path> pictures_below(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code failed;
    fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                           failed);
    while (!failed && entry != fs::recursive_directory_iterator()) {
        std::error_code unknown;
        if (entry->is_regular_file(unknown) && has_picture_name(entry->path()))
            files.push_back(entry->path());
        entry.increment(failed);
    }
    if (failed)
        throw io_error(folder.string() + ": cannot be read: " + failed.message());
    if (files.empty())
        throw option_error(folder.string() + ": contains no .jpg, .jpeg, .png or .bmp file");
    std::ranges::sort(files);
    return files;
}

}  // namespace

std::vector<fs::path> list_pictures(const std::vector<std::string>& names) {
    std::vector<fs::path> files;
    for (const auto& name : names) {
        std::error_code missing;
        if (!fs::is_directory(name, missing)) {
            files.emplace_back(name);
            continue;
        }
        const auto below = pictures_below(name);
        files.insert(files.end(), below.begin(), below.end());
    }
    return files;
}

}  // namespace impasto::cli
