#include "cli/interrupt.hpp"

#include <csignal>

#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction is POSIX

namespace impasto::cli {

namespace {

constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};
volatile std::sig_atomic_t noted = 0;

void note(int signal) {
    noted = signal;
}

}  // namespace

interrupt::interrupt() {
    noted = 0;
    struct sigaction action {};
    action.sa_handler = note;
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    for (const int signal : signals) {
        struct sigaction before {};
        ::sigaction(signal, &action, &before);
        if (before.sa_handler == SIG_IGN)
            ::sigaction(signal, &before, nullptr);
    }
}

interrupt::~interrupt() {
    for (const int signal : signals) {
        struct sigaction now {};
        ::sigaction(signal, nullptr, &now);
        if (now.sa_handler == note)
            std::signal(signal, SIG_DFL);
    }
}

bool interrupt::asked() {
    return noted != 0;
}

int interrupt::exit_code() {
    return noted == 0 ? 0 : 128 + noted;
}

}  // namespace impasto::cli
