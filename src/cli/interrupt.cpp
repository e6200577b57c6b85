#include "cli/interrupt.hpp"

#include <csignal>

#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction is POSIX

namespace impasto::cli {

namespace {

volatile std::sig_atomic_t noted = 0;

void note(int) {
    noted = 1;
}

}  // namespace

interrupt::interrupt() {
    noted = 0;
    struct sigaction action {};
    action.sa_handler = note;
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    ::sigaction(SIGINT, &action, nullptr);
}

interrupt::~interrupt() {
    std::signal(SIGINT, SIG_DFL);
}

bool interrupt::asked() {
    return noted != 0;
}

}  // namespace impasto::cli
