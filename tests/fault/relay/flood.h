// Somebody without a ticket who dials a relay from many addresses, as fast as told, and does with each connection what
// such people do: says nothing, speaks TLS a byte at a time, speaks nonsense, or is gone at once.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/net/address.h"

namespace crossdock::test {

struct FloodPlan {
  int attempts = 0;
  int addresses = 16;  // 127.0.1.1 and up
  std::chrono::milliseconds duration{};
};

struct FloodOutcome {
  int attempts = 0;
  int connected = 0;
  int failed = 0;           // never connected
  size_t open_at_most = 0;  // connected, and closed by neither
  std::chrono::milliseconds took{};
};

// One thread; Run once.
class Flood {
 public:
  explicit Flood(uint16_t port) : port_(port), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  FloodOutcome Run(const FloodPlan& plan) {
    const base::Steady begin = clock_.MonotonicNow();
    while (outcome_.attempts < plan.attempts) {
      const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(clock_.MonotonicNow() - begin);
      const auto due = std::min<int64_t>(
          plan.attempts, 1 + plan.attempts * passed.count() / std::chrono::microseconds(plan.duration).count());
      while (outcome_.attempts < due) Dial(1 + outcome_.attempts % plan.addresses);
      Look(5);
      Drip();
    }
    // What is under way still, and then all at once.
    const base::Steady settled = clock_.MonotonicNow() + std::chrono::milliseconds(300);
    while (clock_.MonotonicNow() < settled) Look(50);
    outcome_.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.MonotonicNow() - begin);
    return outcome_;
  }

 private:
  enum class Manner { kSilent, kSlow, kNonsense, kGone };
  struct Connection {
    base::UniqueFd fd;
    Manner manner = Manner::kSilent;
    bool connected = false;
    size_t said = 0;
  };

  void Dial(int address) {
    const Manner manner = std::array{Manner::kSilent, Manner::kSlow, Manner::kNonsense,
                                     Manner::kGone}[static_cast<size_t>((outcome_.attempts / 16) % 4)];
    ++outcome_.attempts;
    base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7f000100u + static_cast<uint32_t>(address));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port_);
    // The port is chosen when it connects, so that it need only be free towards this relay.
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const bool under_way =
        fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
        (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 || errno == EINPROGRESS);
    if (!under_way) {
      ++outcome_.failed;
      return;
    }
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP, {.fd = fd.get()}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event);
    const int number = fd.get();
    connections_[number] = {std::move(fd), manner, false, 0};
  }

  void Look(int milliseconds) {
    std::array<epoll_event, 512> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), milliseconds);
    for (int i = 0; i < count; ++i) Happened(events[static_cast<size_t>(i)]);
    outcome_.open_at_most = std::max(outcome_.open_at_most, open_);
  }

  void Happened(const epoll_event& event) {
    const auto found = connections_.find(event.data.fd);
    if (found == connections_.end()) return;
    Connection& one = found->second;
    if (!one.connected && (event.events & EPOLLOUT) != 0 && (event.events & EPOLLERR) == 0) Connected(one);
    char bytes[4096];
    const bool over = (event.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0 ||
                      (one.connected && one.manner == Manner::kGone) ||
                      ((event.events & EPOLLIN) != 0 && ::recv(one.fd.get(), bytes, sizeof bytes, 0) == 0);
    if (!over) return;
    if (one.connected) {
      --open_;
    } else {
      ++outcome_.failed;
    }
    connections_.erase(found);
  }

  void Connected(Connection& one) {
    one.connected = true;
    ++open_;
    ++outcome_.connected;
    epoll_event event{EPOLLIN | EPOLLRDHUP, {.fd = one.fd.get()}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, one.fd.get(), &event);
    constexpr std::string_view kNonsense = "GET / HTTP/1.1\r\nHost: relay\r\n\r\n";
    if (one.manner == Manner::kNonsense) (void)::send(one.fd.get(), kNonsense.data(), kNonsense.size(), MSG_NOSIGNAL);
  }

  // A byte of a ClientHello to each slow one, a few times a second.
  void Drip() {
    const base::Steady now = clock_.MonotonicNow();
    if (now < drip_) return;
    drip_ = now + std::chrono::milliseconds(250);
    constexpr std::string_view kHello("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03", 11);
    for (auto& [fd, one] : connections_) {
      if (!one.connected || one.manner != Manner::kSlow) continue;
      const char byte = one.said < kHello.size() ? kHello[one.said] : 'x';
      ++one.said;
      (void)::send(fd, &byte, 1, MSG_NOSIGNAL);
    }
  }

  const uint16_t port_;
  const base::UniqueFd epoll_;
  const base::SystemClock clock_;
  std::map<int, Connection> connections_;
  size_t open_ = 0;
  base::Steady drip_{};
  FloodOutcome outcome_;
};

}  // namespace crossdock::test
