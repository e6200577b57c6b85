#pragma once

#include <cstddef>

namespace simt {

/// Memory with guards on both sides: AddressSanitizer reports who touches them, at once; without it
/// intact() tells afterwards whether anybody wrote there.
class guarded_memory {
public:
    /// Filled with 0xff. Throws std::bad_alloc.
    guarded_memory(std::size_t bytes, std::size_t alignment);
    ~guarded_memory();
    guarded_memory(const guarded_memory&) = delete;
    guarded_memory& operator=(const guarded_memory&) = delete;

    [[nodiscard]] void* data() const { return data_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    void poison();
    [[nodiscard]] bool intact() const;

private:
    static constexpr unsigned char mark = 0xa5;

    std::size_t bytes_, guard_, all_;
    unsigned char *begin_, *data_;
};

}  // namespace simt
