#include "painter/checkpoint.hpp"

#include <ios>
#include <memory>
#include <sstream>
#include <vector>

#include <impasto/core/file.hpp>
#include <impasto/core/mapped_file.hpp>
#include <impasto/weights/safetensors.hpp>

#include "core/sha256.hpp"

namespace impasto::painter_detail {

namespace {

constexpr const char* format_key = "format";
constexpr const char* format_name = "impasto painting 1";

class hash {
public:
    void add(tensor_view<const float, cpu> values) {
        const auto& s = values.shape();
        const std::int64_t extents[] = {s.n, s.c, s.h, s.w};
        hash_.add(std::as_bytes(std::span(extents)));
        hash_.add(std::as_bytes(std::span(values.data(), values.bytes() / sizeof(float))));
    }
    [[nodiscard]] std::string finish() { return hash_.finish(); }

private:
    sha256 hash_;
};

std::string hash_of(const nn::network& network) {
    hash all;
    for (const auto& filter : network.filters) {
        all.add(filter.weights);
        all.add(filter.bias);
    }
    return network.name + " " + all.finish();
}

void print(std::ostream& out, const std::vector<style::weighted_layer>& layers) {
    for (const auto& layer : layers)
        out << " " << layer.name << "=" << layer.weight;
    out << ";";
}

/// Every option that affects the picture, with exact numbers.
std::string text_of(const stylize_options& o) {
    std::ostringstream out;
    out << std::hexfloat << "size " << o.size << " scales " << o.scales << " " << o.scale_growth
        << " iterations " << o.iterations << " optimizer " << static_cast<int>(o.optimizer) << " "
        << o.learning_rate << " " << o.momentum << " " << o.history << " start "
        << static_cast<int>(o.start) << " " << o.start_noise << " " << o.seed << " loss "
        << static_cast<int>(o.loss) << " " << o.content_weight << " " << o.style_weight << " "
        << o.tv_weight << " content";
    print(out, o.content_layers);
    out << " style";
    print(out, o.style_layers);
    out << " blend";
    for (const double share : o.style_blend)
        out << " " << share;
    out << "; " << o.style_scale << " view " << static_cast<int>(o.view.pooling.kind) << " "
        << o.view.pooling.scale << " " << static_cast<int>(o.view.border) << " "
        << static_cast<int>(o.view.convolution.algorithm) << " "
        << static_cast<int>(o.view.convolution.engine) << " " << static_cast<int>(o.view.precision)
        << " margin " << o.margin << " colors " << o.original_colors << " average " << o.average;
    return out.str();
}

weights::archive parsed(const mapped_file& mapping, const std::string& file) {
    try {
        auto archive = weights::safetensors::parse(mapping.bytes(), file);
        if (archive.metadata[format_key] == format_name)
            return archive;
    } catch (const format_error&) {
        // No .safetensors file at all, or a damaged one.
    }
    throw format_error(file + ": is not a saved painting, or it is damaged");
}

}  // namespace

identity identity_of(const nn::network& network, const brief& what,
                     const stylize_options& options) {
    hash photo, paintings, begin;
    if (!what.photo.empty())
        photo.add(what.photo);
    for (const auto& painting : what.paintings)
        paintings.add(painting);
    if (options.start == start::picture)
        begin.add(options.start_picture);
    return {
        {format_key, format_name},
        {"photo pixels", photo.finish()},
        {"paintings", paintings.finish()},
        {"start pixels", begin.finish()},
        {"dimensions", std::to_string(what.size.width) + "x" + std::to_string(what.size.height)},
        {"network weights", hash_of(network)},
        {"options", text_of(options)}};
}

void expect_same(const identity& expected, const identity& found) {
    for (const auto& [what, value] : expected) {
        const auto other = found.find(what);
        if (other == found.end() || other->second != value)
            throw format_error("a saved painting of a run with other " + what +
                               "; resume it with the same " + what);
    }
}

void write(const std::filesystem::path& file, const checkpoint& kept) {
    std::vector<weights::safetensors::named_bytes> tensors;
    for (const auto& [name, values] : kept.state)
        tensors.push_back({name, values.dtype, values.extents, values.bytes});
    write_atomically(file, weights::safetensors::serialize(tensors, kept.of));
}

checkpoint read_checkpoint(const std::filesystem::path& file) {
    const auto mapping = std::make_shared<const mapped_file>(file, std::size_t{1} << 40);
    const auto archive = parsed(*mapping, file.string());
    checkpoint kept{.of = archive.metadata, .state = {}};
    for (const auto& entry : archive.entries) {
        using weights::element_type;
        const std::string dtype = entry.type == element_type::float32   ? "F32"
                                  : entry.type == element_type::float64 ? "F64"
                                                                        : "I64";
        kept.state[entry.name] = {dtype, entry.extents, {entry.bytes.begin(), entry.bytes.end()}};
    }
    return kept;
}

}  // namespace impasto::painter_detail
