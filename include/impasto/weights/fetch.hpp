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
    /// Of the same network as Oxford trained it, a file that impasto converted; empty: none. In
    /// cache_folder() it goes before torchvision's: it is the one that the literature means.
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
/// Nothing where neither is there. Throws io_error as cache_folder does.
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

/// Downloads a network unless it is there, and returns where it is. What has come lies beside the
/// final name as FILE.part; a later call goes on from there. The file gets its name only when its
/// SHA-256 is right. http and https alone, and no way from https to http.
/// Throws io_error, naming address or file: no connection, an answer like 404, a connection that
/// broke, another fetch at work, a folder that cannot be written; format_error on a wrong hash,
/// after which nothing is kept; option_error where this build has no libcurl, or sha256 is no such
/// digits.
std::filesystem::path fetch(const published& network, const fetch_options& options = {});

}  // namespace impasto::weights
