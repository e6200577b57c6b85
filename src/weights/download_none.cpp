#include "weights/download.hpp"

#include <impasto/core/error.hpp>

namespace impasto::weights {

bool download(int, const std::string& url, std::uint64_t,
              const std::function<void(const fetch_progress&)>&) {
    throw option_error(
        "this build cannot download: install libcurl4-openssl-dev and build again, "
        "or fetch " +
        url + " with another program");
}

}  // namespace impasto::weights
