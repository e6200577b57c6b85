// From which step to which step nn::features_plan keeps each buffer.

#include <algorithm>

#include <impasto/nn/features_plan.hpp>
#include <impasto/ops/relu.hpp>

namespace impasto::nn {

int features_plan::adds_gradient(std::size_t i) const {
    return static_cast<int>(stages_.size() + 2 * (stages_.size() - 1 - i));
}

bool features_plan::backward_reads_input(const stage& reader) const {
    const auto& operation = this->operation(reader);
    if (std::holds_alternative<op::convolution>(operation))
        return options_.parameters && reader.inputs.front() != graph::picture &&
               reader.input.c != 3;
    if (std::holds_alternative<op::pool>(operation))
        return options_.view.pooling.kind == ops::pooling::l2;
    return std::holds_alternative<op::instance_norm>(operation);
}

// The last step of the backward pass, besides the tap's, that reads a map; 0 for none.
int features_plan::last_backward_read(std::size_t i) const {
    if (!options_.backward)
        return 0;
    int last = 0;
    for (const auto reader : stages_[i].readers)
        if (backward_reads_input(stages_[reader]))
            last = std::max(last, goes_back(reader));
    if (std::holds_alternative<op::pool>(operation(stages_[i])) &&
        options_.view.pooling.kind == ops::pooling::l2)
        last = std::max(last, goes_back(i));
    return last;
}

bool features_plan::recomputes(std::size_t i) const {
    return options_.view.recompute && options_.backward && i == 0 && stages_[i].tap != none &&
           std::holds_alternative<op::convolution>(operation(stages_[i])) &&
           last_backward_read(i) == 0;
}

// The next stages read a map, then who asked for a tap; the backward pass those at taps again, and
// what some operations need.
int features_plan::last_read(std::size_t i) const {
    int last = std::max(static_cast<int>(i), last_backward_read(i));
    if (!stages_[i].readers.empty())
        last = std::max(last, static_cast<int>(stages_[i].readers.back()));
    if (stages_[i].tap != none && !recomputes(i))
        last =
            std::max(last, options_.backward ? adds_gradient(i) : static_cast<int>(stages_.size()));
    return last;
}

int features_plan::first_gradient(std::size_t i) const {
    const auto& readers = stages_[i].readers;
    return readers.empty() ? adds_gradient(i) : goes_back(readers.back());
}

namespace {

std::size_t storage_bytes(const shape& s, layout l, std::size_t element_bytes) {
    return static_cast<std::size_t>(storage_elements(s, l)) * element_bytes;
}

}  // namespace

void features_plan::place_forward(std::size_t i, std::size_t element_bytes, layout maps) {
    auto& s = stages_[i];
    const int step = static_cast<int>(i);
    s.features = arena_.add(storage_bytes(s.output, maps, element_bytes), step, last_read(i));
    if (std::holds_alternative<op::convolution>(operation(s)) && s.input.c == 3 &&
        s.inputs.front() != graph::picture)
        s.planar = arena_.add(storage_bytes(s.input, layout::nchw, element_bytes), step,
                              options_.parameters ? goes_back(i) : step);
}

void features_plan::place_backward(std::size_t i, std::size_t element_bytes, layout maps) {
    auto& s = stages_[i];
    const int step = static_cast<int>(i), back = goes_back(i);
    s.gradient = arena_.add(storage_bytes(s.output, maps, element_bytes), first_gradient(i), back);
    if (has_relu(s))
        s.gates =
            arena_.add(static_cast<std::size_t>(ops::relu_mask_bytes(s.map, maps)), step, back);
    if (std::holds_alternative<op::pool>(operation(s)) &&
        options_.view.pooling.kind == ops::pooling::max)
        s.argmax =
            arena_.add(static_cast<std::size_t>(ops::argmax_bytes(s.output, maps)), step, back);
    if (std::holds_alternative<op::instance_norm>(operation(s)))
        s.statistics = arena_.add(storage_bytes({1, 2, 1, s.output.c}, layout::nchw, sizeof(float)),
                                  step, back);
    if (s.adds.front() && !std::holds_alternative<op::add>(operation(s)))
        s.share = arena_.add(storage_bytes(s.input, maps, element_bytes), back, back);
}

void features_plan::place(std::size_t element_bytes, layout maps, layout input) {
    const int first_again = adds_gradient(0);
    int input_until = static_cast<int>(picture_readers_.back());
    if (recomputes(0))
        input_until = first_again;
    if (options_.parameters)
        input_until = goes_back(picture_readers_.front());
    input_ = arena_.add(storage_bytes(padded_, input, element_bytes), 0, input_until);
    for (std::size_t i = 0; i < stages_.size(); ++i) {
        place_forward(i, element_bytes, maps);
        if (options_.backward)
            place_backward(i, element_bytes, maps);
    }
    if (recomputes(0))
        first_again_ = arena_.add(storage_bytes(stages_.front().output, maps, element_bytes),
                                  first_again, first_again);
    if (options_.backward)
        d_input_ = arena_.add(storage_bytes(padded_, maps, element_bytes),
                              goes_back(picture_readers_.back()), goes_back(0));
    arena_.place();
}

}  // namespace impasto::nn
