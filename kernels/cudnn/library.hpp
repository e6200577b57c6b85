#pragma once

#include <cstdint>
#include <initializer_list>

#include <cudnn_graph.h>

namespace impasto::kernels {

/// The functions of cuDNN that are called; like cuBLAS, it is looked for when first needed.
struct cudnn_library {
    decltype(&::cudnnCreate) create;
    decltype(&::cudnnDestroy) destroy;
    decltype(&::cudnnSetStream) set_stream;
    decltype(&::cudnnGetErrorString) error_string;
    decltype(&::cudnnBackendCreateDescriptor) create_descriptor;
    decltype(&::cudnnBackendDestroyDescriptor) destroy_descriptor;
    decltype(&::cudnnBackendFinalize) finalize;
    decltype(&::cudnnBackendSetAttribute) set_attribute;
    decltype(&::cudnnBackendGetAttribute) get_attribute;
    decltype(&::cudnnBackendExecute) execute;

    /// Throws cuda_error where there is no cuDNN 9.
    [[nodiscard]] static const cudnn_library& get();
};

/// Throws cuda_error, naming the step, unless it succeeded.
void check_cudnn(cudnnStatus_t status, const char* step);

/// What cuDNN's graph API is made of: tensors, operations, engines, plans are all descriptors,
/// which are given attributes and then finished.
class cudnn_descriptor {
public:
    explicit cudnn_descriptor(cudnnBackendDescriptorType_t type);
    ~cudnn_descriptor();
    cudnn_descriptor(cudnn_descriptor&& other) noexcept;
    cudnn_descriptor& operator=(cudnn_descriptor&& other) noexcept;

    template <class V>
    cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          std::initializer_list<V> values) {
        return set(name, type, static_cast<std::int64_t>(values.size()), values.begin());
    }
    cudnn_descriptor& set(cudnnBackendAttributeName_t name, const cudnn_descriptor& value) {
        return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, {value.get()});
    }
    cudnn_descriptor& set_numbers(cudnnBackendAttributeName_t name,
                                  std::initializer_list<std::int64_t> values) {
        return set(name, CUDNN_TYPE_INT64, values);
    }
    /// Throws cuda_error where cuDNN cannot do what is described.
    void finish();

    [[nodiscard]] cudnnBackendDescriptor_t get() const { return descriptor_; }
    [[nodiscard]] std::int64_t number(cudnnBackendAttributeName_t name) const;

private:
    cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          std::int64_t count, const void* values);

    cudnnBackendDescriptor_t descriptor_ = nullptr;
};

}  // namespace impasto::kernels
