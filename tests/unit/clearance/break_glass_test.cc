// What two persons let through in an emergency, as orchestrator and agents decide it.
#include <array>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/clearance/clearance.h"
#include "lib/policy/break_glass.h"
#include "lib/policy/parse.h"
#include "lib/trust/reasons.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::clearance {
namespace {

using namespace trust;  // NOLINT: the examples
using policy::Verdict;

const base::Instant kNow = At("2026-11-20T12:00:00Z");

constexpr std::string_view kPolicy = R"yaml(schema: crossdock/policy/v1
id: northlight
title: "Confidential work needs production; two countries are out"
applies_to: {client: northlight}
valid: {from: 2026-01-01, review_by: 2027-12-31}
break_glass: {from: [group:show-production, group:content-security], notify: [client:northlight/desk]}
rules:
  - {id: N-01, effect: forbid, strength: absolute, reason: "Contract", when: {asset.tags: {any_of: [never]}}}
  - {id: N-02, effect: forbid, reason: "Embargo", when: {asset.tags: {any_of: [ep08]}}}
  - id: N-20
    effect: allow
    when: {asset.classification: {at_most: confidential}}
    require:
      approvals: {all_of: [{id: production, count: 1, from: [group:show-production]}], exclude: [], bind: [content]}
)yaml";

VerifiedLayers Verified() {
  const std::string text(kPolicy);
  const policy::Policy policy = *policy::Parse(text, "test");
  const PolicyActivation activation{"northlight", 3, policy.digest, At("2026-11-20T10:00:00Z"), "olga"};
  const std::vector<SignedPolicy> layers{{text, SignedStatement::Sign(*Encode(activation), TestKey("olga")).Format()}};
  return *VerifyLayers(layers, ExampleRoster(), NothingSeen(), kNow);
}

Request ExampleRequest(std::vector<std::string> tags = {"ep08"}) {
  Request request;
  request.transfer = "tr-0123456789abcdef";
  request.source = {"lon", "proj", "northlight/ep07/sh010"};
  request.destination = {"van", "proj", "northlight/ep07/sh010"};
  request.measured = {TestDigest("listing"), "", 240, 12'000'000'000};
  request.asserted.values["asset.classification"] = policy::Fact("confidential");
  request.asserted.values["asset.tags"] = policy::Fact(std::move(tags));
  return request;
}

Clearance Decided(const Request& request, base::Instant now = kNow) {
  const absl::StatusOr<Clearance> clearance = Decide(request, Verified(), ExampleRoster(), now);
  INFO(clearance.status());
  REQUIRE(clearance.ok());
  return *clearance;
}

template <typename Change>
Request Broken(Request request, Change change) {
  BreakGlass glass = BreakGlassFor(Decided(request).binding);
  glass.reason = "due at six";
  glass.not_before = kNow;
  glass.not_after = kNow + std::chrono::hours(2);
  glass.first = "paula";
  glass.second = "raj";
  glass.nonce = "0123456789abcdef";
  change(glass);
  const std::array keys{TestKey("paula"), TestKey("raj")};
  request.break_glass = SignedStatement::Sign(*Encode(glass), keys).Format();
  return request;
}
Request Broken(Request request) {
  return Broken(std::move(request), [](BreakGlass&) {});
}

TEST_CASE("what is forbidden and waits for an approval goes under break-glass, until that ends") {
  CHECK(Decided(ExampleRequest()).verdict == Verdict::kDeny);
  const Request request = Broken(ExampleRequest());
  const Clearance clearance = Decided(request);
  CHECK(clearance.verdict == Verdict::kAllow);
  CHECK(ToStatus(clearance).ok());
  REQUIRE(clearance.break_glass);
  CHECK(clearance.break_glass->second.person == "raj");
  CHECK(clearance.until == kNow + std::chrono::hours(2));
  CHECK(clearance.decision.lifted.size() == 2);
  CHECK(clearance.decision.obligations.notify.contains("client:northlight/desk"));
  CHECK_FALSE(clearance.decision.bind_content);
  const Clearance over = Decided(request, kNow + std::chrono::hours(2));
  CHECK(over.verdict == Verdict::kDeny);
  CHECK(over.break_glass_refused->reason == kBreakGlassExpired);
}

TEST_CASE("T-27: what is forbidden absolutely does not go, and the refusal says why") {
  const Clearance clearance = Decided(Broken(ExampleRequest({"ep08", "never"})));
  CHECK(clearance.verdict == Verdict::kDeny);
  CHECK_FALSE(clearance.break_glass);
  REQUIRE(clearance.break_glass_refused);
  CHECK(clearance.break_glass_refused->reason == policy::kBreakGlassAbsolute);
  CHECK(base::ReasonOf(ToStatus(clearance)) == kClearanceDenied);
  CHECK_THAT(std::string(ToStatus(clearance).message()), Catch::Matchers::Contains("BREAK_GLASS_ABSOLUTE"));
}

TEST_CASE("what it names must still be what would move, and what it was lifted from must still be the policy") {
  const Request broken = Broken(ExampleRequest());
  const auto reason = [&](auto change) {
    Request request = broken;
    change(request);
    const Clearance clearance = Decided(request);
    CHECK(clearance.verdict == Verdict::kDeny);
    return clearance.break_glass_refused ? clearance.break_glass_refused->reason : "";
  };
  CHECK(reason([](Request& r) { r.measured.listing = TestDigest("one frame more"); }) == kListingChanged);
  CHECK(reason([](Request& r) { r.transfer = "tr-another"; }) == kTransferMismatch);
  CHECK(reason([](Request& r) { r.destination.site = "lon"; }) == kDestinationChanged);
  CHECK(reason([](Request& r) { r.break_glass = "nonsense"; }) == kStatementMalformed);
  CHECK(Decided(Broken(ExampleRequest(), [](BreakGlass& g) {
          g.policy = TestDigest("other");
        })).break_glass_refused->reason == kPolicyChanged);
  // The content is not hashed for it, and nothing waits until it is.
  Request hashed = broken;
  hashed.measured.content = TestDigest("content");
  CHECK(Decided(hashed).verdict == Verdict::kAllow);
}

TEST_CASE("a no of an approver stands in an emergency too") {
  Request request = ExampleRequest({});
  DenialStatement no = ExampleDenial();
  const Binding binding = Decided(request).binding;
  no.content.clear();
  no.policy = binding.policy;
  no.denied = kNow;
  request.approvals = {SignedStatement::Sign(*Encode(no), TestKey("paula")).Format()};
  REQUIRE(Decided(request).verdict == Verdict::kDeny);
  const Clearance clearance = Decided(Broken(request));
  CHECK(clearance.verdict == Verdict::kDeny);
  CHECK(clearance.break_glass_refused->reason == policy::kBreakGlassCannotLift);
}

TEST_CASE("a no to content that is not hashed again yet stands in an emergency too") {
  Request request = ExampleRequest({});
  request.measured.content = TestDigest("content");
  const Binding binding = Decided(request).binding;
  REQUIRE(binding.content == TestDigest("content"));
  DenialStatement no = ExampleDenial();
  no.content = binding.content;
  no.policy = binding.policy;
  no.denied = kNow;
  request.approvals = {SignedStatement::Sign(*Encode(no), TestKey("paula")).Format()};
  REQUIRE(Decided(request).verdict == Verdict::kDeny);
  request.measured.content.clear();  // a retry, or an orchestrator that says so
  const Clearance clearance = Decided(Broken(request));
  CHECK(clearance.verdict != Verdict::kAllow);
  REQUIRE(clearance.break_glass_refused);
  CHECK(clearance.break_glass_refused->reason == policy::kBreakGlassCannotLift);
  // Somebody's no to another content is no longer one to this.
  request.measured.content = TestDigest("other content");
  CHECK(Decided(Broken(request)).verdict == Verdict::kAllow);
}

TEST_CASE("where an approval suffices, a break-glass beside it changes nothing") {
  Request request = ExampleRequest({});
  request.measured.content = TestDigest("content");
  ApprovalStatement yes = ApprovalFor(Decided(request).binding, "production");
  yes.decision = ApprovalDecision::kApprove;
  yes.not_before = kNow;
  yes.not_after = kNow + std::chrono::hours(48);
  yes.approver = "paula";
  yes.nonce = "0011223344556677";
  request.approvals = {SignedStatement::Sign(*Encode(yes), TestKey("paula")).Format()};
  const Clearance clearance = Decided(Broken(request));
  CHECK(clearance.verdict == Verdict::kAllow);
  CHECK_FALSE(clearance.break_glass);
  CHECK(clearance.decision.lifted.empty());
  CHECK(clearance.until == yes.not_after);
}

}  // namespace
}  // namespace crossdock::clearance
