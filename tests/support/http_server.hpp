#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace impasto::test {

/// Answers on a port of the loopback. One connection after the other, each for one request: what
/// `answer` makes of the request's head is sent as it is, and the connection closed.
class http_server {
public:
    using handler = std::function<std::string(const std::string& request)>;

    explicit http_server(handler answer) : answer_(std::move(answer)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::listen(listener_, 8) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("cannot listen on the loopback");
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    http_server(const http_server&) = delete;
    http_server& operator=(const http_server&) = delete;
    ~http_server() {
        stop_ = true;
        thread_.join();
        ::close(listener_);
    }

    [[nodiscard]] std::string url(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    [[nodiscard]] std::vector<std::string> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    void serve() {
        while (!stop_) {
            pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
            if (::poll(&waiting, 1, 20) <= 0)
                continue;
            const int connection = ::accept(listener_, nullptr, nullptr);
            const std::string request = head_of(connection);
            {
                const std::lock_guard lock(mutex_);
                requests_.push_back(request);
            }
            const std::string text = answer_(request);
            for (std::size_t sent = 0; sent < text.size();) {
                const auto n =
                    ::send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
                if (n <= 0)
                    break;
                sent += static_cast<std::size_t>(n);
            }
            ::close(connection);
        }
    }

    static std::string head_of(int connection) {
        std::string head;
        char part[512];
        while (head.find("\r\n\r\n") == std::string::npos) {
            const auto n = ::recv(connection, part, sizeof part, 0);
            if (n <= 0)
                break;
            head.append(part, static_cast<std::size_t>(n));
        }
        return head;
    }

    handler answer_;
    int listener_ = -1;
    unsigned port_ = 0;
    std::atomic<bool> stop_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

/// An answer of this status whose head promises `length` bytes, whatever the body has.
inline std::string http_answer(const std::string& status, const std::string& body,
                               std::size_t length, const std::string& more = "") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(length) + "\r\n" + more +
           "Connection: close\r\n\r\n" + body;
}
inline std::string http_answer(const std::string& status, const std::string& body) {
    return http_answer(status, body, body.size());
}

/// Where a request asks to begin: the N of "Range: bytes=N-"; 0 where it does not.
inline std::size_t range_of(const std::string& request) {
    const std::string key = "Range: bytes=";
    const auto at = request.find(key);
    return at == std::string::npos ? 0 : std::stoul(request.substr(at + key.size()));
}

/// The rest of a file, from where the request wants it; at most `most` bytes before the line
/// breaks.
inline std::string http_file(const std::string& request, const std::string& content,
                             std::size_t most = std::string::npos) {
    const std::size_t begin = range_of(request);
    if (begin == 0)
        return http_answer("200 OK", content.substr(0, most), content.size());
    if (begin >= content.size())
        return http_answer("416 Range Not Satisfiable", "");
    return http_answer("206 Partial Content", content.substr(begin, most), content.size() - begin,
                       "Content-Range: bytes " + std::to_string(begin) + "-" +
                           std::to_string(content.size() - 1) + "/" +
                           std::to_string(content.size()) + "\r\n");
}

}  // namespace impasto::test
