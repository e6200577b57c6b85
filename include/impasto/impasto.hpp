#pragma once

/// The whole library. A program that uses one room may include its headers alone.
#include <impasto/core/context.hpp>
#include <impasto/core/error.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/core/version.hpp>
#include <impasto/image/color.hpp>
#include <impasto/image/crop.hpp>
#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/image/text.hpp>
#include <impasto/insight/co_occurrence.hpp>
#include <impasto/insight/patch_sheet.hpp>
#include <impasto/insight/receptive_field.hpp>
#include <impasto/insight/unit_gradient.hpp>
#include <impasto/insight/unit_patches.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/optim/adam.hpp>
#include <impasto/optim/average.hpp>
#include <impasto/optim/gradient_descent.hpp>
#include <impasto/optim/lbfgs.hpp>
#include <impasto/painter/stylize.hpp>
#include <impasto/style/objective.hpp>
#include <impasto/weights/weights.hpp>
