#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/insight/top_patches.hpp>
#include <impasto/nn/receptive_field.hpp>

namespace impasto::insight {

using nn::box;

/// The pixels of a box at side × side: enlarged as squares where they are few, smoothly where they
/// are many. What lies outside the picture is hatched.
[[nodiscard]] image::picture show_box(image::picture_view pixels, const box& wanted,
                                      std::int64_t side);

/// A gradient as a picture: grey where it is zero, lighter above and darker below, each colour by
/// itself; the largest hundredth of what is not zero is cut off. gradient: [1,3,H,W].
[[nodiscard]] image::picture show_gradient(tensor_view<const float, cpu> gradient);

/// An activation in few letters: "0.0123", "12.3", "3540", "12k", "1.5M".
[[nodiscard]] std::string activation_text(double value);

/// A channel and its patches, strongest first.
struct unit_patch_list {
    std::int64_t channel = 0;
    std::vector<unit_patch> patches;
};

/// The units of one layer.
struct sheet_panel {
    std::string title;  ///< "Layer 3"
    std::string note;   ///< "relu3_2, 40x40 pixels each"
    nn::receptive_field field;
    std::vector<unit_patch_list> units;
};

struct sheet_options {
    std::int64_t side = 64;   ///< of a patch on the sheet, in pixels
    std::int64_t top = 9;     ///< patches that a unit has room for
    std::int64_t blocks = 1;  ///< squares of patches side by side: 3 with two kinds of gradients
};

/// A place for one patch.
struct sheet_slot {
    std::int64_t panel = 0, channel = 0, rank = 0;  ///< rank 0 is the strongest
    unit_patch patch;
    std::int64_t x = 0, y = 0;  ///< on the page
};

/// One page with the patches of many units, as Zeiler & Fergus 2014, figure 2: a square of patches
/// for each unit, with its channel and its activations, layer below layer. Pictures are shown to it
/// one after another and may then go.
class patch_sheet {
public:
    /// Throws option_error where the page would have more than 2²⁸ pixels.
    patch_sheet(const std::vector<sheet_panel>& panels, const sheet_options& options);

    [[nodiscard]] const image::picture& page() const { return page_; }
    [[nodiscard]] std::int64_t side() const { return options_.side; }
    /// Numbers of the pictures of which it has patches, each once, the lowest first.
    [[nodiscard]] std::vector<std::int64_t> pictures() const;
    /// The places of a picture's patches.
    [[nodiscard]] std::span<const sheet_slot> slots_of(std::int64_t picture) const;

    /// The pixels of a place's picture that its unit sees, padding included.
    [[nodiscard]] box box_of(const sheet_slot& slot) const {
        return fields_[static_cast<std::size_t>(slot.panel)].of_unit(slot.patch.row,
                                                                     slot.patch.column);
    }

    /// Puts every patch of a picture into its place.
    void draw(std::int64_t picture, image::picture_view pixels);

    /// Puts something else of side × side pixels into a place, in the given block.
    void place(const sheet_slot& slot, std::int64_t block, image::picture_view square);

private:
    struct measures;
    void write_header(const sheet_panel& panel, std::int64_t top);
    void write_label(const unit_patch_list& unit, const box& where);
    void add_unit(const measures& size, std::int64_t panel, const unit_patch_list& unit,
                  std::int64_t x, std::int64_t y);

    sheet_options options_;
    std::vector<nn::receptive_field> fields_;
    std::vector<sheet_slot> slots_;  ///< by picture
    std::int64_t block_step_ = 0;
    image::picture page_;
};

}  // namespace impasto::insight
