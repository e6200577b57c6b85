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

/// A run whose J left its start by a factor of 100. It carries the best picture that there was.
class painting_diverged : public divergence_error {
public:
    painting_diverged(const std::string& what, image::picture best)
        : divergence_error(what), best_(std::make_shared<image::picture>(std::move(best))) {}

    /// [1,3,H,W] in [0,1], at the size of the scale that diverged.
    [[nodiscard]] const image::picture& best() const { return *best_; }

private:
    std::shared_ptr<const image::picture> best_;
};

/// A picture in progress, painted iteration by iteration, coarse to fine.
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
    /// Context, network and pictures must outlive it. Throws option_error for options that make no
    /// sense, shape_error for pictures too small for the layers.
    painting(context<Device>& ctx, const nn::network& network, const brief& what,
             const stylize_options& how = {});
    ~painting();
    painting(painting&&) noexcept;
    painting& operator=(painting&&) noexcept;

    [[nodiscard]] bool finished() const;
    /// One iteration of the optimiser, at the present scale; then tells where the painting stands.
    /// Throws option_error where it is finished, divergence_error where J is not a number at the
    /// start, painting_diverged where it leaves its start by a factor of 100, which finishes the
    /// painting.
    progress step();
    /// The picture so far: [1,3,H,W] in [0,1], at the size of the present scale.
    [[nodiscard]] image::picture picture() const;

    /// Keeps everything that the next steps depend on: pixels, optimiser, scale, iteration. A
    /// .safetensors file, written whole or not at all. Throws io_error.
    void save(const std::filesystem::path& file) const;
    /// Goes on where the saved painting stood: the same steps give the same bytes. It must have
    /// been made of the same brief, network and options; where not, and for a file that is damaged
    /// or something else, throws format_error, which says what differs, and nothing has changed.
    void load(const std::filesystem::path& file);

    class run;  ///< for one number format of the maps

private:
    std::unique_ptr<run> run_;
};

}  // namespace impasto
