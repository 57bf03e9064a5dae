#include "cli/callback.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "lib/base/status.h"

namespace crossdock::cli {
namespace {

constexpr size_t kRequestMax = 16u << 10;
constexpr std::chrono::milliseconds kRequestTime{2'000};  // from a browser on this host

// The target of a GET; "" for anything else, and for whoever dawdles.
std::string ReadTarget(int fd) {
  const net::Deadline deadline = net::Deadline::After(kRequestTime);
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    if (request.size() >= kRequestMax || !net::WaitFor(fd, POLLIN, deadline).ok()) return "";
    char piece[4096];
    const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
    if (got <= 0) return "";
    request.append(piece, static_cast<size_t>(got));
  }
  constexpr std::string_view kGet = "GET ";
  const size_t end = request.find(' ', kGet.size());
  if (!request.starts_with(kGet) || end == std::string::npos || end > request.find("\r\n")) return "";
  return request.substr(kGet.size(), end - kGet.size());
}

void Answer(int fd, std::string_view status, std::string_view text) {
  const std::string answer =
      base::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ", text.size(),
                   "\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n", text);
  // A few hundred bytes fit into any socket's buffer; a browser that is gone does not matter.
  (void)::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
}

}  // namespace

absl::StatusOr<std::string> AwaitCallback(net::Listener& listener, const net::Deadline& deadline,
                                          const std::function<bool(std::string_view target)>& fits) {
  while (true) {
    RETURN_IF_ERROR(net::WaitFor(listener.fd(), POLLIN, deadline));
    const net::Listener::Accepted accepted = listener.Accept();
    if (!accepted.fd) continue;
    const int fd = accepted.fd.get();
    std::string target = ReadTarget(fd);
    if (target.substr(0, target.find('?')) == kCallbackPath && fits(target)) {
      Answer(fd, "200 OK", "Crossdock has the answer: see your terminal. This window can be closed.\n");
      return target;
    }
    Answer(fd, "404 Not Found", "Nothing is here.\n");
  }
}

}  // namespace crossdock::cli
