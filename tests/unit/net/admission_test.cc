#include "lib/net/admission.h"

#include <sys/socket.h>

#include <thread>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "tests/support/fake_relay.h"

namespace crossdock::net {
namespace {

Deadline Soon() { return Deadline::After(std::chrono::milliseconds(10'000)); }

JoinRequest RequestFor(const test::FakeRelay& relay) {
  JoinRequest request;
  request.address = relay.address();
  request.relay_spki = relay.spki();
  request.join.ticket = "ticket";
  request.join.leg = 3;
  return request;
}

TEST_CASE("two joins of a leg end in one clear line") {
  test::FakeRelay relay;
  const TlsKey key = TlsKey::Generate();
  absl::StatusOr<base::UniqueFd> theirs = absl::UnknownError("");
  std::thread other([&] { theirs = JoinRelay(key, RequestFor(relay), Soon()); });
  const auto ours = JoinRelay(key, RequestFor(relay), Soon());
  other.join();
  REQUIRE(ours.ok());
  REQUIRE(theirs.ok());
  REQUIRE(::send(ours->get(), "hello", 5, MSG_NOSIGNAL) == 5);
  REQUIRE(WaitFor(theirs->get(), POLLIN, Soon()).ok());
  char bytes[100];
  REQUIRE(::recv(theirs->get(), bytes, sizeof bytes, 0) == 5);
  CHECK(relay.seen() == "hello");
}

TEST_CASE("a refusal comes with the relay's own reason, and says whether to try again") {
  test::FakeRelay relay;
  relay.RefuseNext("RELAY_FULL");
  const absl::Status full = JoinRelay(TlsKey::Generate(), RequestFor(relay), Soon()).status();
  CHECK(base::ReasonOf(full) == "RELAY_FULL");
  CHECK(full.code() == absl::StatusCode::kUnavailable);
  relay.RefuseNext("TICKET_SIGNATURE");
  const absl::Status forged = JoinRelay(TlsKey::Generate(), RequestFor(relay), Soon()).status();
  CHECK(base::ReasonOf(forged) == "TICKET_SIGNATURE");
  CHECK(forged.code() == absl::StatusCode::kPermissionDenied);
}

TEST_CASE("no ticket is shown to a relay with another key") {
  test::FakeRelay relay;
  JoinRequest request = RequestFor(relay);
  request.relay_spki = TlsKey::Generate().spki();
  CHECK(base::ReasonOf(JoinRelay(TlsKey::Generate(), request, Soon()).status()) == "TLS_PEER_KEY");
  CHECK(relay.joins().empty());
}

TEST_CASE("a join whose partner never comes ends at its deadline, or when another thread says so") {
  test::FakeRelay relay;
  const TlsKey key = TlsKey::Generate();
  SECTION("deadline") {
    const auto deadline = Deadline::After(std::chrono::milliseconds(100));
    CHECK(base::ReasonOf(JoinRelay(key, RequestFor(relay), deadline).status()) == "TIMEOUT");
  }
  SECTION("interrupt") {
    Interrupt interrupt;
    absl::Status status;
    std::thread joiner([&] {
      status =
          JoinRelay(key, RequestFor(relay), Deadline::After(std::chrono::milliseconds(60'000), &interrupt)).status();
    });
    relay.AwaitJoins(1);
    interrupt.Set();
    joiner.join();
    CHECK(base::ReasonOf(status) == "INTERRUPTED");
  }
}

TEST_CASE("a tending connection brings bundles and hears the relay's state, again and again") {
  test::FakeRelay relay;
  auto tending = Tending::Open(TlsKey::Generate(), relay.address(), relay.spki(), Soon());
  REQUIRE(tending.ok());
  CHECK((*tending)->Send({"keys", ""}, Soon())->problem.empty());
  const auto second = (*tending)->Send({"others", ""}, Soon());
  REQUIRE(second.ok());
  CHECK(second->problem == "no such bundle");
  CHECK(second->keys_number == 7);
}

}  // namespace
}  // namespace crossdock::net
