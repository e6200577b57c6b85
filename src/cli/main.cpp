// The tool impasto: runs a command and turns errors into one line and an exit code.

#include <algorithm>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/core/version.hpp>

#include "cli/command.hpp"
#include "cli/parse.hpp"

namespace {

using namespace impasto;
using namespace impasto::cli;

int complain(const std::string& message, exit_code code) {
    std::string line = message;
    std::ranges::replace(line, '\n', ' ');
    std::cerr << "impasto: " << line << "\n";
    return code;
}

/// "stylize, evaluate or info"
std::string commands_of(const CLI::App& tool) {
    std::vector<std::string> names;
    for (const auto* command : tool.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return enumerate(names);
}

/// Handles the errors of CLI11, which include requests for help and version.
int explain(const CLI::App& tool, const CLI::ParseError& e, int argc, char** argv) {
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
        return tool.exit(e);
    const auto chosen = tool.get_subcommands();
    std::string help = "impasto ";  // of "weights convert", not of "weights" alone
    for (auto next = chosen; !next.empty(); next = next.front()->get_subcommands())
        help += next.front()->get_name() + " ";
    help += "--help";
    if (chosen.empty() && argc > 1 && argv[1][0] != '-')
        return complain(
            "there is no command '" + std::string(argv[1]) + "'; use " + commands_of(tool),
            wrong_use);
    if (const auto extra = tool.remaining(true);
        e.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && !extra.empty())
        return complain("'" + extra.front() + "' is not expected here; see " + help, wrong_use);
    return complain(std::string(e.what()) + "; see " + help, wrong_use);
}

int run(CLI::App& tool, int argc, char** argv) {
    const command commands[] = {add_stylize(tool), add_evaluate(tool), add_features(tool),
                                add_info(tool),    add_explain(tool),  add_invert(tool),
                                add_texture(tool), add_patches(tool),  add_weights(tool)};
    tool.parse(argc, argv);
    for (const auto& command : commands)
        if (command.app->parsed())
            return command.run();
    return complain("no command; use " + commands_of(tool) + ", or see impasto --help", wrong_use);
}

std::unique_ptr<CLI::App> make_tool() {
    auto tool =
        std::make_unique<CLI::App>("Repaints a photo in the style of a painting.", "impasto");
    tool->set_version_flag("--version", std::string("impasto ") + version, "Print the version");
    tool->require_subcommand(0, 1);
    tool->get_formatter()->column_width(36);
    tool->footer(
        "Examples:\n"
        "  impasto stylize photo.jpg painting.jpg -o picture.png\n"
        "  impasto info built-in --size 1024\n"
        "  impasto stylize --help");
    return tool;
}

}  // namespace

int main(int argc, char** argv) {
    const auto tool = make_tool();
    try {
        return run(*tool, argc, argv);
    } catch (const CLI::ParseError& e) {
        return explain(*tool, e, argc, argv);
    } catch (const divergence_error& e) {
        return complain(e.what(), failure);
    } catch (const out_of_memory& e) {
        return complain(e.what(), failure);
    } catch (const error& e) {
        return complain(e.what(), wrong_use);
    } catch (const std::bad_alloc&) {
        return complain("out of memory", failure);
    } catch (const std::exception& e) {
        return complain(e.what(), failure);
    }
}
