#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <impasto/core/mapped_file.hpp>

#include "formats/zip.hpp"

namespace impasto::formats {

/// A deflated member of a zip archive, inflated into memory for random access. A part that is taken
/// is freed, so that file and filters are never in memory together; taking it again inflates the
/// whole member again.
class inflated {
public:
    /// Throws format_error where the member has more than `limit` bytes or is damaged.
    inflated(std::shared_ptr<const mapped_file> archive, const zip::member& member,
             std::size_t limit);

    /// Valid until the first part is taken.
    [[nodiscard]] std::span<const std::byte> bytes() const {
        return {pages_.get(), pages_.get_deleter().size};
    }
    /// A copy of a part of bytes().
    [[nodiscard]] std::vector<std::byte> take(std::span<const std::byte> part);

private:
    struct unmap {
        std::size_t size;
        void operator()(std::byte* pages) const;
    };
    void fill();

    zip::reader reader_;
    zip::member member_;
    std::unique_ptr<std::byte, unmap> pages_;
    std::vector<bool> is_gone_;  ///< of each page
};

}  // namespace impasto::formats
