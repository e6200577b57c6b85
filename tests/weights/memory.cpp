// Loading a network must not need much more memory than the network. Memory is measured as the
// system does, in a process of its own for each file: pages of the mapped file count too.

#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <impasto/weights/weights.hpp>

#include "bench/support/peak_memory.hpp"
#include "support/temporary_folder.hpp"
#include "weights/large_files.hpp"

using namespace impasto;
using bench::peak_memory;
namespace fs = std::filesystem;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;  // and what it needs itself cannot be told apart
#else
constexpr bool sanitized = false;
#endif

struct format {
    const char* name;
    std::string (*make)(test::layer_list layers);
};
constexpr format formats[] = {
    {"safetensors", test::safetensors_file},
    {"PyTorch", test::pytorch_file},
    {"PyTorch before 1.6", test::pytorch_legacy_file},
    {"npz", test::npz_file},
    {"npz, deflated", test::npz_deflated_file},
    {"npy", test::npy_file},
    {"npy, bytes as text", test::npy_text_file},
    {"MATLAB", test::mat_file},
    {"MATLAB, deflated", test::mat_deflated_file},
    {"HDF5", test::hdf5_file},
    {"Keras 3", test::keras_file},
    {"Keras 3, deflated", test::keras_deflated_file},
    {"Caffe", test::caffe_file},
    {"ONNX", test::onnx_file},
};

/// Runs it in a process of its own, for a peak and a heap of its own, and reads what it returned.
double in_a_child(const std::function<double()>& run) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        double result = NAN;
        try {
            result = run();
        } catch (const std::exception& error) {
            std::cerr << error.what() << std::endl;
        }
        const bool written = ::write(ends[1], &result, sizeof result) == sizeof result;
        ::_exit(written ? 0 : 1);
    }
    ::close(ends[1]);
    double result = NAN;
    const bool came = ::read(ends[0], &result, sizeof result) == sizeof result;
    ::close(ends[0]);
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE((came && status == 0));
    return result;
}

double sum(const nn::network& network) {
    double total = 0;
    for (const nn::filter& filter : network.filters) {
        for (const float v : filter.weights)
            total += v;
        for (const float v : filter.bias)
            total += v;
    }
    return total;
}

}  // namespace

TEST_CASE("a VGG-19 of every format loads in less than 1.3 times its memory") {
    if (sanitized || peak_memory::bytes() == 0) {
        std::cout << "skipped: this program cannot tell how much memory it needs\n";
        return;
    }
    const test::temporary_folder folder;
    const fs::path path = folder / "vgg19";
    const auto layers = test::random_vgg19();
    double bytes = 0, expected = 0;
    for (const test::random_layer& layer : layers) {
        bytes += static_cast<double>(layer.weights.size_bytes() + layer.bias.size_bytes());
        for (const auto values : {layer.weights, layer.bias})
            for (const float v : values)
                expected += v;
    }
    CHECK(bytes > 80e6);
    for (const format& f : formats) {
        INFO(f.name);
        const double written = in_a_child([&] {
            const std::string content = f.make(layers);
            std::ofstream file(path, std::ios::binary);
            file.write(content.data(), static_cast<std::streamsize>(content.size())).flush();
            return file ? 1.0 : 0.0;
        });
        REQUIRE(written == 1);
        const double peak = in_a_child([&] {
            const double before = peak_memory::bytes();
            const nn::network network = weights::load(path);
            const double needed = peak_memory::bytes() - before;
            // Only a network that is the right one counts.
            return std::abs(sum(network) - expected) < 1e-6 * bytes ? needed / bytes : NAN;
        });
        std::printf("%-20s peak %.2f of the filters\n", f.name, peak);
        CHECK(peak >= 0.99);
        CHECK(peak < 1.3);
    }
}
