#pragma once

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <pty.h>

#include "cli/process.hpp"

namespace impasto::test {

/// Runs the tool, which must succeed, with both of its outputs on a terminal: what a person sees
/// there.
[[nodiscard]] inline std::string seen_on_terminal(const temporary_folder& folder,
                                                  const std::vector<std::string>& arguments) {
    int control = -1, terminal = -1;
    REQUIRE(::openpty(&control, &terminal, nullptr, nullptr, nullptr) == 0);
    process tool(folder, arguments, terminal);
    ::close(terminal);
    std::string text;
    char buffer[4096];
    for (ssize_t got; (got = ::read(control, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    ::close(control);
    CHECK(tool.wait().code == 0);
    return text;
}

}  // namespace impasto::test
