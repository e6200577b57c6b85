#pragma once

#include <cstdint>
#include <string>

#include <impasto/weights/fetch.hpp>

namespace impasto::weights {

/// Appends to the file what `url` has from byte `resume_at` on. Returns false where the server
/// cannot resume there: then the download has to start again. Throws io_error; what was written
/// stays.
bool download(int file, const std::string& url, std::uint64_t resume_at,
              const std::function<void(const fetch_progress&)>& observer);

}  // namespace impasto::weights
