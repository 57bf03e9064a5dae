// Doors held open by somebody without a ticket.
#include "relay/half_open.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <vector>

#include "catch2/catch.hpp"

namespace crossdock::relay {
namespace {

struct Pair {
  Pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    ours = base::UniqueFd(fds[0]);
    theirs = base::UniqueFd(fds[1]);
  }
  bool IsShut() const {
    char one = 0;
    return ::recv(ours.get(), &one, 1, 0) == 0;
  }
  base::UniqueFd ours;
  base::UniqueFd theirs;
};

TEST_CASE("beyond the limit of its address the oldest is shut, and nobody else's", "[half_open]") {
  HalfOpen half_open({.total_max = 10, .per_address_max = 2});
  std::array<Pair, 4> pairs;
  REQUIRE(half_open.Enter(1, "other", pairs[0].ours.get()));
  REQUIRE(half_open.Enter(2, "flood", pairs[1].ours.get()));
  REQUIRE(half_open.Enter(3, "flood", pairs[2].ours.get()));
  REQUIRE(half_open.Enter(4, "flood", pairs[3].ours.get()));
  CHECK_FALSE(pairs[0].IsShut());
  CHECK(pairs[1].IsShut());
  CHECK_FALSE(pairs[2].IsShut());
  CHECK_FALSE(pairs[3].IsShut());
  CHECK(half_open.size() == 3);
}

TEST_CASE("beyond the limit of all the oldest of all is shut", "[half_open]") {
  HalfOpen half_open({.total_max = 2, .per_address_max = 2});
  std::array<Pair, 3> pairs;
  REQUIRE(half_open.Enter(1, "a", pairs[0].ours.get()));
  REQUIRE(half_open.Enter(2, "b", pairs[1].ours.get()));
  REQUIRE(half_open.Enter(3, "c", pairs[2].ours.get()));
  CHECK(pairs[0].IsShut());
  CHECK(half_open.size() == 2);
}

TEST_CASE("T-36: a flood from some addresses pushes out itself, and nobody who came from another before it",
          "[half_open]") {
  HalfOpen half_open({.total_max = 8, .per_address_max = 8});
  Pair honest;
  REQUIRE(half_open.Enter(1, "honest", honest.ours.get()));
  std::vector<Pair> flood(100);
  for (size_t i = 0; i < flood.size(); ++i)
    REQUIRE(half_open.Enter(2 + i, "flood-" + std::to_string(i % 3), flood[i].ours.get()));
  CHECK_FALSE(honest.IsShut());
  CHECK(half_open.size() == 8);
  const auto shut = [&](size_t from, size_t to) {
    return std::count_if(flood.begin() + static_cast<long>(from), flood.begin() + static_cast<long>(to),
                         [](const Pair& each) { return each.IsShut(); });
  };
  CHECK(shut(0, 93) == 93);
  CHECK(shut(93, 100) == 0);
}

TEST_CASE("of addresses that have as many each, the one with the oldest loses it", "[half_open]") {
  HalfOpen half_open({.total_max = 3, .per_address_max = 3});
  std::array<Pair, 5> pairs;
  REQUIRE(half_open.Enter(1, "c", pairs[0].ours.get()));
  REQUIRE(half_open.Enter(2, "b", pairs[1].ours.get()));
  REQUIRE(half_open.Enter(3, "a", pairs[2].ours.get()));
  REQUIRE(half_open.Enter(4, "d", pairs[3].ours.get()));
  CHECK(pairs[0].IsShut());
  half_open.Leave(2);
  REQUIRE(half_open.Enter(5, "a", pairs[4].ours.get()));
  CHECK_FALSE(pairs[1].IsShut());
  CHECK_FALSE(pairs[2].IsShut());
  CHECK(half_open.size() == 3);
}

TEST_CASE("who was admitted is not shut any more", "[half_open]") {
  HalfOpen half_open({.total_max = 1, .per_address_max = 1});
  std::array<Pair, 2> pairs;
  REQUIRE(half_open.Enter(1, "a", pairs[0].ours.get()));
  half_open.Leave(1);
  half_open.Leave(1);
  REQUIRE(half_open.Enter(2, "a", pairs[1].ours.get()));
  CHECK_FALSE(pairs[0].IsShut());
  CHECK(half_open.size() == 1);
}

}  // namespace
}  // namespace crossdock::relay
