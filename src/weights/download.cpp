#include "weights/download.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <system_error>

#include <curl/curl.h>
#include <unistd.h>

#include <impasto/core/error.hpp>
#include <impasto/core/version.hpp>

namespace impasto::weights {

namespace {

constexpr curl_off_t largest_file = curl_off_t{2} << 30;
constexpr long patience = 60;  ///< seconds without a byte

struct transfer {
    int file;
    const std::string& url;
    std::uint64_t begin;
    const std::function<void(const fetch_progress&)>& observer;
    std::uint64_t written = 0;
    int write_error = 0;
    std::array<char, CURL_ERROR_SIZE> message{};
};

std::size_t write_bytes(char* data, std::size_t size, std::size_t count, void* user) {
    auto& to = *static_cast<transfer*>(user);
    std::span<const char> rest(data, size * count);
    if (to.begin + to.written + rest.size() > static_cast<std::uint64_t>(largest_file))
        return 0;
    while (!rest.empty()) {
        const ssize_t written = ::write(to.file, rest.data(), rest.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            to.write_error = errno;
            return 0;
        }
        to.written += static_cast<std::uint64_t>(written);
        rest = rest.subspan(static_cast<std::size_t>(written));
    }
    return size * count;
}

int report(void* user, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
    const auto& of = *static_cast<transfer*>(user);
    if (of.observer)
        of.observer({of.begin + static_cast<std::uint64_t>(done),
                     total > 0 ? of.begin + static_cast<std::uint64_t>(total) : 0});
    return 0;
}

using handle = std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)>;

void restrict_protocols(CURL* curl, const std::string& url) {
    const bool encrypted = url.starts_with("https:");
#if LIBCURL_VERSION_NUM >= 0x075500
    ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, encrypted ? "https" : "http,https");
#else
    ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
    ::curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS,
                       encrypted ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

handle prepare(transfer& to) {
    static const CURLcode ready = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    handle curl(ready == CURLE_OK ? ::curl_easy_init() : nullptr, &::curl_easy_cleanup);
    if (curl == nullptr)
        throw io_error(to.url + ": libcurl cannot be initialised");
    CURL* c = curl.get();
    restrict_protocols(c, to.url);
    ::curl_easy_setopt(c, CURLOPT_URL, to.url.c_str());
    ::curl_easy_setopt(c, CURLOPT_USERAGENT, (std::string("impasto/") + version).c_str());
    ::curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    ::curl_easy_setopt(c, CURLOPT_MAXREDIRS, 5L);
    ::curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
    ::curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, patience);
    ::curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    ::curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, patience);
    ::curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, largest_file);
    ::curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(to.begin));
    ::curl_easy_setopt(c, CURLOPT_ERRORBUFFER, to.message.data());
    ::curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &write_bytes);
    ::curl_easy_setopt(c, CURLOPT_WRITEDATA, &to);
    ::curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    ::curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &report);
    ::curl_easy_setopt(c, CURLOPT_XFERINFODATA, &to);
    return curl;
}

[[noreturn]] void fail(const transfer& of, CURLcode code, long answer) {
    if (of.write_error != 0)
        throw io_error(of.url +
                       ": cannot be written: " + std::generic_category().message(of.write_error));
    if (code == CURLE_HTTP_RETURNED_ERROR)
        throw io_error(of.url + ": the server answers " + std::to_string(answer) +
                       "; the file may have moved: give a mirror's address");
    const std::string why = of.message[0] != '\0' ? of.message.data() : ::curl_easy_strerror(code);
    const std::string kept = of.begin + of.written == 0
                                 ? ""
                                 : "; " + std::to_string(of.begin + of.written) +
                                       " bytes are kept, and the next attempt resumes there";
    throw io_error(of.url + ": " + why + kept);
}

}  // namespace

bool download(int file, const std::string& url, std::uint64_t resume_at,
              const std::function<void(const fetch_progress&)>& observer) {
    transfer to{.file = file, .url = url, .begin = resume_at, .observer = observer};
    const handle curl = prepare(to);
    const CURLcode code = ::curl_easy_perform(curl.get());
    long answer = 0;
    ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer);
    constexpr long beyond_the_end = 416;
    if (resume_at > 0 && (code == CURLE_RANGE_ERROR || answer == beyond_the_end))
        return false;
    if (code != CURLE_OK)
        fail(to, code, answer);
    return true;
}

}  // namespace impasto::weights
