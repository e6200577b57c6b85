#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <impasto/nn/topology.hpp>
#include <impasto/weights/safetensors.hpp>

namespace impasto::test {

/// A file made by hand: the header as given, `data` zero bytes behind it.
inline std::vector<std::byte> raw_file(const std::string& header, std::size_t data,
                                       std::uint64_t claimed_header) {
    std::vector<std::byte> bytes(8 + header.size() + data);
    std::memcpy(bytes.data(), &claimed_header, 8);
    std::memcpy(bytes.data() + 8, header.data(), header.size());
    return bytes;
}
inline std::vector<std::byte> raw_file(const std::string& header, std::size_t data) {
    return raw_file(header, data, header.size());
}

/// The tensors of a made-up network; tests take away from it, add to it, and write it.
class made_up_tensors {
public:
    using extents = std::vector<std::int64_t>;

    /// The first `convolutions` of a table, under torchvision's or Caffe's names.
    made_up_tensors(const nn::topology& table, int convolutions, bool torchvision) {
        int position = 0;
        for (const nn::layer& row : table.layers) {
            const std::string by_position = "features." + std::to_string(position);
            position += row.is_pool() ? 1 : 2;
            if (row.is_pool() || convolutions-- <= 0)
                continue;
            const std::string stem = torchvision ? by_position : nn::name_of(row);
            set(stem + ".weight", {row.out_channels, row.in_channels, 3, 3});
            set(stem + ".bias", {row.out_channels});
        }
    }

    /// Adds or replaces a tensor, with values that tell it from the others.
    void set(const std::string& name, const extents& shape) {
        std::size_t elements = 1;
        for (const auto extent : shape)
            elements *= static_cast<std::size_t>(extent);
        std::vector<float> values(elements);
        for (std::size_t i = 0; i < elements; ++i)
            values[i] = static_cast<float>((i * 7 + shapes_.size()) % 64) / 32 - 1;
        shapes_[name] = shape;
        values_[name] = std::move(values);
    }
    void remove(const std::string& name) {
        shapes_.erase(name);
        values_.erase(name);
    }
    std::vector<float>& values(const std::string& name) { return values_.at(name); }

    void write(const std::filesystem::path& file,
               const std::map<std::string, std::string>& metadata = {},
               weights::safetensors::precision stored_as =
                   weights::safetensors::precision::float32) const {
        std::vector<weights::safetensors::named_values> tensors;
        for (const auto& [name, shape] : shapes_)
            tensors.push_back({name, shape, values_.at(name)});
        weights::safetensors::write(file, tensors, metadata, stored_as);
    }

private:
    std::map<std::string, extents> shapes_;
    std::map<std::string, std::vector<float>> values_;
};

}  // namespace impasto::test
