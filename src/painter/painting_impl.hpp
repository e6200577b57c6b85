#pragma once

#include <string>

#include <impasto/core/precision.hpp>

#include "painter/painting_run.hpp"

// For all devices: instantiated for the CPU in stylize.cpp, for a GPU in kernels/painter.cpp.
namespace impasto {

template <class Device>
painting<Device>::painting(context<Device>& ctx, const nn::network& network, const brief& what,
                           const stylize_options& how) {
    painter_detail::check_all(what, how);
    run_ = in_precision<Device>(how.view.precision, [&](auto number) -> std::unique_ptr<run> {
        return std::make_unique<painter_detail::painting_run<decltype(number), Device>>(
            ctx, network, what, painter_detail::resolved(how, network));
    });
}

template <class Device>
painting<Device>::~painting() = default;
template <class Device>
painting<Device>::painting(painting&&) noexcept = default;
template <class Device>
painting<Device>& painting<Device>::operator=(painting&&) noexcept = default;

template <class Device>
bool painting<Device>::finished() const {
    return run_->finished();
}

template <class Device>
progress painting<Device>::step() {
    return run_->step();
}

template <class Device>
image::picture painting<Device>::picture() const {
    return run_->picture();
}

template <class Device>
void painting<Device>::save(const std::filesystem::path& file) const {
    painter_detail::write(file, run_->save());
}

template <class Device>
void painting<Device>::load(const std::filesystem::path& file) {
    const auto kept = painter_detail::read_checkpoint(file);
    try {
        run_->load(kept);
    } catch (const format_error& e) {
        throw format_error(file.string() + ": " + e.what());
    }
}

}  // namespace impasto
