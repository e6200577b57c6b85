#include <algorithm>
#include <charconv>
#include <cmath>

#include <impasto/core/error.hpp>

#include "core/describe.hpp"
#include "weights/origin.hpp"

namespace impasto::weights {

namespace {

[[noreturn]] void refuse(const archive& source, const char* key, const std::string& found,
                         const char* expected) {
    throw format_error(source.file + ": metadata " + key + ": found " + quoted(found) +
                       ", expected " + expected);
}

std::string value_of(const archive& source, const char* key, const char* expected) {
    const auto found = source.metadata.find(key);
    if (found == source.metadata.end())
        throw format_error(source.file + ": metadata " + key + " is missing, expected " + expected);
    return found->second;
}

std::array<float, 3> three_numbers(const archive& source, const char* key) {
    constexpr const char* expected = "three finite numbers";
    const std::string text = value_of(source, key, expected);
    std::array<float, 3> numbers{};
    const char* at = text.data();
    const char* end = at + text.size();
    for (float& number : numbers) {
        while (at != end && *at == ' ')
            ++at;
        const auto [stop, failure] = std::from_chars(at, end, number);
        if (failure != std::errc{} || !std::isfinite(number))
            refuse(source, key, text, expected);
        at = stop;
    }
    if (at != end)
        refuse(source, key, text, expected);
    return numbers;
}

struct pixel_format {
    const char* text;
    float scale;
    nn::channel_order order;
};
constexpr pixel_format pixel_formats[] = {{"rgb 0..1", 1, nn::channel_order::rgb},
                                          {"rgb 0..255", 255, nn::channel_order::rgb},
                                          {"bgr 0..1", 1, nn::channel_order::bgr},
                                          {"bgr 0..255", 255, nn::channel_order::bgr}};

nn::preprocessing from_metadata(const archive& source) {
    constexpr const char* expected = "rgb or bgr, and 0..1 or 0..255, as \"rgb 0..1\"";
    const std::string pixels = value_of(source, "pixels", expected);
    const auto format = std::ranges::find(pixel_formats, pixels, &pixel_format::text);
    if (format == std::end(pixel_formats))
        refuse(source, "pixels", pixels, expected);
    const auto deviation = three_numbers(source, "std");
    if (std::ranges::min(deviation) <= 0)
        refuse(source, "std", source.metadata.at("std"), "three numbers above 0");
    return {format->scale, three_numbers(source, "mean"), deviation, format->order};
}

std::string input_text(const nn::preprocessing& input) {
    const auto format = std::ranges::find_if(pixel_formats, [&](const pixel_format& f) {
        return f.scale == input.scale && f.order == input.order;
    });
    return format == std::end(pixel_formats) ? "its own scale" : format->text;
}

/// Where only torchvision has written networks of this kind, names are enough.
bool names_are_enough(const recognised& found) {
    const bool has_twin =
        found.topology.name == nn::vgg16.name || found.topology.name == nn::vgg19.name;
    return !found.by_shapes && found.names.origin == std::string_view("torchvision") &&
           (found.names.has_norm() || !has_twin);
}

origin by_names(const archive& source, const recognised& found) {
    const auto said = source.metadata.find("origin");
    origin result{said != source.metadata.end() ? said->second : found.names.origin};
    result.input =
        result.name == "torchvision" ? nn::torchvision_preprocessing : nn::caffe_preprocessing;
    if (!names_are_enough(found))
        result.note = source.file +
                      ": the preprocessing is a guess: the first filter is that of no " +
                      "known file; taken for " + result.name + "'s, " + input_text(result.input) +
                      "; --preprocessing overrides it";
    return result;
}

}  // namespace

origin find_origin(const archive& source, const recognised& found, const first_filter& filter) {
    const auto format = source.metadata.find("format");
    if (format != source.metadata.end() && format->second == "impasto-network")
        return {"impasto", from_metadata(source)};
    if (const auto known = find_known_filter(filter)) {
        const auto said = source.metadata.find("origin");
        return {said != source.metadata.end() ? said->second : known->name, known->input};
    }
    if (const auto said = source.metadata.find("origin");
        said != source.metadata.end() && source.metadata.contains("pixels"))
        return {said->second, from_metadata(source)};
    return by_names(source, found);
}

}  // namespace impasto::weights
