#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/process.hpp"

namespace impasto::test {

/// What a visit to a page came to.
struct visit {
    nlohmann::json answer;             ///< of the steps
    std::vector<std::string> console;  ///< everything that was said there, errors among it
};

struct screen {
    int width = 1200;
    bool dark = false;
};

/// Debian's Chromium without a window, and without a network.
class browser {
public:
    explicit browser(const temporary_folder& folder) : folder_(folder.path()) {}

    /// False, and the test is to be reported as skipped, where there is none or it does not start:
    /// Ubuntu's is a snap, which does not read every folder.
    [[nodiscard]] static bool missing() {
        static const bool works = [] {
            const temporary_folder folder;
            std::ofstream(folder / "page.html") << "<!doctype html><p>it works";
            browser(folder).start("page.html", {});
            return text_of(folder / "dom.html").find("<p>it works") != std::string::npos;
        }();
        if (!works)
            std::cout << "skipped: there is no chromium here that starts\n";
        return !works;
    }

    /// Opens a page as a reader does, takes the steps (the body of an async function) and says what
    /// they returned.
    [[nodiscard]] visit open(const std::filesystem::path& page, const std::string& steps,
                             const screen& screen = {}) const {
        auto html = text_of(page);
        html.insert(html.find("<head>") + 6, "<script>" + std::string(listener) +
                                                 "const steps = async () => {" + steps +
                                                 "};</script>");
        std::ofstream(folder_ / "page.html", std::ios::binary) << html;
        // A window is at least 500 pixels wide, a frame as narrow as a phone.
        std::ofstream(folder_ / "frame.html")
            << "<!doctype html><style>iframe{border:0;width:" << screen.width
            << "px;height:900px}</style><iframe src='page.html'></iframe><pre id='heard'></pre>"
            << "<script>addEventListener('message', (e) => { heard.textContent = e.data; })"
            << "</script>";
        start("frame.html", screen);
        const auto dom = text_of(folder_ / "dom.html");
        const auto begin = dom.find("<pre id=\"heard\">") + 16, end = dom.find("</pre>", begin);
        if (end == std::string::npos || begin == end)
            throw std::runtime_error("the page did not answer: " + text_of(folder_ / "log.txt"));
        const auto heard = nlohmann::json::parse(dom.substr(begin, end - begin));
        visit result{.answer = heard.value("answer", nlohmann::json()),
                     .console = heard["console"].get<std::vector<std::string>>()};
        std::istringstream log(text_of(folder_ / "log.txt"));
        for (std::string line; std::getline(log, line);)
            if (line.find(":CONSOLE") != std::string::npos)
                result.console.push_back(line);
        return result;
    }

private:
    static constexpr const char* listener = R"(
        const said = [];
        for (const kind of ['debug', 'log', 'info', 'warn', 'error'])
            console[kind] = (...what) => said.push(kind + ': ' + what.join(' '));
        for (const kind of ['error', 'unhandledrejection', 'securitypolicyviolation'])
            addEventListener(kind, (e) => said.push(kind + ': ' +
                (e.message || e.reason || e.blockedURI || 'of an element')), true);
        addEventListener('load', async () => {
            const result = { console: said };
            try { result.answer = await steps(); } catch (e) { said.push(String(e)); }
            const hex = (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0');
            parent.postMessage(JSON.stringify(result).replace(/[^ -~]|[<>&]/g, hex), '*');
        });
    )";

    void start(const std::string& page, const screen& screen) const {
        const auto in = [this](const char* name) { return "'" + (folder_ / name).string() + "'"; };
        const std::string command =
            "timeout 120 chromium --headless --no-sandbox --disable-gpu --no-first-run "
            "--host-resolver-rules='MAP * ~NOTFOUND' --enable-logging=stderr "
            "--virtual-time-budget=10000 --window-size=1300,1000 --blink-settings=" +
            std::string("preferredColorScheme=") + (screen.dark ? "0" : "1") +
            " --user-data-dir=" + in("profile") + " --dump-dom 'file://" +
            (folder_ / page).string() + "' >" + in("dom.html") + " 2>" + in("log.txt");
        (void)std::system(command.c_str());
    }

    std::filesystem::path folder_;
};

/// Steps that every page is put through: what is wider than the screen, and how light it is.
inline constexpr const char* measure_page = R"(
    const shade = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    return { overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth, shade: shade[0],
             broken: [...document.images].filter((i) => !i.naturalWidth).length };
)";

}  // namespace impasto::test
