#include "lib/clearance/clearance.h"

#include "catch2/catch.hpp"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
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
title: "Confidential work needs production and security"
applies_to: {client: northlight}
valid: {from: 2026-01-01, review_by: 2027-12-31}
rules:
  - id: N-01
    effect: forbid
    strength: absolute
    reason: "Contract schedule 4"
    when: {destination.country: {in: [XA]}}
  - id: N-10
    effect: allow
    title: "Work in progress"
    when:
      destination.site: {in: [lon, van]}
      destination.certifications: {has: tpn-gold, valid_on: decision}
      asset.classification: {at_most: internal}
      transfer.bytes: {at_most: 5TiB}
    require: {approvals: none}
  - id: N-20
    effect: allow
    title: "Confidential work"
    when:
      destination.site: {in: [lon, van]}
      asset.classification: {in: [confidential]}
    require:
      approvals:
        all_of:
          - {id: production, count: 1, from: [group:show-production]}
          - {id: security, count: 1, from: [group:content-security]}
        distinct: [person, team]
        exclude: [requester, asset_publisher]
        valid_for: 72h
        bind: [listing, source, destination, policy]
fixture: {client: northlight, source.site: lon, destination.site: van, destination.country: CA,
          destination.certifications: [{id: tpn-gold, valid_until: 2027-06-30}], asset.classification: internal,
          asset.publisher: ana, requester: pete, transfer.bytes: 2GiB, now: "2026-11-20T12:00:00Z"}
tests:
  - {name: "work in progress goes", expect: allow}
)yaml";

std::string ContentPolicy() { return Replaced(std::string(kPolicy), "bind: [listing,", "bind: [content,"); }

std::string Activate(const std::string& text, std::string_view officer = "olga") {
  const policy::Policy policy = *policy::Parse(text, "test");
  PolicyActivation activation{policy::ScopeKey(policy.scope()), 3, policy.digest, At("2026-11-20T10:00:00Z"),
                              std::string(officer)};
  return SignedStatement::Sign(*Encode(activation), TestKey(officer)).Format();
}

VerifiedLayers Verified(const std::vector<std::string>& texts) {
  std::vector<SignedPolicy> layers;
  for (const std::string& text : texts) layers.push_back({text, Activate(text)});
  return *VerifyLayers(layers, ExampleRoster(), NothingSeen(), kNow);
}
VerifiedLayers Verified(const std::string& text = std::string(kPolicy)) { return Verified(std::vector{text}); }

Request ExampleRequest(const char* classification = "confidential") {
  Request request;
  request.transfer = "tr-0123456789abcdef";
  request.source = {"lon", "proj", "northlight/ep07/sh010"};
  request.destination = {"van", "proj", "northlight/ep07/sh010"};
  request.measured = {TestDigest("listing"), TestDigest("content"), 240, 12'000'000'000};
  request.asserted.values["asset.classification"] = policy::Fact(classification);
  request.asserted.values["asset.publisher"] = policy::Fact("ana");
  request.asserted.values["requester"] = policy::Fact("pete");
  return request;
}

// The approval of `person` for what `request` asks now, then bent by `change`.
template <typename Change>
std::string Approve(const Request& request, std::string_view person, std::string_view requirement, Change change,
                    const VerifiedLayers& policy = Verified()) {
  const Clearance clearance = *Decide(request, policy, ExampleRoster(), kNow);
  ApprovalStatement statement = ApprovalFor(clearance.binding, requirement);
  statement.decision = ApprovalDecision::kApprove;
  statement.not_before = At("2026-11-20T11:00:00Z");
  statement.not_after = At("2026-11-22T11:00:00Z");
  statement.approver = std::string(person);
  statement.nonce = "0011223344556677";
  change(statement);
  return SignedStatement::Sign(*Encode(statement), TestKey(person)).Format();
}

std::string Approve(const Request& request, std::string_view person, std::string_view requirement) {
  return Approve(request, person, requirement, [](ApprovalStatement&) {});
}

Request Approved() {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "paula", "production"), Approve(request, "raj", "security")};
  return request;
}

Verdict VerdictOf(const Request& request) { return Decide(request, Verified(), ExampleRoster(), kNow)->verdict; }

std::string Refusal(const Request& request, const Roster& roster = ExampleRoster()) {
  return base::ReasonOf(Decide(request, Verified(), roster, kNow).status());
}

// The reason for which the only approval of `request` does not count.
std::string Rejection(const Request& request, base::Instant now = kNow) {
  const absl::StatusOr<Clearance> clearance = Decide(request, Verified(), ExampleRoster(), now);
  REQUIRE(clearance.ok());
  CHECK(clearance->verdict == Verdict::kNeedsApprovals);
  REQUIRE(clearance->rejected.size() == 1);
  return clearance->rejected[0].reason;
}

TEST_CASE("work in progress goes at once, confidential work with both approvals") {
  CHECK(VerdictOf(ExampleRequest("internal")) == Verdict::kAllow);
  CHECK(VerdictOf(ExampleRequest()) == Verdict::kNeedsApprovals);
  const absl::StatusOr<Clearance> clearance = Decide(Approved(), Verified(), ExampleRoster(), kNow);
  CHECK(clearance->verdict == Verdict::kAllow);
  CHECK(clearance->accepted.size() == 2);
  CHECK(clearance->roster_number == 7);
  CHECK(clearance->policy_number == 3);
  CHECK(ToStatus(*clearance).ok());
}

TEST_CASE("T-23: whoever asked or published cannot approve, under whatever name or account they did") {
  const std::string body =
      base::StrCat(ExampleRosterBody(), "people: [{person: paula, names: [Paula P, paula-laptop], sign_in: [{issuer: ",
                   "\"https://id.example\", user: pp}]}]\n");
  const Roster roster = *Roster::Parse(body, "test");
  const auto verdict = [&](std::string_view fact, std::string_view name) {
    Request request = Approved();
    request.asserted.values[std::string(fact)] = policy::Fact(std::string(name));
    return Decide(request, Verified(), roster, kNow)->verdict;
  };
  CHECK(verdict("requester", "user:pete-of-nobody") == Verdict::kHold);
  CHECK(verdict("requester", "user:https://id.example#pete") == Verdict::kHold);
  CHECK(verdict("requester", "user:sam") == Verdict::kAllow);
  CHECK(verdict("requester", "token:hook") == Verdict::kAllow);
  for (const char* name : {"user:paula", "user:paula-laptop", "user:https://id.example#pp", "paula", "Paula P"}) {
    INFO(name);
    CHECK(verdict("requester", name) == Verdict::kNeedsApprovals);
  }
  CHECK(verdict("asset.publisher", "ana") == Verdict::kAllow);
  for (const char* name : {"paula", "PAULA P", "paula-laptop"}) {
    INFO(name);
    CHECK(verdict("asset.publisher", name) == Verdict::kNeedsApprovals);
  }
}

TEST_CASE("one approval of two leaves the other open, and the refusal says so") {
  Request request = Approved();
  request.approvals.pop_back();
  const absl::StatusOr<Clearance> clearance = Decide(request, Verified(), ExampleRoster(), kNow);
  REQUIRE(clearance->decision.open.size() == 1);
  CHECK(clearance->decision.open[0].id == "security");
  CHECK(base::ReasonOf(ToStatus(*clearance)) == kClearanceNeedsApprovals);
  CHECK(base::ReasonOf(ToStatus(*Decide(ExampleRequest("restricted"), Verified(), ExampleRoster(), kNow))) ==
        kClearanceDenied);
}

TEST_CASE("a forged approval does not count") {
  Request request = ExampleRequest();
  request.approvals = {Replaced(Approve(request, "paula", "production"), "decision: approve", "decision: deny")};
  CHECK(Rejection(request) == kSignatureInvalid);
}

TEST_CASE("an approval by an unknown key does not count, whoever it names") {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "eve", "production", [](auto& s) { s.approver = "paula"; })};
  CHECK(Rejection(request) == kApproverUnknown);
}

TEST_CASE("an approver cannot sign in the name of another") {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "raj", "production", [](auto& s) { s.approver = "paula"; })};
  CHECK(Rejection(request) == kApproverMismatch);
}

TEST_CASE("a person fills only a requirement that takes their group, and only one") {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "paula", "production"), Approve(request, "paula", "security")};
  CHECK(VerdictOf(request) == Verdict::kNeedsApprovals);
}

TEST_CASE("an approval of another listing, destination, policy or transfer does not count") {
  const auto rejection = [](auto change) {
    Request request = ExampleRequest();
    request.approvals = {Approve(request, "paula", "production", change)};
    return Rejection(request);
  };
  CHECK(rejection([](auto& s) { s.listing = TestDigest("other"); }) == kListingChanged);
  CHECK(rejection([](auto& s) { s.destination = "lon/proj"; }) == kDestinationChanged);
  CHECK(rejection([](auto& s) { s.policy = TestDigest("other"); }) == kPolicyChanged);
  CHECK(rejection([](auto& s) { s.transfer = "tr-fedcba9876543210"; }) == kTransferMismatch);
  CHECK(rejection([](auto& s) { s.classification = "internal"; }) == kClassificationChanged);
}

TEST_CASE("approvals are dismissed when what would move changes under them") {
  const Request approved = Approved();
  const auto verdict = [&](auto change) {
    Request request = approved;
    change(request);
    return VerdictOf(request);
  };
  CHECK(verdict([](Request&) {}) == Verdict::kAllow);
  CHECK(verdict([](Request& r) { r.measured.listing = TestDigest("one frame more"); }) == Verdict::kNeedsApprovals);
  CHECK(verdict([](Request& r) { ++r.measured.bytes; }) == Verdict::kNeedsApprovals);
  CHECK(verdict([](Request& r) { ++r.measured.files; }) == Verdict::kNeedsApprovals);
  CHECK(verdict([](Request& r) { r.transfer = "tr-fedcba9876543210"; }) == Verdict::kNeedsApprovals);
  CHECK(verdict([](Request& r) { r.destination.site = "lon"; }) == Verdict::kNeedsApprovals);
}

TEST_CASE("an expired approval does not count") {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "paula", "production")};
  CHECK(Rejection(request, At("2026-11-22T11:00:00Z")) == kApprovalExpired);
}

TEST_CASE("a denial by an approver ends it") {
  Request request = Approved();
  request.approvals.push_back(
      Approve(ExampleRequest(), "raj", "security", [](auto& s) { s.decision = ApprovalDecision::kDeny; }));
  CHECK(VerdictOf(request) == Verdict::kDeny);
}

TEST_CASE("a no stands beside any number of later approvals, also when the approvals' time is long over") {
  Request request = ExampleRequest();
  DenialStatement denial;
  const trust::Binding binding = Decide(request, Verified(), ExampleRoster(), kNow)->binding;
  denial.transfer = binding.transfer;
  denial.client = binding.client;
  denial.project = binding.project;
  denial.listing = binding.listing;
  denial.files = binding.files;
  denial.bytes = binding.bytes;
  denial.source = binding.source;
  denial.destination = binding.destination;
  denial.classification = binding.classification;
  denial.policy = binding.policy;
  denial.requirement = "security";
  denial.reason = "not before the trailer";
  denial.denied = At("2026-10-01T11:00:00Z");
  denial.approver = "raj";
  denial.nonce = "8899aabbccddeeff";
  request.approvals = Approved().approvals;
  request.approvals.insert(request.approvals.begin(), SignedStatement::Sign(*Encode(denial), TestKey("raj")).Format());
  const Clearance clearance = *Decide(request, Verified(), ExampleRoster(), kNow);
  CHECK(clearance.verdict == Verdict::kDeny);
  REQUIRE(clearance.decision.denied.has_value());
  CHECK(clearance.decision.denied->person == "raj");
  CHECK(clearance.accepted[0].reason == "not before the trailer");
  // Of another package, it says nothing.
  request.measured.listing = TestDigest("one frame more");
  CHECK(Decide(request, Verified(), ExampleRoster(), kNow)->verdict == Verdict::kNeedsApprovals);
}

TEST_CASE("an approval that its approver took back does not count, whoever brings it along") {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "paula", "production")};
  const std::string digest = *ApprovalDigest(request.approvals[0]);
  request.withdrawn = {{digest, "paula"}};
  CHECK(Rejection(request) == kApprovalWithdrawn);
  // Another person's word takes nothing of Paula's back, nor does the word about another approval.
  request.withdrawn = {{digest, "raj"}, {TestDigest("another"), "paula"}};
  CHECK(Decide(request, Verified(), ExampleRoster(), kNow)->accepted.size() == 1);
  Request both = Approved();
  CHECK(VerdictOf(both) == Verdict::kAllow);
  both.withdrawn = {{*ApprovalDigest(both.approvals[1]), "raj"}};
  const Clearance clearance = *Decide(both, Verified(), ExampleRoster(), kNow);
  CHECK(clearance.verdict == Verdict::kNeedsApprovals);
  CHECK(base::ToStd(ToStatus(clearance).message()).find("APPROVAL_WITHDRAWN") != std::string::npos);
}

// Raj's roster entry says security; these say that he may sign as Paula would, who is production's.
template <typename Change>
std::string Delegated(Change change, std::string_view signer = "paula") {
  Delegation delegation = ExampleDelegation();
  change(delegation);
  return SignedStatement::Sign(*Encode(delegation), TestKey(signer)).Format();
}

TEST_CASE("who stands in fills what the other could fill, for the client and the time that were signed") {
  const auto have = [](const std::vector<std::string>& delegations, base::Instant now = kNow) {
    Request request = ExampleRequest();
    request.approvals = {Approve(request, "raj", "production")};
    request.delegations = delegations;
    const Clearance clearance = *Decide(request, Verified(), ExampleRoster(), now);
    CHECK(clearance.verdict == Verdict::kNeedsApprovals);  // security is open in any case
    return clearance.decision.satisfied.size();
  };
  CHECK(have({}) == 0);
  CHECK(have({Delegated([](Delegation&) {})}) == 1);
  CHECK(have({Delegated([](Delegation& d) { d.client.clear(); })}) == 1);
  CHECK(have({Delegated([](Delegation& d) { d.client = "another"; })}) == 0);
  // Given before the delegation began; decided after it has ended.
  CHECK(have({Delegated([](Delegation& d) { d.not_before = At("2026-11-20T11:00:01Z"); })}) == 0);
  CHECK(have({Delegated([](Delegation& d) { d.not_after = At("2026-11-20T12:00:00Z"); })}) == 0);
  CHECK(have({Delegated([](Delegation& d) { d.not_after = At("2026-11-20T12:00:01Z"); })}) == 1);
  // By whoever cannot hand on production's place.
  CHECK(have({Delegated(
            [](Delegation& d) {
              d.approver = "raj";
              d.delegate = "paula";
            },
            "raj")}) == 0);
  CHECK(have({Delegated([](Delegation&) {}, "eve"), "nonsense"}) == 0);
}

TEST_CASE("who stands in for another is still one person, and cannot fill their own requirement besides") {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "raj", "production"), Approve(request, "raj", "security")};
  request.delegations = {Delegated([](Delegation&) {})};
  CHECK(VerdictOf(request) == Verdict::kNeedsApprovals);
}

TEST_CASE("nobody hands on what was handed to them") {
  // Paula's place goes to Raj, and Raj's to Zoe: Zoe has Raj's standing, not Paula's.
  const Roster roster =
      *Roster::Parse(Replaced(ExampleRosterBody(), "paths:\n",
                              base::StrCat("  - {person: zoe, team: x, organisation: y, groups: [], keys: [\"",
                                           KeyText("zoe"), "\"]}\npaths:\n")),
                     "test");
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "zoe", "production")};
  request.delegations = {Delegated([](Delegation&) {}), Delegated(
                                                            [](Delegation& d) {
                                                              d.approver = "raj";
                                                              d.delegate = "zoe";
                                                            },
                                                            "raj")};
  const Clearance clearance = *Decide(request, Verified(), roster, kNow);
  CHECK(clearance.delegations.size() == 2);
  CHECK(clearance.decision.satisfied.empty());
  request.approvals = {Approve(request, "zoe", "security")};
  CHECK(Decide(request, Verified(), roster, kNow)->decision.satisfied.size() == 1);
}

TEST_CASE("nobody stands in by a delegation that was seen ended by whose place it is") {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "raj", "production")};
  const std::string first = Delegated([](Delegation&) {});
  const std::string second = Delegated([](Delegation& d) { d.nonce = "7766554433221100"; });
  const auto filled = [&] { return Decide(request, Verified(), ExampleRoster(), kNow)->decision.satisfied.size(); };
  request.delegations = {first};
  CHECK(filled() == 1);
  request.ended = {{*ApprovalDigest(first), "raj"}, {*ApprovalDigest(second), "paula"}};
  CHECK(filled() == 1);  // in another's name, and of another one
  request.ended.insert({*ApprovalDigest(first), "paula"});
  CHECK(filled() == 0);
  request.ended = {{*ApprovalDigest(first), "paula"}};
  request.delegations = {first, second};
  CHECK(filled() == 1);
}

TEST_CASE("a verdict that rests on a delegation is good until that ends") {
  Request request = ExampleRequest();
  request.delegations = {Delegated([](Delegation& d) { d.not_after = At("2026-11-20T12:30:00Z"); })};
  request.approvals = {Approve(request, "raj", "production")};
  CHECK(Decide(request, Verified(), ExampleRoster(), kNow)->until == At("2026-11-20T12:30:00Z"));
}

TEST_CASE("a no is not taken back") {
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "raj", "security", [](auto& s) { s.decision = ApprovalDecision::kDeny; })};
  request.withdrawn = {{*ApprovalDigest(request.approvals[0]), "raj"}};
  CHECK(VerdictOf(request) == Verdict::kDeny);
}

TEST_CASE("a verdict says until when it is good: for the shortest approval, and no longer than the roster") {
  CHECK(Decide(Approved(), Verified(), ExampleRoster(), kNow)->until == At("2026-11-22T11:00:00Z"));
  Request request = ExampleRequest();
  request.approvals = {
      Approve(request, "paula", "production", [](auto& s) { s.not_after = At("2026-11-20T13:00:00Z"); })};
  CHECK(Decide(request, Verified(), ExampleRoster(), kNow)->until == At("2026-11-20T13:00:00Z"));
  const Roster short_lived =
      *Roster::Parse(Replaced(ExampleRosterBody(), "expires: \"2027-11-20", "expires: \"2026-11-21"), "test");
  CHECK(Decide(Approved(), Verified(), short_lived, kNow)->until == At("2026-11-21T00:00:00Z"));
}

TEST_CASE("a swapped policy is refused") {
  const std::string weaker = Replaced(std::string(kPolicy), "{in: [confidential]}", "{at_least: public}");
  const std::string activation = Activate(std::string(kPolicy));
  const auto verify = [&](const std::string& text, const std::string& statement, std::optional<Seen> seen = {}) {
    const std::vector<SignedPolicy> layers = {{text, statement}};
    const SeenPolicy seen_policy = [&](const std::string&) { return seen; };
    return base::ReasonOf(VerifyLayers(layers, ExampleRoster(), seen_policy, kNow).status());
  };
  CHECK(verify(std::string(kPolicy), activation).empty());
  CHECK(verify(weaker, activation) == kPolicyNotActive);
  CHECK(verify(weaker, Activate(weaker, "sam")) == kOfficerUnknown);
  CHECK(verify(std::string(kPolicy), activation, Seen{4, TestDigest("later")}) == kPolicyTooOld);
  CHECK(verify("nonsense", activation) == kPolicyInvalid);
}

TEST_CASE("a relabelled destination changes nothing: the verifier's own roster says where it is") {
  Request request = ExampleRequest("internal");
  request.asserted.values["destination.country"] = policy::Fact("GB");
  request.asserted.values["destination.site"] = policy::Fact("lon");
  request.asserted.values["transfer.bytes"] = policy::Fact(policy::FactValue(int64_t{1}));
  const Clearance clearance = *Decide(request, Verified(), ExampleRoster(), kNow);
  CHECK(policy::FormatFactValue(clearance.facts.Find("destination.country")->value) == "CA");
  CHECK(policy::FormatFactValue(clearance.facts.Find("destination.site")->value) == "van");
  CHECK(policy::FormatFactValue(clearance.facts.Find("transfer.path")->value) == "northlight/ep07/sh010");
  CHECK(std::get<int64_t>(clearance.facts.Find("transfer.bytes")->value) == 12'000'000'000);
  const Roster abroad = *Roster::Parse(Replaced(ExampleRosterBody(), "country: CA", "country: XA"), "test");
  CHECK(Decide(request, Verified(), abroad, kNow)->verdict == Verdict::kDeny);
}

TEST_CASE("a site's zone is the roster's, and unknown where the roster does not say it") {
  Request request = ExampleRequest("internal");
  request.asserted.values["destination.zone"] = policy::Fact("Asia/Tokyo");
  CHECK(Decide(request, Verified(), ExampleRoster(), kNow)->facts.Find("destination.zone") == nullptr);
  const Roster zoned =
      *Roster::Parse(Replaced(ExampleRosterBody(), "country: CA", "country: CA, zone: America/Vancouver"), "test");
  const Clearance clearance = *Decide(request, Verified(), zoned, kNow);
  CHECK(policy::FormatFactValue(clearance.facts.Find("destination.zone")->value) == "America/Vancouver");
}

TEST_CASE("a certification that has run out no longer helps") {
  const Roster roster =
      *Roster::Parse(Replaced(ExampleRosterBody(), "country: CA, certifications: [{id: tpn-gold, valid_until: \"2027",
                              "country: CA, certifications: [{id: tpn-gold, valid_until: \"2025"),
                     "test");
  CHECK(Decide(ExampleRequest("internal"), Verified(), roster, kNow)->verdict != Verdict::kAllow);
}

TEST_CASE("what is not mapped, or is another client's, is not sent") {
  const auto refusal = [](auto change) {
    Request request = ExampleRequest("internal");
    change(request);
    return Refusal(request);
  };
  CHECK(refusal([](Request&) {}).empty());
  CHECK(refusal([](Request& r) { r.source.path = "elsewhere/x"; }) == kPathNotMapped);
  CHECK(refusal([](Request& r) { r.source.path = "northlight/../shared/x"; }) == kPathNotMapped);
  CHECK(refusal([](Request& r) { r.destination.path = "elsewhere/x"; }) == kPathNotMapped);
  CHECK(refusal([](Request& r) { r.destination.path = "shared/lut"; }) == kPathOfOtherClient);
  CHECK(refusal([](Request& r) { r.asserted.values["asset.client"] = policy::Fact("studio"); }) == kPathOfOtherClient);
  CHECK(refusal([](Request& r) { r.asserted.values["asset.project"] = policy::Fact("lib"); }) == kPathOfOtherClient);
  CHECK(refusal([](Request& r) { r.source.path = r.destination.path = "shared/lut"; }) == kPolicyOfOtherClient);
  CHECK(refusal([](Request& r) { r.source.site = "mtl"; }) == kSiteUnknown);
}

TEST_CASE("one project's files do not land in another project's folder") {
  const Roster roster = *Roster::Parse(
      Replaced(ExampleRosterBody(), "client: studio, project: lib", "client: northlight, project: lib"), "test");
  Request request = ExampleRequest("internal");
  request.destination.path = "shared/lut";
  CHECK(Refusal(request, roster) == kPathOfOtherClient);
}

TEST_CASE("the asset database cannot make less of a file than the path map does") {
  Request request = ExampleRequest("public");
  CHECK(Refusal(request) == kClassificationBelowMap);
  request.asserted.values.erase("asset.classification");
  CHECK(Decide(request, Verified(), ExampleRoster(), kNow)->binding.classification == "internal");
  request.asserted.values["asset.classification"] = policy::Fact("harmless");
  CHECK(Refusal(request) == kClassificationBelowMap);
  request.asserted.values["asset.classification"] = policy::Fact(policy::FactValue(int64_t{0}));
  CHECK(Refusal(request) == kClearanceInvalid);
}

TEST_CASE("content does not come to rest where the next transfer would think less of it") {
  Request request = ExampleRequest("secret");
  request.source.path = "northlight/ep08/sh010";
  CHECK(Refusal(request) == kClassificationBelowSource);
  request.destination.path = "northlight/ep08/sh010";
  CHECK(Refusal(request).empty());
}

TEST_CASE("an expired roster decides nothing") {
  const absl::Status status =
      Decide(ExampleRequest("internal"), Verified(), ExampleRoster(), At("2027-11-20T00:00:00Z")).status();
  CHECK(base::ReasonOf(status) == kRosterExpired);
}

TEST_CASE("a question without a listing or with too many answers is refused") {
  Request request = ExampleRequest("internal");
  request.approvals.assign(kApprovalsMax + 1, "x");
  CHECK(Refusal(request) == kClearanceInvalid);
  request.approvals.pop_back();
  CHECK(Refusal(request).empty());
  request.measured.listing.clear();
  CHECK(Refusal(request) == kClearanceInvalid);
}

TEST_CASE("a policy that binds content wants the content root named, and hashed") {
  const VerifiedLayers policy = Verified(ContentPolicy());
  const auto none = [](ApprovalStatement&) {};
  Request request = ExampleRequest();
  request.approvals = {Approve(request, "paula", "production", none, policy),
                       Approve(request, "raj", "security", none, policy)};
  const auto decide = [&](const Request& r) { return *Decide(r, policy, ExampleRoster(), kNow); };
  CHECK(decide(request).verdict == Verdict::kAllow);

  Request other = request;
  other.measured.content = TestDigest("other content");
  CHECK(decide(other).rejected[0].reason == kContentChanged);

  Request listing_only = ExampleRequest();
  const auto without = [](ApprovalStatement& s) { s.content.clear(); };
  listing_only.approvals = {Approve(request, "paula", "production", without, policy),
                            Approve(request, "raj", "security", without, policy)};
  CHECK(decide(listing_only).rejected[0].reason == kContentNotBound);

  // Nothing hashed yet: even a statement that names no content fills nothing.
  listing_only.measured.content.clear();
  CHECK(decide(listing_only).verdict == Verdict::kNeedsApprovals);
}

std::string StudioPolicy() {
  return "schema: crossdock/policy/v1\nid: studio\ntitle: \"The house's own rules\"\napplies_to: {studio: true}\n"
         "valid: {from: 2026-01-01, review_by: 2027-12-31}\nrules:\n"
         "  - {id: S-1, effect: forbid, reason: \"too large\", when: {transfer.files: {at_least: 1000}}}\n"
         "  - {id: S-2, effect: allow, when: {}, require: {approvals: none}}\n";
}

TEST_CASE("the studio's layer can only tighten, and approvals are bound to all layers") {
  const VerifiedLayers both = Verified({StudioPolicy(), std::string(kPolicy)});
  CHECK(Decide(ExampleRequest("internal"), both, ExampleRoster(), kNow)->verdict == Verdict::kAllow);
  Request large = ExampleRequest("internal");
  large.measured.files = 1000;
  CHECK(Decide(large, Verified(), ExampleRoster(), kNow)->verdict == Verdict::kAllow);
  CHECK(Decide(large, both, ExampleRoster(), kNow)->verdict == Verdict::kDeny);
  // Given before the studio had rules of its own: void.
  const Clearance clearance = *Decide(Approved(), both, ExampleRoster(), kNow);
  CHECK(clearance.verdict == Verdict::kNeedsApprovals);
  REQUIRE(clearance.rejected.size() == 2);
  CHECK(clearance.rejected[0].reason == kPolicyChanged);
  CHECK(clearance.policy_number == 3);
}

TEST_CASE("the studio's layer alone allows nothing") {
  const VerifiedLayers studio = Verified(std::vector{StudioPolicy()});
  CHECK(Decide(ExampleRequest("internal"), studio, ExampleRoster(), kNow)->verdict == Verdict::kDeny);
}

TEST_CASE("a layer of another show is refused before any rule is asked") {
  const std::string show = Replaced(StudioPolicy(), "{studio: true}", "{client: northlight, show: elsewhere}");
  const auto clearance =
      Decide(ExampleRequest("internal"), Verified({std::string(kPolicy), show}), ExampleRoster(), kNow);
  CHECK(base::ReasonOf(clearance.status()) == kPolicyOfOtherClient);
}

TEST_CASE("a layer that was seen once cannot be held back") {
  const auto check = [](const VerifiedLayers& layers, const std::string& known) {
    const SeenPolicy seen = [&](const std::string& scope) {
      return scope == known ? std::optional(Seen{1, TestDigest("x")}) : std::nullopt;
    };
    const Clearance clearance = *Decide(ExampleRequest("internal"), layers, ExampleRoster(), kNow);
    return base::ReasonOf(CheckNoneMissing(clearance, layers, seen));
  };
  const std::string project = Decide(ExampleRequest(), Verified(), ExampleRoster(), kNow)->binding.project;
  CHECK(check(Verified(), "studio:all") == kPolicyLayerMissing);
  CHECK(check(Verified(), "show:northlight/" + project) == kPolicyLayerMissing);
  CHECK(check(Verified(), "show:northlight/elsewhere").empty());
  CHECK(check(Verified(), "northlight").empty());
  CHECK(check(Verified({StudioPolicy(), std::string(kPolicy)}), "studio:all").empty());
}

TEST_CASE("no more policies are read than there are levels") {
  const SignedPolicy one{StudioPolicy(), Activate(StudioPolicy())};
  const std::vector<SignedPolicy> four(4, one);
  CHECK(base::ReasonOf(VerifyLayers(four, ExampleRoster(), NothingSeen(), kNow).status()) == kClearanceInvalid);
}

TEST_CASE("layers that were read are not read again, however often it is decided") {
  const std::vector<SignedPolicy> layers = {{StudioPolicy(), Activate(StudioPolicy())},
                                            {std::string(kPolicy), Activate(std::string(kPolicy))}};
  policy::ParsedPolicies parsed;
  for (int i = 0; i < 3; ++i) {
    const auto verified = VerifyLayers(layers, ExampleRoster(), NothingSeen(), kNow, &parsed);
    REQUIRE(verified.ok());
    CHECK(Decide(ExampleRequest("internal"), *verified, ExampleRoster(), kNow)->verdict == Verdict::kAllow);
    CHECK(parsed.read() == 2);
  }
}

TEST_CASE("a calendar's file counts when the policy names its digest, and without it the transfer is held") {
  const auto calendar = [](const std::string& day) {
    return "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:" + day + "\nEND:VEVENT\nEND:VCALENDAR\n";
  };
  const std::string other_day = calendar("20261121"), today = calendar("20261120");
  std::string text = Replaced(
      std::string(kPolicy), "rules:\n",
      "calendars: {closed: {file: closed.ics, sha256: " + base::ToHex(base::Sha256(other_day)) + "}}\nrules:\n");
  text = Replaced(text, "    require: {approvals: none}\n",
                  "    require: {approvals: none, window: {clock: UTC, at_close: pause, except: [calendar:closed]}}\n");
  const auto decide = [&](const std::vector<std::string>& files) {
    const std::vector<SignedPolicy> layers = {{text, Activate(text), files}};
    const auto verified = VerifyLayers(layers, ExampleRoster(), NothingSeen(), kNow);
    INFO(verified.status().ToString());
    REQUIRE(verified.ok());
    return Decide(ExampleRequest("internal"), *verified, ExampleRoster(), kNow)->decision;
  };
  CHECK(decide({other_day}).verdict == Verdict::kAllow);
  for (const std::vector<std::string>& files : {std::vector<std::string>{}, {today}}) {
    const policy::Decision held = decide(files);
    CHECK(held.verdict == Verdict::kHold);
    REQUIRE_FALSE(held.reasons.empty());
    CHECK(held.reasons[0].code == "cannot-decide: calendar closed");
  }
}

}  // namespace
}  // namespace crossdock::clearance
