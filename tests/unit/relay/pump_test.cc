// Splicing between two TCP connections on loopback: a = b pumped to c = d.
#include "relay/pump.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "catch2/catch.hpp"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/net/dial.h"
#include "lib/net/listener.h"

namespace crossdock::relay {
namespace {

using std::chrono::milliseconds;

std::pair<base::UniqueFd, base::UniqueFd> Connection() {
  net::Listener listener = *net::Listener::Listen("127.0.0.1:0");
  const auto soon = net::Deadline::After(milliseconds(10'000));
  auto dialled = *net::Dial("127.0.0.1:" + std::to_string(listener.port()), soon);
  REQUIRE(net::WaitFor(listener.fd(), POLLIN, soon).ok());
  return {std::move(dialled), listener.Accept().fd};
}

void SetBlocking(const base::UniqueFd& fd) { ::fcntl(fd.get(), F_SETFL, 0); }

struct Line {
  explicit Line(PumpOptions options = {}) {
    std::tie(a, b) = Connection();
    std::tie(d, c) = Connection();
    SetBlocking(a);
    SetBlocking(d);
    pump = std::thread([this, options] { status = Pump(b.get(), c.get(), options, cut, &counts); });
  }
  ~Line() {
    if (pump.joinable()) cut.Set(), pump.join();
  }
  base::UniqueFd a, b, c, d;
  net::Interrupt cut;
  PumpCounts counts;
  absl::Status status;
  std::thread pump;
};

// Called from threads of the test's own, where Catch2 must not be asked; the reader sees what is missing.
void Write(const base::UniqueFd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

std::string ReadAll(const base::UniqueFd& fd) {
  std::string all;
  char bytes[65536];
  for (ssize_t got = 0; (got = ::recv(fd.get(), bytes, sizeof bytes, 0)) > 0;)
    all.append(bytes, static_cast<size_t>(got));
  return all;
}

TEST_CASE("bytes go both ways at once, each direction ends by itself, and both are counted", "[pump]") {
  PumpOptions options;
  options.pipe_forth = GENERATE(4096u, 1u << 20);
  options.pipe_back = 4096;
  Line line(options);
  base::SystemRandom random;
  const std::string forth = random.Bytes(5'000'001);
  const std::string back = random.Bytes(3'000'001);
  std::string there;
  std::string here;
  std::thread reader([&] { there = ReadAll(line.d); });
  std::thread writer([&] {
    Write(line.a, forth);
    ::shutdown(line.a.get(), SHUT_WR);
  });
  Write(line.d, back);
  writer.join();
  reader.join();
  CHECK(there == forth);
  // The other direction is still open.
  Write(line.d, "and more");
  ::shutdown(line.d.get(), SHUT_WR);
  here = ReadAll(line.a);
  CHECK(here == back + "and more");
  line.pump.join();
  CHECK(line.status.ok());
  CHECK(line.counts.bytes_forth == forth.size());
  CHECK(line.counts.bytes_back == back.size() + 8);
}

TEST_CASE("a crumb behind plenty of content arrives, though the relay had begun to wait for more", "[pump]") {
  const Line line;
  const std::string content(2u << 20, 'x');
  std::thread writer([&] { Write(line.a, content); });
  std::string arrived(content.size(), '\0');
  CHECK(::recv(line.d.get(), arrived.data(), arrived.size(), MSG_WAITALL) == static_cast<ssize_t>(content.size()));
  writer.join();
  for (const std::string crumb : {"one", "two"}) {
    Write(line.a, crumb);
    REQUIRE(net::WaitFor(line.d.get(), POLLIN, net::Deadline::After(milliseconds(5'000))).ok());
    char bytes[8];
    CHECK(::recv(line.d.get(), bytes, sizeof bytes, 0) == 3);
  }
}

TEST_CASE("a pair on which nothing moves is ended", "[pump]") {
  PumpOptions options;
  options.idle_max = milliseconds(1);
  Line line(options);
  line.pump.join();
  CHECK(base::ReasonOf(line.status) == "IDLE");
}

TEST_CASE("a cut ends a pair that is full of bytes", "[pump]") {
  Line line;
  std::thread writer([&] {
    const std::string bytes(1 << 20, 'x');
    while (::send(line.a.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  line.cut.Set();
  line.pump.join();
  CHECK(base::ReasonOf(line.status) == "CUT");
  line.b = base::UniqueFd();  // as the session does
  writer.join();
}

TEST_CASE("a sender that breaks is noticed while its receiver takes nothing", "[pump]") {
  Line line;
  // Until nothing goes in any more: all buffers are full, and the pump waits for the receiver alone.
  const std::string bytes(1 << 20, 'x');
  const timeval patience{0, 300'000};
  ::setsockopt(line.a.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  while (::send(line.a.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
  }
  const linger reset{1, 0};
  ::setsockopt(line.a.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  line.a = base::UniqueFd();
  line.pump.join();
  CHECK(base::ReasonOf(line.status) == "CONNECTION_LOST");
}

TEST_CASE("pipes shrink as pairs get more, and the allowance of an ordinary user holds 150 of them", "[pump]") {
  const auto bytes = [](size_t joined) {
    const PumpOptions options = OptionsFor(false, true, joined, milliseconds(1));
    return options.pipe_forth + options.pipe_back;
  };
  CHECK(OptionsFor(false, true, 1, milliseconds(1)).pipe_forth == 1u << 20);
  CHECK(OptionsFor(false, false, 1, milliseconds(1)).pipe_back == 1u << 20);
  CHECK(OptionsFor(true, true, 1, milliseconds(1)).pipe_forth == 64u << 10);
  size_t sum = 0;
  for (size_t joined = 1; joined <= 150; ++joined) sum += bytes(joined);
  CHECK(sum <= 64u << 20);
}

}  // namespace
}  // namespace crossdock::relay
