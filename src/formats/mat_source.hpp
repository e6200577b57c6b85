#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <zlib.h>
#include <impasto/core/mapped_file.hpp>

#include "formats/cursor.hpp"

namespace impasto::formats::mat {

/// Bytes that stay in the file, or a function that returns them.
struct content {
    std::span<const std::byte> bytes;
    std::function<std::vector<std::byte>()> unpack;
};

/// The bytes of a variable from front to back. Reading past the end is a format_error.
class source {
public:
    virtual ~source() = default;
    virtual void read(std::span<std::byte> into) = 0;
    virtual void skip(std::uint64_t size) = 0;
    /// The next bytes, to be read later.
    virtual content keep(std::uint64_t size) = 0;
    [[nodiscard]] virtual std::uint64_t position() const = 0;
    [[noreturn]] virtual void refuse(const std::string& what) const = 0;
};

class plain_source : public source {
public:
    plain_source(std::span<const std::byte> bytes, const std::string& file) : at_(bytes, file) {}

    void read(std::span<std::byte> into) override {
        std::ranges::copy(at_.take(into.size()), into.begin());
    }
    void skip(std::uint64_t size) override { at_.skip(size); }
    content keep(std::uint64_t size) override { return {at_.take(size), {}}; }
    [[nodiscard]] std::uint64_t position() const override { return at_.at(); }
    [[noreturn]] void refuse(const std::string& what) const override { at_.refuse(what); }

private:
    cursor at_;
};

/// What a whole file may still inflate to, and how much of that may be kept.
struct inflate_budget {
    std::uint64_t inflate = std::uint64_t{2} << 30;
    std::uint64_t keep = 256 << 20;  ///< a VGG-19 of doubles without its classifier has 160 MB
};

/// zlib's stream. A copy continues at the same place: a checkpoint of 40 kB. Pages of the file are
/// given back once they are inflated, so that it is not in memory both packed and unpacked.
class inflating_source : public source {
public:
    /// `file`, of which `deflated` is a part, must outlive the source and its copies.
    inflating_source(std::span<const std::byte> deflated, const mapped_file& file,
                     inflate_budget budget = {});
    inflating_source(const inflating_source& other);
    inflating_source& operator=(const inflating_source&) = delete;
    ~inflating_source() override { ::inflateEnd(&stream_); }

    void read(std::span<std::byte> into) override;
    void skip(std::uint64_t size) override;
    /// The bytes are inflated now and moved out by the first read; a later read inflates them again
    /// from a checkpoint. So a file is loaded in one pass, without holding it twice.
    content keep(std::uint64_t size) override;
    [[nodiscard]] std::uint64_t position() const override { return position_; }
    [[noreturn]] void refuse(const std::string& what) const override {
        throw format_error(file_.path().string() + ": " + what);
    }
    /// The rest of it.
    [[nodiscard]] inflate_budget budget() const { return budget_; }

private:
    [[nodiscard]] std::vector<std::byte> read(std::uint64_t size);
    [[nodiscard]] std::size_t consumed() const;
    void give_back();

    z_stream stream_{};
    std::span<const std::byte> deflated_;
    const mapped_file& file_;
    std::size_t given_back_ = 0;  ///< of `deflated_`, from its beginning
    inflate_budget budget_;
    std::uint64_t position_ = 0;
};

}  // namespace impasto::formats::mat
