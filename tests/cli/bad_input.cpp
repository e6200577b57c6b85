#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include <zlib.h>

#include "cli/pictures.hpp"
#include "cli/process.hpp"

using namespace impasto::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
}

/// Runs stylize with these changes to a run that would be right; expects one line that names all
/// of `says`, exit code 2, and the output that was there before.
void refuses(const studio& folder, const std::vector<std::string>& arguments,
             const std::vector<std::string>& says) {
    write(folder / "out.png", "precious");
    const auto before = folder.entries();
    const auto result = run(folder, arguments);
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK_THAT(result.err, StartsWith("impasto: "));
    CHECK(lines_of(result.err) == 1);
    for (const auto& word : says)
        CHECK_THAT(result.err, Contains(word));
    CHECK(result.out.empty());
    CHECK(text_of(folder / "out.png") == "precious");
    CHECK(folder.entries() <= before + 2);  // .out and .err
}

void refuses_option(const studio& folder, const std::vector<std::string>& options,
                    const std::vector<std::string>& says) {
    std::vector<std::string> arguments{"stylize", "photo.png", "painting.png", "-o", "out.png"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    refuses(folder, arguments, says);
}

void refuses_photo(const studio& folder, const std::string& name,
                   const std::vector<std::string>& says) {
    auto all = says;
    all.push_back(name);
    refuses(folder, {"stylize", name, "painting.png", "-o", "out.png"}, all);
    refuses(folder, {"stylize", "photo.png", name, "-o", "out.png"}, all);
}

void refuses_weights(const studio& folder, const std::vector<std::string>& says) {
    refuses_option(folder, {"--weights", "net.safetensors"}, says);
    refuses(folder, {"info", "net.safetensors"}, says);
}

std::string with_length(std::uint64_t length, const std::string& rest) {
    std::string bytes(8, '\0');
    for (std::size_t i = 0; i < 8; ++i)
        bytes[i] = static_cast<char>(length >> 8 * i);
    return bytes + rest;
}

std::string with_header(const std::string& header, std::size_t data_bytes) {
    return with_length(header.size(), header + std::string(data_bytes, '\0'));
}

}  // namespace

TEST_CASE("pictures that are none are refused before anything is written") {
    const studio folder;
    const auto png = text_of(folder / "photo.png");
    save_waves(folder / "whole.jpg", 64, 64, 2);
    const auto jpeg = text_of(folder / "whole.jpg");

    refuses_photo(folder, "missing.png", {"No such file"});
    fs::create_directory(folder / "folder.png");
    refuses_photo(folder, "folder.png", {"directory"});
    write(folder / "empty.png", "");
    refuses_photo(folder, "empty.png", {"empty"});
    write(folder / "cut.png", png.substr(0, png.size() / 2));
    refuses_photo(folder, "cut.png", {});
    write(folder / "cut.jpg", jpeg.substr(0, jpeg.size() / 2));
    refuses_photo(folder, "cut.jpg", {});
    write(folder / "text.png", "just a text\n");
    refuses_photo(folder, "text.png", {});
    auto huge = png;
    huge.replace(16, 8, std::string("\x00\x01\x86\xa0\x00\x01\x86\xa0", 8));
    const auto checksum = ::crc32(0, reinterpret_cast<const unsigned char*>(&huge[12]), 17);
    for (int i = 0; i < 4; ++i)
        huge[29 + i] = static_cast<char>(checksum >> (24 - 8 * i));
    write(folder / "huge.png", huge);
    refuses_photo(folder, "huge.png", {"100000"});
}

TEST_CASE("outputs that cannot be written are refused before the run") {
    const studio folder;
    fs::create_directory(folder / "folder.png");
    const auto to = [&](const std::string& output, const std::vector<std::string>& says) {
        refuses(folder, {"stylize", "photo.png", "painting.png", "-o", output}, says);
    };
    to("nowhere/out.png", {"nowhere/out.png", "no folder"});
    to("folder.png", {"folder.png", "directory"});
    to("out.tiff", {"out.tiff", ".png"});
    to("photo.png", {"photo.png", "overwritten"});
    refuses_option(folder, {"--snapshots", "1", "--snapshot-dir", "photo.png"}, {"photo.png"});
    refuses(folder,
            {"evaluate", "photo.png", "painting.png", "photo.png", "--gradient", "nowhere/g.npy"},
            {"nowhere/g.npy"});
    refuses(folder, {"features", "photo.png", "--layers", "relu1_1", "-o", "nowhere/f.npz"},
            {"nowhere/f.npz"});
}

TEST_CASE("no command writes over a file that it reads, through a link neither") {
    const studio folder;
    fs::create_symlink("photo.png", folder / "link.npz");
    for (const std::string output : {"photo.png", "link.npz"})
        refuses(folder, {"features", "photo.png", "--layers", "relu1_1", "-o", output},
                {output, "overwritten"});
    for (const std::string output : {"photo.png", "painting.png", "link.npz"})
        refuses(folder,
                {"evaluate", "photo.png", "painting.png", "photo.png", "--gradient", output},
                {output, "overwritten"});
}

TEST_CASE("times and checkpoints are checked before the run") {
    const studio folder;
    for (const std::string time : {"5", "min", "-1s", "5m", "1e3s"})
        refuses_option(folder, {"--checkpoint", "a.safetensors", "--every", time},
                       {"--every", "'" + time + "'"});
    refuses_option(folder, {"--every", "5min"}, {"--checkpoint"});
    refuses_option(folder, {"--checkpoint", "photo.png"}, {"photo.png", "overwritten"});
    refuses_option(folder, {"--checkpoint", "nowhere/a.safetensors"}, {"nowhere"});
    refuses_option(folder, {"--resume", "missing.safetensors"}, {"missing.safetensors"});
    refuses_option(folder, {"--resume", "photo.png"}, {"photo.png"});
}

TEST_CASE("numbers are read strictly") {
    const studio folder;
    struct wrong {
        const char *option, *value;
    };
    const wrong cases[] = {
        {"--size", "-1"},          {"--size", "abc"},          {"--size", "512px"},
        {"--size", "1e9"},         {"--size", "99999999"},     {"--size", "5.5"},
        {"--iterations", "0"},     {"--iterations", "-3"},     {"--scales", "0"},
        {"--scales", "many"},      {"--seed", "-1"},           {"--seed", "1e3"},
        {"--threads", "-2"},       {"--threads", "100000"},    {"--content-weight", "nan"},
        {"--style-weight", "inf"}, {"--style-weight", "-1"},   {"--tv-weight", "1x"},
        {"--tv-weight", "-0.1"},   {"--learning-rate", "nan"}, {"--learning-rate", "0"},
        {"--style-scale", "0"},    {"--style-scale", "NaN"},   {"--average", "1.5"},
        {"--momentum", "-1"},      {"--snapshots", "-5"},      {"--history", "0"},
    };
    for (const auto& c : cases)
        refuses_option(folder, {c.option, c.value}, {c.option, "'" + std::string(c.value) + "'"});
}

TEST_CASE("words outside a choice are refused with those that exist") {
    const studio folder;
    refuses_option(folder, {"--optimizer", "sgd"}, {"--optimizer", "'sgd'", "lbfgs, adam or gd"});
    refuses_option(folder, {"--loss", "l1"},
                   {"--loss", "'l1'", "relative, gatys, lecture or neural-style"});
    refuses_option(folder, {"--pooling", "min"}, {"--pooling", "'min'", "max, average or l2"});
    refuses_option(folder, {"--preset", "ng"}, {"--preset", "'ng'", "lecture"});
    refuses_option(folder, {"--device", "gpu"}, {"--device", "'gpu'", "auto, cpu, cuda or cuda:N"});
    refuses_option(folder, {"--device", "cuda:x"}, {"--device", "'x'"});
    // There is no such GPU, or no GPU, or no driver, or no CUDA engine.
    refuses_option(folder, {"--device", "cuda:999"}, {"--device", " no "});
    refuses_option(folder, {"--device", "cpu", "--precision", "float16"}, {"float16", "GPU"});
    refuses(folder,
            {"features", "photo.png", "--layers", "relu1_1", "-o", "f.npz", "--device", "cpu",
             "--precision", "bfloat16"},
            {"bfloat16", "GPU"});
    refuses(folder, {"weights", "verify", "built-in", "--device", "cuda:999"},
            {"--device", " no "});
    refuses_option(folder, {"--precision", "int8"},
                   {"--precision", "'int8'", "float32, tf32, float16 or bfloat16"});
    refuses_option(folder, {"--device", "cpu", "--conv-engine", "cudnn"}, {"cudnn", "GPU"});
    refuses_option(folder, {"--conv-engine", "torch"},
                   {"--conv-engine", "'torch'", "native or cudnn"});
    refuses_option(folder, {"--init", "no-such-file.png"}, {"no-such-file.png", "No such file"});
}

TEST_CASE("lists of layers and shares are checked") {
    const studio folder;
    refuses_option(folder, {"--style-layers", "relu9_1=1"}, {"relu9_1", "relu4_2"});
    refuses_option(folder, {"--content-layers", "conv4_2"}, {"conv4_2", "relu4_2"});
    refuses_option(folder, {"--style-layers", "relu1_1=1,relu1_1=2"}, {"relu1_1", "twice"});
    refuses_option(folder, {"--style-layers", "relu1_1=-1"}, {"--style-layers", "relu1_1", "'-1'"});
    refuses_option(folder, {"--style-layers", "relu1_1=nan"}, {"relu1_1", "'nan'"});
    refuses_option(folder, {"--style-layers", "relu1_1,"}, {"--style-layers", "'relu1_1,'"});
    refuses_option(folder, {"--style-layers", ""}, {"--style-layers"});
    refuses_option(folder, {"--style-blend", "0.7,0.3"}, {"2", "1"});
    refuses_option(folder, {"--style-blend", "-1"}, {"--style-blend", "'-1'"});
    refuses_option(folder, {"--style-blend", "0"}, {"blend"});
    refuses_option(folder, {"--style-blend", "nan"}, {"--style-blend", "'nan'"});
    refuses(folder, {"features", "photo.png", "--layers", "relu1_1,relu1_1", "-o", "out.png"},
            {"--layers", "relu1_1", "twice"});
    refuses(folder, {"features", "photo.png", "--layers", "relu7_1", "-o", "out.png"},
            {"relu7_1", "relu4_2"});
}

TEST_CASE("a picture too small for the layers is refused with the size that they need") {
    const studio folder;
    save_waves(folder / "line.png", 1, 40, 1);
    const auto refused = [&](std::vector<std::string> pictures, const std::string& named) {
        pictures.insert(pictures.begin(), "stylize");
        pictures.insert(pictures.end(), {"-o", "out.png", "--size", "40", "--margin", "0"});
        refuses(folder, pictures, {named, "8x8"});
    };
    refused({"line.png", "painting.png"}, "line.png");
    refused({"photo.png", "line.png"}, "line.png");
    refused({"photo.png", "painting.png", "line.png"}, "line.png");
    refuses(
        folder,
        {"stylize", "photo.png", "painting.png", "-o", "out.png", "--size", "5", "--margin", "0"},
        {"photo.png", "8x8"});
    refuses(folder, {"features", "line.png", "--layers", "relu4_1", "-o", "out.png"}, {"8x8"});
}

TEST_CASE("a picture of another size than the photo is not evaluated") {
    const studio folder;
    refuses(folder, {"evaluate", "photo.png", "painting.png", "painting.png"},
            {"painting.png", "32x32", "40x28", "--size"});
}

TEST_CASE(
    "a picture of other proportions than its photo, or a network that is none, is no judge's") {
    const studio folder;
    refuses(folder,
            {"evaluate", "photo.png", "painting.png", "painting.png", "--judge", "built-in"},
            {"painting.png", "32x32", "photo.png", "32x22", "--size"});
    refuses(folder, {"evaluate", "photo.png", "painting.png", "photo.png", "--judge", "none.pth"},
            {"none.pth"});
}

TEST_CASE("weight files that are none are refused") {
    const studio folder;
    const auto net = folder / "net.safetensors";
    refuses_weights(folder, {"net.safetensors", "No such file"});
    fs::create_directory(net);
    refuses_weights(folder, {"net.safetensors", "directory"});
    fs::remove(net);
    for (const auto& [bytes, says] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", "empty"},
             {"text", ""},
             {with_length(std::numeric_limits<std::uint64_t>::max(), "{}"), ""},
             {with_length(1000, "{}"), ""},
             {with_header("{not json", 0), ""},
             {with_header("{}", 0), ""}}) {
        write(net, bytes);
        refuses_weights(folder, {"net.safetensors", says});
    }
}

TEST_CASE("tensors that do not fit are refused by name") {
    const studio folder;
    const auto net = folder / "net.safetensors";
    const auto tensor = [](const std::string& name, const std::string& dtype,
                           const std::string& extents, const std::string& offsets) {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + extents +
               "],\"data_offsets\":[" + offsets + "]}";
    };
    const auto weights = [&](const std::string& dtype, const std::string& extents,
                             const std::string& offsets) {
        return tensor("conv1_1.weight", dtype, extents, offsets);
    };
    const std::string right = "64,3,3,3";  // 6912 bytes of float32
    const auto bias = tensor("conv1_1.bias", "F32", "64", "6912,7168");
    const std::vector<std::string> headers{
        "{" + weights("F32", right, "0,99999999") + "}",  // out of range
        "{" + weights("F32", right, "0,6912") + "," +     // overlapping
            tensor("conv1_1.bias", "F32", "64", "6800,7056") + "}",
        "{" + weights("I8", right, "0,1728") + "," +  // wrong dtype
            tensor("conv1_1.bias", "F32", "64", "1728,1984") + "}",
        "{" + weights("F32", right, "0,6912") + "}",                    // missing bias
        "{" + weights("F32", "64,3,1,9", "0,6912") + "," + bias + "}",  // wrong shape
    };
    for (const auto& header : headers) {
        write(net, with_header(header, header.find("1728,1984") != std::string::npos ? 1984
                                       : header.find("7056") != std::string::npos    ? 7056
                                       : header.find("7168") != std::string::npos    ? 7168
                                                                                     : 6912));
        refuses_weights(folder, {"net.safetensors", "conv1_1"});
    }
}
