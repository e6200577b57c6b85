#pragma once

namespace impasto::cli {

/// While one lives, Ctrl-C only leaves a note; a second Ctrl-C ends the process at once.
class interrupt {
public:
    interrupt();
    ~interrupt();
    interrupt(const interrupt&) = delete;
    interrupt& operator=(const interrupt&) = delete;

    [[nodiscard]] static bool asked();
};

}  // namespace impasto::cli
