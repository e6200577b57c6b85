#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <simt/block.hpp>

#include "core/launch.cuh"
#include "core/shared.cuh"

namespace faults {

/// Runs a kernel on the emulated device.
template <class... Parameters, class... Arguments>
void run(void (*kernel)(Parameters...), unsigned blocks, unsigned threads, std::size_t shared_bytes,
         Arguments... arguments) {
    impasto::kernels::launch(kernel, blocks, threads, shared_bytes, nullptr, arguments...);
}

/// Whether run() ends in a fault, or in a report of AddressSanitizer or UndefinedBehaviorSanitizer,
/// which end the process: a child's.
template <class Run>
bool is_caught(Run run) {
    const pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        try {
            run();
        } catch (const simt::fault&) {
            _exit(1);
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace faults
