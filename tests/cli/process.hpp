#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_folder.hpp"

namespace impasto::test {

inline std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What a process left behind: its exit code, or 128 + the signal that ended it.
struct outcome {
    int code = -1;
    std::string out, err;
};

/// The tool, started with its output going to files (or `terminal`, for both of its outputs).
class process {
public:
    process(const temporary_folder& folder, const std::vector<std::string>& arguments,
            int terminal = -1)
        : out_(folder / ".out"), err_(folder / ".err") {
        std::vector<std::string> words{IMPASTO_TOOL_PATH};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (auto& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        child_ = ::fork();
        if (child_ == 0)
            become(folder.path(), argv.data(), terminal);
        if (child_ < 0)
            throw std::runtime_error("cannot fork");
    }
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() {
        if (child_ > 0)
            (void)wait();
    }

    [[nodiscard]] std::string out() const { return text_of(out_); }
    void send(int signal) const { ::kill(child_, signal); }

    /// Until its stdout holds `text`; false if it does not within a minute.
    [[nodiscard]] bool prints(const std::string& text) const {
        for (int tenths = 0; tenths < 600; ++tenths) {
            if (out().find(text) != std::string::npos)
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        return false;
    }

    [[nodiscard]] outcome wait() {
        int status = 0;
        ::waitpid(child_, &status, 0);
        child_ = -1;
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text_of(out_),
                text_of(err_)};
    }

private:
    [[noreturn]] void become(const std::filesystem::path& folder, char** argv, int terminal) const {
        const auto open = [](const std::filesystem::path& file) {
            return ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
        };
        ::dup2(terminal >= 0 ? terminal : open(out_), STDOUT_FILENO);
        ::dup2(terminal >= 0 ? terminal : open(err_), STDERR_FILENO);
        if (::chdir(folder.c_str()) == 0)
            ::execv(argv[0], argv);
        ::_exit(127);
    }

    std::filesystem::path out_, err_;
    pid_t child_ = -1;
};

/// Runs the tool in `folder` and waits for it.
inline outcome run(const temporary_folder& folder, const std::vector<std::string>& arguments) {
    return process(folder, arguments).wait();
}

inline auto lines_of(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
}

}  // namespace impasto::test
