#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <impasto/core/mapped_file.hpp>
#include <impasto/weights/archive.hpp>

#include "support/complaint.hpp"
#include "weights/files.hpp"
#include "weights/recognise.hpp"

namespace impasto::test {

inline void load(byte_list bytes) {
    const auto file = std::make_shared<const mapped_file>("some.file", std::move(bytes));
    (void)weights::to_network(weights::open(file), {});
}

inline std::string complaint(byte_list bytes) {
    return complaint(std::move(bytes), load);
}

/// A file of make_files.py loads whole, and is refused when it is cut off at any 1/64.
inline void expect_refused_when_cut(const std::string& name) {
    const byte_list whole = made_file(name);
    REQUIRE(complaint(whole) == "");
    for (std::size_t part = 0; part < 64; ++part) {
        CAPTURE(name, part);
        byte_list cut(whole.begin(), whole.begin() + static_cast<long>(whole.size() * part / 64));
        CHECK(complaint(std::move(cut)) != "");
    }
}

/// A file of make_files.py with three bytes changed is refused or loads, a hundred times. Most of a
/// file is numbers; what matters more lies at its ends: half of the changes are within `reach` of
/// one.
inline void expect_harmless_when_damaged(const std::string& name, std::uint32_t seed,
                                         std::size_t reach) {
    const byte_list whole = made_file(name);
    std::mt19937 random(seed);
    for (int trial = 0; trial < 100; ++trial) {
        byte_list damaged = whole;
        for (int flips = 0; flips < 3; ++flips) {
            const std::size_t from_front = random() % (trial % 2 == 0 ? damaged.size() : reach);
            const std::size_t at = trial % 4 < 2 ? from_front : damaged.size() - 1 - from_front;
            damaged[at] = static_cast<std::byte>(random() % 3 == 0 ? 0xff : random());
        }
        CAPTURE(name, trial);
        CHECK_NOTHROW((void)complaint(std::move(damaged)));
    }
}

}  // namespace impasto::test
