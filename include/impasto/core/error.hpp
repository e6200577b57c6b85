#pragma once

#include <stdexcept>
#include <string>

namespace impasto {

/// Base class of all exceptions that impasto throws.
/// A message is one line: what was attempted, what was found, what would be right.
class error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Shapes that disagree, or that a network cannot process.
class shape_error : public error {
public:
    using error::error;
};

/// An option outside its range, or options that contradict each other.
class option_error : public error {
public:
    using error::error;
};

/// An optimisation whose loss or gradient is no longer finite.
class divergence_error : public error {
public:
    using error::error;
};

/// A file whose content does not have the expected format.
class format_error : public error {
public:
    using error::error;
};

/// A file that cannot be opened, read or written.
class io_error : public error {
public:
    using error::error;
};

/// An allocation that failed; the message has the number of bytes requested.
class out_of_memory : public error {
public:
    using error::error;
};

/// A GPU or a driver that is missing, too old, or reports a failure.
class cuda_error : public error {
public:
    using error::error;
};

}  // namespace impasto
