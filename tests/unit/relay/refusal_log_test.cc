#include "relay/refusal_log.h"

#include "catch2/catch.hpp"

namespace crossdock::relay {
namespace {

using std::chrono::milliseconds;

const base::Steady kBegin = base::Steady{} + std::chrono::hours(1);

TEST_CASE("T-36: the first of a reason is said at once, the others as a count each second", "[refusal_log]") {
  RefusalLog log;
  const auto first = log.Take("TLS_FAILED", "a:1", "no TLS", kBegin);
  REQUIRE(first);
  CHECK(first->count == 1);
  CHECK(first->peer == "a:1");
  for (int i = 0; i < 5'000; ++i) CHECK_FALSE(log.Take("TLS_FAILED", "b:2", "no TLS", kBegin + milliseconds(999)));
  CHECK_FALSE(log.Due(kBegin + milliseconds(999)));
  const auto second = log.Take("TLS_FAILED", "c:3", "no TLS", kBegin + milliseconds(1'000));
  REQUIRE(second);
  CHECK(second->count == 5'001);
  CHECK(second->peer == "c:3");
}

TEST_CASE("a flood for one reason does not hide another reason", "[refusal_log]") {
  RefusalLog log;
  CHECK(log.Take("TLS_FAILED", "a:1", "", kBegin));
  CHECK_FALSE(log.Take("TLS_FAILED", "a:1", "", kBegin));
  const auto other = log.Take("TICKET_EXPIRED", "b:2", "the ticket has expired", kBegin);
  REQUIRE(other);
  CHECK(other->error == "the ticket has expired");
}

TEST_CASE("what was counted is said when nobody comes any more, once, and then all is forgotten", "[refusal_log]") {
  RefusalLog log;
  log.Take("TLS_FAILED", "a:1", "", kBegin);
  log.Take("TLS_FAILED", "a:1", "", kBegin);
  const auto due = log.Due(kBegin + milliseconds(1'000));
  REQUIRE(due);
  CHECK(due->count == 1);
  CHECK_FALSE(log.Due(kBegin + milliseconds(1'000)));
  CHECK_FALSE(log.Due(kBegin + milliseconds(2'000)));
  CHECK(log.Take("TLS_FAILED", "a:1", "", kBegin + milliseconds(2'000)));
}

TEST_CASE("reasons that somebody invents fill nothing", "[refusal_log]") {
  RefusalLog log;
  size_t said = 0;
  for (int i = 0; i < 10'000; ++i) said += log.Take("REASON_" + std::to_string(i), "a:1", "", kBegin).has_value();
  CHECK(said == RefusalLog::kReasonsMax + 1);
}

}  // namespace
}  // namespace crossdock::relay
