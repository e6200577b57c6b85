#include "cudnn/library.hpp"

#include <string>
#include <utility>

#include <impasto/core/error.hpp>
#include <impasto/ops/missing_cudnn.hpp>

#include "core/late_library.hpp"

namespace impasto::kernels {

namespace {

cudnn_library load() {
    void* library = open_late("libcudnn.so.9");
    if (library == nullptr)
        throw ops::missing_cudnn_error<cuda_error>(
            "cuDNN 9 is not found: install libcudnn9, or name its folder in LD_LIBRARY_PATH");
    const auto find = [&](const char* name, auto& function) {
        find_function(library, "cuDNN", name, function);
    };
    cudnn_library f{};
    find("cudnnCreate", f.create);
    find("cudnnDestroy", f.destroy);
    find("cudnnSetStream", f.set_stream);
    find("cudnnGetErrorString", f.error_string);
    find("cudnnBackendCreateDescriptor", f.create_descriptor);
    find("cudnnBackendDestroyDescriptor", f.destroy_descriptor);
    find("cudnnBackendFinalize", f.finalize);
    find("cudnnBackendSetAttribute", f.set_attribute);
    find("cudnnBackendGetAttribute", f.get_attribute);
    find("cudnnBackendExecute", f.execute);
    return f;
}

}  // namespace

const cudnn_library& cudnn_library::get() {
    static const cudnn_library library = load();
    return library;
}

void check_cudnn(cudnnStatus_t status, const char* step) {
    if (status != CUDNN_STATUS_SUCCESS)
        throw cuda_error(std::string("cuDNN: ") + step + ": " +
                         cudnn_library::get().error_string(status));
}

cudnn_descriptor::cudnn_descriptor(cudnnBackendDescriptorType_t type) {
    check_cudnn(cudnn_library::get().create_descriptor(type, &descriptor_), "create");
}

cudnn_descriptor::~cudnn_descriptor() {
    if (descriptor_ != nullptr)
        cudnn_library::get().destroy_descriptor(descriptor_);
}

cudnn_descriptor::cudnn_descriptor(cudnn_descriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, nullptr)) {}

cudnn_descriptor& cudnn_descriptor::operator=(cudnn_descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

cudnn_descriptor& cudnn_descriptor::set(cudnnBackendAttributeName_t name,
                                        cudnnBackendAttributeType_t type, std::int64_t count,
                                        const void* values) {
    check_cudnn(cudnn_library::get().set_attribute(descriptor_, name, type, count, values),
                "set attribute");
    return *this;
}

void cudnn_descriptor::finish() {
    check_cudnn(cudnn_library::get().finalize(descriptor_), "finalize");
}

std::int64_t cudnn_descriptor::number(cudnnBackendAttributeName_t name) const {
    std::int64_t value = 0, count = 0;
    check_cudnn(
        cudnn_library::get().get_attribute(descriptor_, name, CUDNN_TYPE_INT64, 1, &count, &value),
        "get attribute");
    return value;
}

}  // namespace impasto::kernels
