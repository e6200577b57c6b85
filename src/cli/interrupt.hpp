#pragma once

namespace impasto::cli {

/// While one lives, Ctrl-C, SIGTERM and SIGHUP only leave a note, for the run to end at the next
/// iteration; the same signal again ends the process at once. A signal that was ignored before, as
/// nohup does with SIGHUP, stays ignored.
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
