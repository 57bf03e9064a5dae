#include "lib/policy/diff.h"

#include "catch2/catch.hpp"
#include "lib/policy/evaluate.h"
#include "lib/policy/parse.h"

namespace crossdock::policy {
namespace {

const Instant kNow = *base::ParseInstant("2026-06-05T12:00:00Z");

Policy P(const std::string& rules) {
  auto policy = Parse(
      "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: northlight}\n"
      "valid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n" +
          rules,
      "p.yaml");
  INFO(policy.status());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

const std::string kAllow =
    "  - {id: A, effect: allow, when: {destination.country: {in: [CA, GB]}, transfer.bytes: {at_most: 5TiB}}, "
    "require: {approvals: none}}\n";

std::string Only(const Difference& difference) {
  REQUIRE(difference.complete);
  REQUIRE(difference.regions.size() == 1);
  const Region& region = difference.regions[0];
  std::string text(ChangeName(region.change));
  for (const std::string& condition : DescribeBox(difference, region)) text += "; " + condition;
  return text;
}

TEST_CASE("a policy does not differ from itself, nor from itself in another order or with other titles", "[diff]") {
  const std::string forbid = "  - {id: F, effect: forbid, reason: r, when: {asset.tags: {any_of: [ep08]}}}\n";
  const Policy policy = P(kAllow + forbid);
  CHECK(Diff(policy, policy, kNow)->regions.empty());
  CHECK(Diff(policy, P("  - {id: F, effect: forbid, reason: other, when: {asset.tags: {any_of: [ep08]}}}\n" + kAllow),
             kNow)
            ->regions.empty());
}

TEST_CASE("what a wider list lets through is weaker, and exactly that", "[diff]") {
  const std::string wider =
      "  - {id: A, effect: allow, when: {destination.country: {in: [CA, FR, GB]}, transfer.bytes: {at_most: 5TiB}}, "
      "require: {approvals: none}}\n";
  const auto difference = Diff(P(kAllow), P(wider), kNow);
  CHECK(Only(*difference) == "weaker; the destination's country is FR; the size is at most 5TiB");
  CHECK(difference->regions[0].how == "it was denied and is allowed");
  CHECK(difference->regions[0].after == std::vector<std::string>{"A"});
  CHECK(difference->regions[0].before.empty());
  CHECK(Only(*Diff(P(wider), P(kAllow), kNow)) ==
        "stronger; the destination's country is FR; the size is at most 5TiB");
}

TEST_CASE("a limit that moves, and a value that nobody names", "[diff]") {
  const std::string smaller =
      "  - {id: A, effect: allow, when: {destination.country: {in: [CA, GB]}, transfer.bytes: {at_most: 1TiB}}, "
      "require: {approvals: none}}\n";
  CHECK(Only(*Diff(P(kAllow), P(smaller), kNow)) ==
        "stronger; the destination's country is CA or GB; the size is more than 1TiB and at most 5TiB");
  const std::string any =
      "  - {id: A, effect: allow, when: {transfer.bytes: {at_most: 5TiB}}, require: {approvals: none}}\n";
  const auto difference = Diff(P(kAllow), P(any), kNow);
  CHECK(Only(*difference) == "weaker; the destination's country is not CA or GB; the size is at most 5TiB");
  CHECK(difference->asked_before == std::vector<std::string>{"destination.country"});
}

TEST_CASE("each element of a list is a dimension", "[diff]") {
  const std::string forbid = "  - {id: F, effect: forbid, reason: r, when: {asset.tags: {any_of: [ep08]}}}\n";
  const std::string more = "  - {id: F, effect: forbid, reason: r, when: {asset.tags: {any_of: [ep08, ep09]}}}\n";
  CHECK(Only(*Diff(P(kAllow + forbid), P(kAllow + more), kNow)) ==
        "stronger; the destination's country is CA or GB; the asset is not tagged ep08; the asset is tagged ep09; "
        "the size is at most 5TiB");
}

TEST_CASE("where another rule forbids anyway, a change is none", "[diff]") {
  const std::string forbid = "  - {id: F, effect: forbid, reason: r, when: {destination.country: {in: [CA]}}}\n";
  const std::string hold = "  - {id: H, effect: hold, reason: r, when: {destination.country: {in: [CA]}}}\n";
  CHECK(Diff(P(kAllow + forbid), P(kAllow + forbid + hold), kNow)->regions.empty());
  CHECK(Only(*Diff(P(kAllow + forbid), P(kAllow + hold), kNow)).substr(0, 40) ==
        "weaker; the destination's country is CA;");
}

TEST_CASE("a hold without any rule that allows is a denial", "[diff]") {
  const std::string hold = "  - {id: H, effect: hold, reason: r, when: {asset.tags: {has: x}}}\n";
  CHECK(Diff(P(hold), P(hold + "  - {id: G, effect: hold, reason: r, when: {asset.tags: {has: y}}}\n"), kNow)
            ->regions.empty());
}

std::string WithApprovals(const std::string& approvals) {
  return "  - {id: A, effect: allow, when: {}, require: {approvals: " + approvals + "}}\n";
}

TEST_CASE("approvals are compared by who would be enough", "[diff]") {
  const std::string two = "{all_of: [{id: q, count: 2, from: [group:a]}]}";
  const std::string teams = "{all_of: [{id: q, count: 2, from: [group:a]}], distinct: [team]}";
  const std::string either = "{all_of: [{id: q, count: 2, from: [group:a, group:b]}]}";
  const std::string split = "{all_of: [{id: q, count: 1, from: [group:a]}, {id: r, count: 1, from: [group:a]}]}";
  const std::string other = "{all_of: [{id: q, count: 2, from: [group:b]}]}";
  const std::string open = "{all_of: [{id: q, count: 2, from: [group:a]}], exclude: []}";
  const std::string longer = "{all_of: [{id: q, count: 2, from: [group:a]}], valid_for: 30d}";
  const std::string content =
      "{all_of: [{id: q, count: 2, from: [group:a]}], bind: [content, source, destination, policy, listing]}";
  const auto change = [](const std::string& before, const std::string& after) {
    const auto difference = Diff(P(WithApprovals(before)), P(WithApprovals(after)), kNow);
    return difference->regions.empty() ? "same" : std::string(ChangeName(difference->regions[0].change));
  };
  CHECK(change(two, "none") == "weaker");
  CHECK(change("none", two) == "stronger");
  CHECK(change(two, teams) == "stronger");
  CHECK(change(teams, two) == "weaker");
  CHECK(change(two, either) == "weaker");
  CHECK(change(two, split) == "same");
  CHECK(change(two, other) == "different");
  CHECK(change(two, open) == "weaker");
  CHECK(change(two, longer) == "weaker");
  CHECK(change(two, content) == "stronger");
  CHECK(Diff(P(WithApprovals("none")), P(WithApprovals(two)), kNow)->regions[0].how == "before, no approval is needed");
  const auto excluded = Diff(P(WithApprovals(two)), P(WithApprovals(open)), kNow);
  CHECK(excluded->regions[0].how == "approvals of group:a (the publisher) and group:a can be enough");
}

TEST_CASE("a rule's end divides the time", "[diff]") {
  const std::string hold = "  - {id: H, effect: hold, reason: r, until: \"2026-07-01T00:00:00Z\", when: {}}\n";
  CHECK(Only(*Diff(P(kAllow), P(kAllow + hold), kNow)) ==
        "stronger; the destination's country is CA or GB; the size is at most 5TiB; "
        "it is decided before 2026-07-01T00:00:00Z");
  CHECK(Diff(P(kAllow), P(kAllow + hold), kNow)->regions[0].how == "it was allowed and is held");
  const std::string over = "  - {id: H, effect: hold, reason: r, until: \"2026-06-01T00:00:00Z\", when: {}}\n";
  CHECK(Diff(P(kAllow), P(kAllow + over), kNow)->regions.empty());
}

TEST_CASE("policies of two clients are not compared", "[diff]") {
  Policy other = P(kAllow);
  other.client = "southlight";
  CHECK(Diff(P(kAllow), other, kNow).status().code() == absl::StatusCode::kInvalidArgument);
}

std::string WithHours(const std::string& window) {
  return "  - {id: A, effect: allow, when: {}, require: {approvals: none, window: {" + window +
         ", at_close: pause}}}\n";
}

TEST_CASE("hours are compared over the year to come, with an instant that shows it", "[diff]") {
  const std::string day = WithHours("clock: destination, days: [mon, tue, wed, thu, fri], hours: \"09:00-18:00\"");
  const std::string longer = WithHours("clock: destination, days: [mon, tue, wed, thu, fri], hours: \"09:00-19:00\"");
  const std::string saturday = WithHours("clock: destination, days: [mon, tue, wed, thu, sat], hours: \"09:00-18:00\"");
  CHECK(Diff(P(day), P(day), kNow)->regions.empty());
  const auto weaker = Diff(P(day), P(longer), kNow);
  CHECK(Only(*weaker) == "weaker");
  CHECK(weaker->regions[0].how == "it may run at other hours, as at 2026-06-05T18:00:00Z");
  const Region& region = weaker->regions[0];
  CHECK(Evaluate(P(day), region.witness, {}, region.when).verdict == Verdict::kHold);
  CHECK(Evaluate(P(longer), region.witness, {}, region.when).verdict == Verdict::kAllow);
  CHECK(Only(*Diff(P(longer), P(day), kNow)) == "stronger");
  CHECK(Only(*Diff(P(day), P(saturday), kNow)) == "different");
  const std::string none = "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n";
  CHECK(Only(*Diff(P(day), P(none), kNow)) == "weaker");
  CHECK(Diff(P(day), P(none), kNow)->asked_before == std::vector<std::string>{"destination.zone"});
  const std::string elsewhere = WithHours("clock: Asia/Tokyo, days: [mon, tue, wed, thu, fri], hours: \"09:00-18:00\"");
  CHECK(Only(*Diff(P(day), P(elsewhere), kNow)) == "uncertain");
}

TEST_CASE("a rule that another one replaces is not due beside it", "[diff]") {
  const std::string two = WithApprovals("{all_of: [{id: q, count: 2, from: [group:a]}]}");
  const std::string one =
      "  - {id: B, effect: allow, when: {asset.type: {in: [playblast]}}, require: {approvals: {all_of: [{id: r, count: "
      "1, "
      "from: [group:a]}]}}";
  CHECK(Only(*Diff(P(two), P(two + one + ", replaces: A}\n"), kNow)) == "weaker; the asset's type is playblast");
  CHECK(Only(*Diff(P(two), P(two + one + "}\n"), kNow)) == "stronger; the asset's type is playblast");
}

}  // namespace
}  // namespace crossdock::policy
