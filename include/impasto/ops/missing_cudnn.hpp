#pragma once

namespace impasto::ops {

/// What all errors derive from that say that there is no cuDNN: an option_error where the build is
/// without it, a cuda_error where the machine is.
class missing_cudnn {};

template <class Error>
class missing_cudnn_error : public Error, public missing_cudnn {
public:
    using Error::Error;
};

}  // namespace impasto::ops
