#include <iostream>

#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/report.hpp"

namespace impasto::cli {

namespace {

using json = nlohmann::ordered_json;

json to_json(const scale_plan& scale) {
    return {{"width", scale.width},
            {"height", scale.height},
            {"iterations", scale.iterations},
            {"peak_bytes", scale.peak_bytes},
            {"macs", scale.macs}};
}

class json_report : public report {
public:
    void planned(const run_plan& plan) override {
        json line{{"event", "plan"},
                  {"network", plan.network},
                  {"device", plan.engine.device},
                  {"threads", plan.engine.threads},
                  {"seed", plan.seed}};
        for (const auto& scale : plan.scales)
            line["scales"].push_back(to_json(scale));
        line["peak_bytes"] = plan.peak_bytes();
        if (plan.estimated_seconds)
            line["estimated_seconds"] = *plan.estimated_seconds;
        print(line);
    }

    void advanced(const progress& now, const pace& pace) override {
        json line{{"event", "progress"},         {"scale", now.scale + 1},
                  {"scales", now.scales},        {"width", now.width},
                  {"height", now.height},        {"iteration", now.iteration},
                  {"iterations", now.iterations}};
        line.update(losses_json(now.losses));
        line["iterations_per_second"] = pace.iterations_per_second();
        line["seconds"] = pace.seconds();
        line["seconds_left"] = pace.seconds_left();
        print(line);
    }

    void saved_snapshot(const std::filesystem::path& file, int iteration) override {
        print({{"event", "snapshot"}, {"file", file.string()}, {"iteration", iteration}});
    }

    void finished(const run_result& result) override {
        print({{"event", "done"},
               {"file", result.file.string()},
               {"width", result.width},
               {"height", result.height},
               {"seconds", result.seconds},
               {"seed", result.seed},
               {"interrupted", result.interrupted}});
    }

private:
    /// Flushes, so that a program at the other end of a pipe gets each line at once.
    static void print(const json& line) { std::cout << dump(line) << std::endl; }
};

}  // namespace

std::unique_ptr<report> make_json_report() {
    return std::make_unique<json_report>();
}

}  // namespace impasto::cli
