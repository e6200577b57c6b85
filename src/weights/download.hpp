#pragma once

#include <cstdint>
#include <string>

#include <impasto/weights/fetch.hpp>

namespace impasto::weights {

/// Appends what `url` has from byte `resume_at` on to the file. Returns false where the server does
/// not go on from there: then the file has to begin anew. Throws io_error; what was written stays.
bool download(int file, const std::string& url, std::uint64_t resume_at,
              const std::function<void(const fetch_progress&)>& observer);

}  // namespace impasto::weights
