#pragma once

namespace impasto::cli {

/// While an object exists, Ctrl-C, SIGTERM and SIGHUP only set a flag, and the run ends after the
/// iteration; the same signal again ends the process at once. A signal that was ignored before,
/// such as SIGHUP under nohup, stays ignored.
class interrupt {
public:
    interrupt();
    ~interrupt();
    interrupt(const interrupt&) = delete;
    interrupt& operator=(const interrupt&) = delete;

    [[nodiscard]] static bool asked();
    /// success, or 128 + the signal: 130 after Ctrl-C, 143 after SIGTERM.
    [[nodiscard]] static int exit_code();
};

}  // namespace impasto::cli
