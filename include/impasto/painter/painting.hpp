#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <impasto/core/context.hpp>
#include <impasto/core/error.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/painter/brief.hpp>
#include <impasto/painter/options.hpp>

namespace impasto {

/// A run that diverged: J reached 100 times its initial value, or is no longer finite.
class painting_diverged : public divergence_error {
public:
    painting_diverged(const std::string& what, image::picture best)
        : divergence_error(what), best_(std::make_shared<image::picture>(std::move(best))) {}

    /// The picture with the lowest J: [1,3,H,W] in [0,1], at the size of the scale that diverged.
    [[nodiscard]] const image::picture& best() const { return *best_; }

private:
    std::shared_ptr<const image::picture> best_;
};

/// A painting in progress, computed iteration by iteration, coarse to fine.
///
///     painting picture(ctx, network, {.photo = photo, .paintings = {monet}});
///     while (!picture.finished())
///         picture.step();
///     image::save("picture.png", picture.picture());
///
/// Source: Gatys et al. 2016; coarse to fine: Gatys et al. 2017, section 6.
template <class Device>
class painting {
public:
    /// Context, network and pictures must outlive it. Throws option_error for invalid options, and
    /// shape_error for pictures too small for the layers.
    painting(context<Device>& ctx, const nn::network& network, const brief& what,
             const stylize_options& how = {});
    ~painting();
    painting(painting&&) noexcept;
    painting& operator=(painting&&) noexcept;

    [[nodiscard]] bool finished() const;
    /// Runs one iteration of the optimiser and returns the state of the run. Starts the next scale
    /// when one is complete. Throws option_error if the painting is finished, divergence_error if J
    /// is not finite in the first iteration of a scale, and painting_diverged if the run diverges
    /// later, which finishes the painting.
    progress step();
    /// The picture so far: [1,3,H,W] in [0,1], at the size of the current scale.
    [[nodiscard]] image::picture picture() const;

    /// Saves everything that the next steps depend on: pixels, optimiser, scale, iteration. Writes
    /// a .safetensors file, completely or not at all. Throws io_error.
    void save(const std::filesystem::path& file) const;
    /// Restores a saved state: the same steps then give the same bytes. It must have been saved
    /// with the same brief, network and options. Otherwise, and for a damaged or different file,
    /// throws format_error, which says what differs.
    void load(const std::filesystem::path& file);

    class run;  ///< implementation for one number format

private:
    std::unique_ptr<run> run_;
};

}  // namespace impasto
