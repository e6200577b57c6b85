#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace impasto::weights {

/// A network that torchvision publishes. Weights trained on ImageNet, for research and education:
/// docs/weights.md has what their licence says.
struct published {
    std::string_view name;
    std::string_view url;
    std::string_view file;
    std::string_view sha256;  ///< its first digits: torchvision puts eight into the name
    /// The file with Oxford's weights for the same network, which impasto converted; empty: none.
    /// Preferred to torchvision's in cache_folder(): the literature's network is Oxford's.
    std::string_view oxford{};
};
inline constexpr published published_networks[] = {
    {"vgg19", "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth", "vgg19-dcbb9e9d.pth",
     "dcbb9e9d", "vgg19-oxford.safetensors"},
    {"vgg16", "https://download.pytorch.org/models/vgg16-397923af.pth", "vgg16-397923af.pth",
     "397923af"},
};

/// Null for any other name.
[[nodiscard]] const published* find_published(std::string_view name);

/// Where fetched files are kept: $XDG_CACHE_HOME/impasto, else ~/.cache/impasto. Throws io_error
/// where neither variable is set.
[[nodiscard]] std::filesystem::path cache_folder();

/// The file in cache_folder() that the name of a network stands for: Oxford's, else torchvision's.
/// Nothing where neither exists. Throws io_error as cache_folder does.
[[nodiscard]] std::optional<std::filesystem::path> find_cached(const published& network);

struct fetch_progress {
    std::uint64_t done = 0;   ///< bytes, those of an earlier attempt included
    std::uint64_t total = 0;  ///< 0: the server does not say
};

struct fetch_options {
    std::filesystem::path folder;  ///< empty: cache_folder()
    std::string url;               ///< a mirror; empty: the official address
    std::string sha256;  ///< 8 to 64 hexadecimal digits that the hash begins with; empty: published
    std::function<void(const fetch_progress&)> observer;
};

/// Downloads a network unless its file exists, and returns the file's path. An interrupted download
/// resumes: its bytes are kept beside the file as FILE.part. The file gets its name only when its
/// SHA-256 is right. Uses http and https alone, and refuses redirects from https to http.
/// Throws io_error, naming address or file: no connection, an answer such as 404, a broken
/// connection, another fetch of the same file, a folder that cannot be written; format_error on a
/// wrong hash, which deletes the download; option_error where this build has no libcurl, or where
/// sha256 is not such digits.
std::filesystem::path fetch(const published& network, const fetch_options& options = {});

}  // namespace impasto::weights
