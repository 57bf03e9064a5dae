#include "agent/transfer/control_channel.h"

#include <sys/socket.h>

#include "catch2/catch.hpp"
#include "tests/support/attempt_pair.h"

namespace crossdock::agent {
namespace {

class ManualClock : public base::Clock {
 public:
  base::Instant Now() const override { return base::Instant(); }
  base::Steady MonotonicNow() const override { return base::Steady(offset); }
  std::chrono::seconds offset{1'000};
};

TEST_CASE("a peer that speaks without a pause is told that somebody listens") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  SocketStream own{base::UniqueFd(ends[0]), 0, 0, {}};
  SocketStream peer{base::UniqueFd(ends[1]), 0, 0, {}};
  const std::stop_source stop;
  const Lifeline lifeline(stop.get_token());
  ManualClock clock;
  ControlChannel channel(own, clock, lifeline);

  // Frames of twenty seconds, all of which are there to be read.
  constexpr int kFrames = 20;
  for (int i = 0; i < kFrames; ++i) REQUIRE(peer.Write(Encode(wire::ControlFrame(wire::FileAck{{7}}))).ok());
  int taken = 0;
  const auto take = [&](const wire::ControlFrame&) -> absl::StatusOr<bool> {
    clock.offset += std::chrono::seconds(1);
    return ++taken < kFrames;
  };
  REQUIRE(channel.Run(take, {}).ok());

  const std::string alive = Encode(wire::ControlFrame(wire::Alive{}));
  char said[4096];
  const ssize_t size = ::recv(peer.fd(), said, sizeof(said), MSG_DONTWAIT);
  CHECK(std::string(said, size > 0 ? static_cast<size_t>(size) : 0) == alive + alive + alive);
}

}  // namespace
}  // namespace crossdock::agent
