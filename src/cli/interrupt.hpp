#pragma once

namespace impasto::cli {

/// While an object exists, the first Ctrl-C only sets a flag; a second one ends the process.
class interrupt {
public:
    interrupt();
    ~interrupt();
    interrupt(const interrupt&) = delete;
    interrupt& operator=(const interrupt&) = delete;

    [[nodiscard]] static bool asked();
};

}  // namespace impasto::cli
