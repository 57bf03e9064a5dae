// What was read is not read again.
#include "lib/policy/parsed.h"

#include <thread>

#include "catch2/catch.hpp"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"

namespace crossdock::policy {
namespace {

std::string Text(int i) {
  return "schema: crossdock/policy/v1\nid: p" + std::to_string(i) +
         "\ntitle: t\napplies_to: {client: c}\nvalid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n"
         "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n";
}

TEST_CASE("a policy that was read is not read a second time") {
  ParsedPolicies parsed;
  const auto first = parsed.Parse(Text(1), {}), second = parsed.Parse(Text(1), {});
  REQUIRE(first.ok());
  CHECK(*first == *second);
  CHECK(parsed.read() == 1);
  CHECK((*parsed.Parse(Text(2), {}))->id == "p2");
  CHECK(parsed.read() == 2);
}

TEST_CASE("a policy is read again when a calendar's file has come") {
  const std::string calendar =
      "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260605\nEND:VEVENT\nEND:VCALENDAR\n";
  const std::string text =
      "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
      "valid: {from: 2026-01-01, review_by: 2026-12-31}\ncalendars: {h: {file: h.ics, sha256: " +
      base::ToHex(base::Sha256(calendar)) +
      "}}\nrules:\n  - {id: A, effect: allow, when: {}, require: {approvals: none, window: {clock: UTC, at_close: "
      "pause, "
      "except: [calendar:h]}}}\n";
  ParsedPolicies parsed;
  const auto without = parsed.Parse(text, {});
  const auto with = parsed.Parse(text, std::vector{calendar});
  REQUIRE(without.ok());
  REQUIRE(with.ok());
  CHECK_FALSE((*without)->calendars.at(0).calendar.calendar->known);
  CHECK((*with)->calendars.at(0).calendar.calendar->known);
}

TEST_CASE("of too many policies the one that was asked for longest ago is forgotten") {
  ParsedPolicies parsed;
  constexpr int kKept = static_cast<int>(ParsedPolicies::kKept);
  for (int i = 0; i < kKept; ++i) REQUIRE(parsed.Parse(Text(i), {}).ok());
  REQUIRE(parsed.Parse(Text(0), {}).ok());  // asked for again
  REQUIRE(parsed.Parse(Text(kKept), {}).ok());
  CHECK(parsed.read() == kKept + 1);
  REQUIRE(parsed.Parse(Text(0), {}).ok());
  CHECK(parsed.read() == kKept + 1);
  REQUIRE(parsed.Parse(Text(1), {}).ok());
  CHECK(parsed.read() == kKept + 2);
}

TEST_CASE("what is wrong with a text is said each time, and leaves nothing") {
  ParsedPolicies parsed;
  CHECK_FALSE(parsed.Parse("schema: x\n", {}).ok());
  CHECK_FALSE(parsed.Parse("schema: x\n", {}).ok());
  CHECK(parsed.read() == 0);
}

TEST_CASE("many threads get the same policies") {
  ParsedPolicies parsed;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const auto policy = parsed.Parse(Text(i % 80), {});  // more than are kept
        if (!policy.ok() || (*policy)->id != "p" + std::to_string(i % 80)) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(parsed.read() >= 80);
}

}  // namespace
}  // namespace crossdock::policy
