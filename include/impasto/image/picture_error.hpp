#pragma once

#include <string>

#include <impasto/core/error.hpp>

namespace impasto::image {

/// A shape_error about one of several pictures, with its role: "content", "style 2".
struct picture_error : shape_error {
    picture_error(const std::string& role_of_picture, const std::string& what_is_wrong)
        : shape_error(role_of_picture + ": " + what_is_wrong),
          role(role_of_picture),
          reason(what_is_wrong) {}

    std::string role, reason;
};

}  // namespace impasto::image
