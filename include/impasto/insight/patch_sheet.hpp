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

/// The pixels of a box, resized to side × side: few pixels are enlarged as squares, many are
/// interpolated. Parts outside of the picture are hatched.
[[nodiscard]] image::picture show_box(image::picture_view pixels, const box& wanted,
                                      std::int64_t side);

/// A gradient as a picture: grey for zero, lighter for positive and darker for negative values of
/// each colour; the largest hundredth of the non-zero values is clipped. gradient: [1,3,H,W].
[[nodiscard]] image::picture show_gradient(tensor_view<const float, cpu> gradient);

/// An activation as a short text: "0.0123", "12.3", "3540", "12k", "1.5M".
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
    std::int64_t side = 64;   ///< side of a patch on the page, in pixels
    std::int64_t top = 9;     ///< number of patches for each unit
    std::int64_t blocks = 1;  ///< squares side by side for each unit: 3 with two kinds of gradients
};

/// The place of one patch on the page.
struct sheet_slot {
    std::int64_t panel = 0, channel = 0, rank = 0;  ///< rank 0 is the strongest
    unit_patch patch;
    std::int64_t x = 0, y = 0;  ///< upper left corner on the page, in pixels
};

/// A page with the patches of many units, as in Zeiler & Fergus 2014, figure 2: a square of patches
/// for each unit, with its channel and activations, one layer below the other. Pictures are passed
/// one after another and can be released afterwards.
class patch_sheet {
public:
    /// Throws option_error if the page would have more than 2²⁸ pixels.
    patch_sheet(const std::vector<sheet_panel>& panels, const sheet_options& options);

    [[nodiscard]] const image::picture& page() const { return page_; }
    [[nodiscard]] std::int64_t side() const { return options_.side; }
    /// The numbers of the pictures with patches on the page, in ascending order.
    [[nodiscard]] std::vector<std::int64_t> pictures() const;
    /// The places of the patches of a picture.
    [[nodiscard]] std::span<const sheet_slot> slots_of(std::int64_t picture) const;

    /// The receptive field of the unit of a place, in pixels of its picture, including padding.
    [[nodiscard]] box box_of(const sheet_slot& slot) const {
        return fields_[static_cast<std::size_t>(slot.panel)].of_unit(slot.patch.row,
                                                                     slot.patch.column);
    }

    /// Draws all patches of a picture at their places.
    void draw(std::int64_t picture, image::picture_view pixels);

    /// Draws another square of side × side pixels at a place, in the given block.
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
