// A relay on loopback that asks for no rights: it joins the two dials of each leg, or refuses as the test says, and
// keeps what was asked of it. Its own thread a connection; all are gone with it.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/fd.h"
#include "lib/net/admission.h"
#include "lib/net/listener.h"

namespace crossdock::test {

class FakeRelay {
 public:
  FakeRelay() : listener_(*net::Listener::Listen("127.0.0.1:0")) {
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~FakeRelay() {
    Cut();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    ending_.Set();
    acceptor_.join();
    for (std::thread& one : serving_) one.join();
  }
  FakeRelay(const FakeRelay&) = delete;
  FakeRelay& operator=(const FakeRelay&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port()); }
  const std::string& spki() const { return key_.spki(); }

  // The next join is answered so.
  void RefuseNext(std::string reason) {
    const std::lock_guard<std::mutex> lock(mutex_);
    refusal_ = std::move(reason);
  }
  // Breaks every leg that is joined now.
  void Cut() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const int fd : joined_) ::shutdown(fd, SHUT_RDWR);
  }
  std::vector<wire::Join> joins() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return joins_;
  }
  // Blocks until that many joins were read.
  void AwaitJoins(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return joins_.size() >= count; });
  }
  // The payload bytes of both directions that went through, all legs together.
  std::string seen() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return seen_;
  }

 private:
  using Connection = std::unique_ptr<net::TlsConnection>;

  net::Deadline Soon() { return net::Deadline::After(std::chrono::milliseconds(10'000), &ending_); }

  void Accept() {
    while (net::WaitFor(listener_.fd(), POLLIN, {base::Steady::max(), &ending_}).ok()) {
      auto accepted = listener_.Accept();
      if (!accepted.fd) continue;
      serving_.emplace_back([this, fd = std::move(accepted.fd)]() mutable { Serve(std::move(fd)); });
    }
  }

  void Serve(base::UniqueFd fd) {
    const net::TlsContext context(key_, net::TlsRole::kServer, net::TlsUse::kThenClear);
    auto connection = net::TlsConnection::Handshake(context, std::move(fd), "", Soon());
    if (!connection.ok()) return;
    const auto first = net::ReadAdmission(**connection, Soon());
    if (!first.ok()) return;
    if (std::holds_alternative<wire::Tend>(*first)) return Tended(**connection);
    const auto* join = std::get_if<wire::Join>(&*first);
    if (join == nullptr) return;
    std::optional<std::string> refusal;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      joins_.push_back(*join);
      refusal.swap(refusal_);
    }
    changed_.notify_all();
    if (refusal) {
      (void)net::WriteAdmission(**connection, wire::Refused{*refusal, "as the test says"}, Soon());
      (void)(*connection)->CloseWrite(Soon());
      return;
    }
    Meet(join->leg, *std::move(connection));
  }

  void Tended(net::TlsConnection& connection) {
    while (true) {
      const auto message = net::ReadAdmission(connection, Soon());
      if (!message.ok()) return;
      const auto* bundles = std::get_if<wire::Bundles>(&*message);
      wire::Status status;
      status.keys_number = 7;
      if (bundles == nullptr || bundles->keys != "keys") status.problem = "no such bundle";
      if (!net::WriteAdmission(connection, status, Soon()).ok()) return;
    }
  }

  // The first of a leg leaves its connection; the second says `joined` on both and pumps.
  void Meet(uint16_t leg, Connection own) {
    Connection other;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (ended_) return;
      auto& waiting = waiting_[leg];
      if (!waiting) {
        waiting = std::move(own);
        return;
      }
      other = std::move(waiting);
    }
    const auto first = SayJoined(*other);
    const auto second = SayJoined(*own);
    if (!first.ok() || !second.ok()) return;
    Pump(first->get(), second->get());
  }

  absl::StatusOr<base::UniqueFd> SayJoined(net::TlsConnection& connection) {
    RETURN_IF_ERROR(net::WriteAdmission(connection, wire::Joined{}, Soon()));
    RETURN_IF_ERROR(connection.CloseWrite(Soon()));
    return connection.ToClear(Soon());
  }

  // Until both directions have ended or one socket broke.
  void Pump(int first, int second) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      joined_.insert(joined_.end(), {first, second});
    }
    std::thread back([&] { Copy(second, first); });
    Copy(first, second);
    back.join();
    const std::lock_guard<std::mutex> lock(mutex_);
    std::erase(joined_, first);
    std::erase(joined_, second);
  }

  void Copy(int from, int to) {
    char bytes[65536];
    while (net::WaitFor(from, POLLIN, {base::Steady::max(), &ending_}).ok()) {
      const ssize_t got = ::recv(from, bytes, sizeof bytes, 0);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) break;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        seen_.append(bytes, static_cast<size_t>(got));
      }
      for (ssize_t done = 0; done < got;) {
        if (!net::WaitFor(to, POLLOUT, Soon()).ok()) return;
        const ssize_t sent = ::send(to, bytes + done, static_cast<size_t>(got - done), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return;
        if (sent > 0) done += sent;
      }
    }
    ::shutdown(to, SHUT_WR);
  }

  const net::TlsKey key_ = net::TlsKey::Generate();
  net::Listener listener_;
  net::Interrupt ending_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::optional<std::string> refusal_;
  std::vector<wire::Join> joins_;
  std::map<uint16_t, Connection> waiting_;
  std::vector<int> joined_;
  std::string seen_;
  std::deque<std::thread> serving_;  // the acceptor's alone
  std::thread acceptor_;
};

}  // namespace crossdock::test
