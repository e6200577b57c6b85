// Opens any bytes as a file of one format and reads what is in it. Only errors of the library's own
// may come out; libFuzzer watches memory with -malloc_limit_mb and -rss_limit_mb.

#include <cstdint>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/core/shape.hpp>

#include "weights/formats.hpp"
#include "weights/palettes.hpp"
#include "weights/recognise.hpp"

namespace {

using namespace impasto;

constexpr std::int64_t most_elements = 1 << 16;

void read_all(const weights::archive& source) {
    for (const weights::entry& tensor : source.entries) {
        std::int64_t elements = 1;
        for (const std::int64_t extent : tensor.extents)
            elements = extent < 0 || extent > most_elements
                           ? most_elements + 1
                           : elements * extent % (2 * most_elements);
        if (elements > most_elements)
            continue;
        std::vector<float> values(static_cast<std::size_t>(elements));
        try {
            weights::read(source, tensor, values);
        } catch (const error&) {
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    if (!weights::IMPASTO_IS_FORMAT({bytes, size}))
        return 0;
    try {
        const auto file = std::make_shared<const mapped_file>(
            "fuzz", std::vector<std::byte>(bytes, bytes + size));
        weights::archive source = weights::IMPASTO_OPEN_FORMAT(file);
        weights::join_palettes(source);
        read_all(source);
        (void)weights::to_network(source, {});
    } catch (const error&) {
    }
    return 0;
}
