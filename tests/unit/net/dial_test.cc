#include "lib/net/dial.h"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/net/listener.h"

namespace crossdock::net {
namespace {

Deadline Soon() { return Deadline::After(std::chrono::milliseconds(10'000)); }
std::string AddressOf(const Listener& listener) { return "127.0.0.1:" + std::to_string(listener.port()); }

TEST_CASE("a dial reaches who listens, and fails with a reason where nobody does") {
  std::string address;
  {
    auto listener = *Listener::Listen("127.0.0.1:0");
    address = AddressOf(listener);
    CHECK_FALSE(listener.Accept().fd);
    const auto fd = Dial(address, Soon());
    REQUIRE(fd.ok());
    REQUIRE(WaitFor(listener.fd(), POLLIN, Soon()).ok());
    const auto accepted = listener.Accept();
    REQUIRE(accepted.fd);
    CHECK(accepted.peer.ToText() == SocketAddress::LocalOf(fd->get()).ToText());
  }
  CHECK(base::ReasonOf(Dial(address, Soon()).status()) == "CONNECTION_FAILED");
}

TEST_CASE("an address that is not admitted is not dialled") {
  auto listener = *Listener::Listen("127.0.0.1:0");
  DialOptions options;
  options.admit = [](const SocketAddress&) { return base::WithReason(base::PermissionDenied("no"), "NOT_THERE"); };
  bool prepared = false;
  options.prepare = [&](int) { prepared = true; };
  CHECK(base::ReasonOf(Dial(AddressOf(listener), Soon(), options).status()) == "NOT_THERE");
  CHECK_FALSE(prepared);
  CHECK_FALSE(listener.Accept().fd);
}

TEST_CASE("a listener that ran out of descriptors turns one away and then goes on") {
  auto listener = *Listener::Listen("127.0.0.1:0");
  const auto unlucky = Dial(AddressOf(listener), Soon());
  REQUIRE(unlucky.ok());
  REQUIRE(WaitFor(listener.fd(), POLLIN, Soon()).ok());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = ::dup(0);
  ::close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const bool accepted = static_cast<bool>(listener.Accept().fd);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(accepted);
  // Nobody waits any more: the one was closed, not left to spin on.
  pollfd watched{listener.fd(), POLLIN, 0};
  CHECK(::poll(&watched, 1, 0) == 0);
  const auto lucky = Dial(AddressOf(listener), Soon());
  REQUIRE(lucky.ok());
  REQUIRE(WaitFor(listener.fd(), POLLIN, Soon()).ok());
  CHECK(listener.Accept().fd);
}

TEST_CASE("host and port are read as people write them") {
  CHECK(HostPort::Parse("relay.lon.example:7001")->host == "relay.lon.example");
  CHECK(HostPort::Parse("[::1]:7001")->host == "::1");
  for (const char* wrong : {"", "host", "host:", ":1", "host:0x1", "host:70000", "::1:7001", "[::1]7001"}) {
    INFO(wrong);
    CHECK_FALSE(HostPort::Parse(wrong).ok());
  }
}

TEST_CASE("only addresses of the open internet are public") {
  const auto is_public = [](const char* address) { return IsPublic(Resolve(*HostPort::Parse(address))->front()); };
  CHECK(is_public("9.9.9.9:1"));
  CHECK(is_public("[2620:fe::fe]:1"));
  for (const char* inner :
       {"127.0.0.1:1", "10.1.2.3:1", "172.16.0.1:1", "192.168.1.1:1", "169.254.169.254:1", "100.64.0.1:1", "0.0.0.0:1",
        "224.0.0.1:1", "[::1]:1", "[fe80::1]:1", "[fd00::1]:1", "[::ffff:10.0.0.1]:1", "[64:ff9b::a00:1]:1"}) {
    INFO(inner);
    CHECK_FALSE(is_public(inner));
  }
  CHECK(AddressRange::Parse("10.0.0.0/8")->Contains(Resolve(*HostPort::Parse("10.255.0.1:1"))->front()));
  CHECK_FALSE(AddressRange::Parse("10.0.0.0/8")->Contains(Resolve(*HostPort::Parse("11.0.0.1:1"))->front()));
}

}  // namespace
}  // namespace crossdock::net
