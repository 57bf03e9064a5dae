// A line that somebody holds who does what he likes with the bytes: a TCP proxy in front of a relay.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "lib/net/dial.h"
#include "lib/net/listener.h"
#include "lib/net/wait.h"

namespace crossdock::test {

enum class Mischief { kFlip, kDuplicate, kDrop, kSwap };

class BadLine {
 public:
  // Forwards to `target`; on the first connection that has carried `after` bytes, once, towards the target.
  BadLine(std::string target, Mischief mischief, size_t after)
      : target_(std::move(target)),
        mischief_(mischief),
        after_(after),
        listener_(*net::Listener::Listen("127.0.0.1:0")) {
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~BadLine() {
    ending_.Set();
    acceptor_.join();
    for (std::thread& one : serving_) one.join();
  }
  BadLine(const BadLine&) = delete;
  BadLine& operator=(const BadLine&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port()); }
  int done() const { return done_; }
  int connections() const { return connections_; }

 private:
  void Accept() {
    while (net::WaitFor(listener_.fd(), POLLIN, {base::Steady::max(), &ending_}).ok()) {
      net::Listener::Accepted accepted = listener_.Accept();
      if (!accepted.fd) continue;
      ++connections_;
      serving_.emplace_back([this, near = std::move(accepted.fd)] {
        const auto far = net::Dial(target_, net::Deadline::After(std::chrono::milliseconds(10'000), &ending_));
        if (!far.ok()) return;
        std::thread back([&] { Copy(far->get(), near.get(), false); });
        Copy(near.get(), far->get(), true);
        back.join();
      });
    }
  }

  void Copy(int from, int to, bool forth) {
    std::string bytes(16'384, '\0');
    size_t carried = 0;
    while (net::WaitFor(from, POLLIN, {base::Steady::max(), &ending_}).ok()) {
      const ssize_t got = ::recv(from, bytes.data(), bytes.size(), 0);
      if (got < 0 && errno == EAGAIN) continue;
      if (got == 0) break;
      if (got < 0) return Break(from, to);
      std::string piece = bytes.substr(0, static_cast<size_t>(got));
      carried += piece.size();
      if (forth && carried > after_ && piece.size() >= 64 && done_.exchange(1) == 0) piece = Spoilt(piece);
      if (!Send(to, piece)) return Break(from, to);
    }
    ::shutdown(to, SHUT_WR);
  }

  // A line does not break for one of its ends alone.
  static void Break(int from, int to) {
    ::shutdown(from, SHUT_RDWR);
    ::shutdown(to, SHUT_RDWR);
  }

  std::string Spoilt(std::string piece) const {
    const size_t half = piece.size() / 2;
    switch (mischief_) {
      case Mischief::kFlip:
        piece[half] = static_cast<char>(piece[half] ^ 1);
        return piece;
      case Mischief::kDuplicate:
        return piece + piece;
      case Mischief::kDrop:
        return piece.substr(0, half);
      case Mischief::kSwap:
        return piece.substr(half) + piece.substr(0, half);
    }
    return piece;
  }

  bool Send(int to, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno != EAGAIN || !net::WaitFor(to, POLLOUT, {base::Steady::max(), &ending_}).ok()) {
        return false;
      }
    }
    return true;
  }

  const std::string target_;
  const Mischief mischief_;
  const size_t after_;
  net::Listener listener_;
  net::Interrupt ending_;
  std::atomic<int> done_ = 0;
  std::atomic<int> connections_ = 0;
  std::deque<std::thread> serving_;  // the acceptor's alone
  std::thread acceptor_;
};

}  // namespace crossdock::test
