#include "lib/trust/approval.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/trust/reasons.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::trust {
namespace {

const base::Instant kNow = At("2026-11-20T12:00:00Z");

Binding BindingOf(const ApprovalStatement& s) {
  return {s.transfer, s.client, s.project,     s.listing,        s.content, s.files,
          s.bytes,    s.source, s.destination, s.classification, s.policy};
}

std::string Verify(const ApprovalStatement& approval, std::string_view signer = "paula", base::Instant now = kNow) {
  const std::string text = SignedStatement::Sign(*Encode(approval), TestKey(signer)).Format();
  return base::ReasonOf(VerifyApproval(text, ExampleRoster(), BindingOf(ExampleApproval()), now).status());
}

TEST_CASE("an approval counts as the person whom the roster knows") {
  const std::string text = SignedStatement::Sign(*Encode(ExampleApproval()), TestKey("paula")).Format();
  const absl::StatusOr<VerifiedApproval> approval =
      VerifyApproval(text, ExampleRoster(), BindingOf(ExampleApproval()), kNow);
  REQUIRE(approval.ok());
  CHECK(approval->person == "paula");
  CHECK(approval->team == "production");
  CHECK(approval->organisation == "northlight");
  CHECK(approval->groups == std::vector<std::string>{"show-production"});
  CHECK(approval->statement.requirement == "production");
}

TEST_CASE("an approval by a key that is not an approver's is refused") {
  CHECK(Verify(ExampleApproval(), "eve") == kApproverUnknown);
  CHECK(Verify(ExampleApproval(), "olga") == kApproverUnknown);
  CHECK(Verify(ExampleApproval(), "raj") == kApproverMismatch);
}

TEST_CASE("a forged approval is refused") {
  std::string text = SignedStatement::Sign(*Encode(ExampleApproval()), TestKey("paula")).Format();
  text = Replaced(text, "files: 240", "files: 241");
  Binding binding = BindingOf(ExampleApproval());
  binding.files = 241;
  CHECK(base::ReasonOf(VerifyApproval(text, ExampleRoster(), binding, kNow).status()) == kSignatureInvalid);
}

TEST_CASE("a change of any bound field dismisses the approval and names the field") {
  const auto reason = [](auto change) {
    ApprovalStatement approval = ExampleApproval();
    change(approval);
    return Verify(approval);
  };
  CHECK(reason([](auto&) {}).empty());
  CHECK(reason([](auto& a) { a.transfer = "tr-0123456789abcdee"; }) == kTransferMismatch);
  CHECK(reason([](auto& a) { a.client = "northligh"; }) == kClientMismatch);
  CHECK(reason([](auto& a) { a.project = "n1"; }) == kProjectMismatch);
  CHECK(reason([](auto& a) { a.listing = TestDigest("other listing"); }) == kListingChanged);
  CHECK(reason([](auto& a) { a.content = TestDigest("other content"); }) == kContentChanged);
  CHECK(reason([](auto& a) { a.content.clear(); }) == kContentNotBound);
  CHECK(reason([](auto& a) { ++a.files; }) == kListingChanged);
  CHECK(reason([](auto& a) { --a.bytes; }) == kListingChanged);
  CHECK(reason([](auto& a) { a.source = "van/proj"; }) == kSourceChanged);
  CHECK(reason([](auto& a) { a.destination = "van/proi"; }) == kDestinationChanged);
  CHECK(reason([](auto& a) { a.classification = "internal"; }) == kClassificationChanged);
  CHECK(reason([](auto& a) { a.policy = TestDigest("other policy"); }) == kPolicyChanged);
}

TEST_CASE("an approval counts from its first second to its last") {
  CHECK(Verify(ExampleApproval(), "paula", At("2026-11-20T09:59:29Z")) == kApprovalNotYetValid);
  CHECK(Verify(ExampleApproval(), "paula", At("2026-11-20T09:59:30Z")).empty());
  CHECK(Verify(ExampleApproval(), "paula", At("2026-11-23T09:59:59Z")).empty());
  CHECK(Verify(ExampleApproval(), "paula", At("2026-11-23T10:00:00Z")) == kApprovalExpired);
  ApprovalStatement approval = ExampleApproval();
  approval.not_after = approval.not_before + kApprovalMax + std::chrono::seconds(1);
  CHECK(Verify(approval) == kApprovalTooLong);
}

TEST_CASE("T-14: an approval by a denied key is refused") {
  const std::string denied = base::StrCat("denied: [\"", base::KeyId(TestKey("paula").Public()), "\"]");
  const Roster roster = *Roster::Parse(Replaced(ExampleRosterBody(), "denied: []", denied), "test");
  const std::string text = SignedStatement::Sign(*Encode(ExampleApproval()), TestKey("paula")).Format();
  CHECK(base::ReasonOf(VerifyApproval(text, roster, BindingOf(ExampleApproval()), kNow).status()) == kKeyDenied);
}

TEST_CASE("what a person is asked to sign names exactly what would move") {
  ApprovalStatement asked = ApprovalFor(BindingOf(ExampleApproval()), "production");
  asked.decision = ApprovalDecision::kApprove;
  asked.not_before = ExampleApproval().not_before;
  asked.not_after = ExampleApproval().not_after;
  asked.approver = "paula";
  asked.nonce = ExampleApproval().nonce;
  CHECK(*Encode(asked) == *Encode(ExampleApproval()));
}

template <typename Kind>
std::string Signed(const Kind& statement, std::string_view signer = "paula") {
  return SignedStatement::Sign(*Encode(statement), TestKey(signer)).Format();
}

absl::StatusOr<VerifiedApproval> Hear(const DenialStatement& denial, base::Instant now = kNow) {
  return VerifyApproval(Signed(denial), ExampleRoster(), BindingOf(ExampleApproval()), now);
}

TEST_CASE("a denial says who, of what, and why, and has no end") {
  const absl::StatusOr<VerifiedApproval> denial = Hear(ExampleDenial(), At("2027-11-19T10:00:00Z"));
  REQUIRE(denial.ok());
  CHECK(denial->person == "paula");
  CHECK(denial->statement.decision == ApprovalDecision::kDeny);
  CHECK(denial->statement.requirement == "production");
  CHECK(denial->reason == ExampleDenial().reason);
  CHECK(base::ReasonOf(Hear(ExampleDenial(), At("2026-11-20T09:59:29Z")).status()) == kApprovalNotYetValid);
  // The form without words, too: its not_after means nothing.
  ApprovalStatement plain = ExampleApproval();
  plain.decision = ApprovalDecision::kDeny;
  CHECK(Verify(plain, "paula", At("2027-11-19T10:00:00Z")).empty());
}

TEST_CASE("a denial is of exactly what it names, but for content that nobody had hashed yet") {
  const auto reason = [](auto change) {
    DenialStatement denial = ExampleDenial();
    change(denial);
    return base::ReasonOf(Hear(denial).status());
  };
  CHECK(reason([](auto&) {}).empty());
  CHECK(reason([](auto& d) { d.listing = TestDigest("other listing"); }) == kListingChanged);
  CHECK(reason([](auto& d) { d.content = TestDigest("other content"); }) == kContentChanged);
  CHECK(reason([](auto& d) { d.content.clear(); }).empty());
  CHECK(reason([](auto& d) { d.policy = TestDigest("other policy"); }) == kPolicyChanged);
  CHECK(reason([](auto& d) { d.approver = "raj"; }) == kApproverMismatch);
}

TEST_CASE("an approver withdraws in their own name alone, with a key that the officers believe") {
  const auto reason = [](const std::string& text, const Roster& roster = ExampleRoster(), base::Instant now = kNow) {
    return base::ReasonOf(VerifyWithdrawal(text, roster, now).status());
  };
  const std::string text = Signed(ExampleWithdrawal());
  const absl::StatusOr<VerifiedWithdrawal> withdrawal = VerifyWithdrawal(text, ExampleRoster(), kNow);
  REQUIRE(withdrawal.ok());
  CHECK(withdrawal->person == "paula");
  CHECK(withdrawal->name == "Paula P");
  CHECK(reason(Signed(ExampleWithdrawal(), "eve")) == kApproverUnknown);
  CHECK(reason(Signed(ExampleWithdrawal(), "raj")) == kApproverMismatch);
  CHECK(reason(Replaced(text, "plate", "place")) == kSignatureInvalid);
  CHECK(reason(text, ExampleRoster(), At("2026-11-20T10:59:29Z")) == kTimeInFuture);
  CHECK(reason(Signed(ExampleApproval())) == kStatementMalformed);
  const std::string denied = base::StrCat("denied: [\"", base::KeyId(TestKey("paula").Public()), "\"]");
  CHECK(reason(text, *Roster::Parse(Replaced(ExampleRosterBody(), "denied: []", denied), "test")) == kKeyDenied);
}

TEST_CASE("an approver hands on their own place, to somebody of the roster, from its first second to its last") {
  const auto reason = [](const Delegation& delegation, std::string_view signer = "paula", base::Instant now = kNow) {
    return base::ReasonOf(VerifyDelegation(Signed(delegation, signer), ExampleRoster(), now).status());
  };
  const auto delegation = VerifyDelegation(Signed(ExampleDelegation()), ExampleRoster(), kNow);
  REQUIRE(delegation.ok());
  CHECK(delegation->delegator.person == "paula");
  CHECK(delegation->delegator.groups == std::vector<std::string>{"show-production"});
  CHECK(reason(ExampleDelegation(), "eve") == kApproverUnknown);
  CHECK(reason(ExampleDelegation(), "raj") == kApproverMismatch);
  CHECK(reason(ExampleDelegation(), "paula", At("2026-11-20T09:59:29Z")) == kDelegationNotYetValid);
  CHECK(reason(ExampleDelegation(), "paula", At("2026-11-30T23:59:59Z")).empty());
  CHECK(reason(ExampleDelegation(), "paula", At("2026-12-01T00:00:00Z")) == kDelegationExpired);
  Delegation stranger = ExampleDelegation();
  stranger.delegate = "eve";
  CHECK(reason(stranger) == kDelegateUnknown);
  Delegation own = ExampleDelegation();
  own.delegate = "paula";
  CHECK_FALSE(Encode(own).ok());
  Delegation endless = ExampleDelegation();
  endless.not_after = endless.not_before + kDelegationMax + std::chrono::seconds(1);
  CHECK_FALSE(Encode(endless).ok());
}

TEST_CASE("an approver ends what they handed on in their own name alone, with a key that the officers believe") {
  const auto reason = [](const std::string& text, const Roster& roster = ExampleRoster(), base::Instant now = kNow) {
    return base::ReasonOf(VerifyDelegationEnd(text, roster, now).status());
  };
  const std::string text = Signed(ExampleDelegationEnd());
  const auto end = VerifyDelegationEnd(text, ExampleRoster(), kNow);
  REQUIRE(end.ok());
  CHECK(end->person == "paula");
  CHECK(end->name == "Paula P");
  CHECK(reason(Signed(ExampleDelegationEnd(), "eve")) == kApproverUnknown);
  CHECK(reason(Signed(ExampleDelegationEnd(), "raj")) == kApproverMismatch);
  CHECK(reason(Replaced(text, "back", "pack")) == kSignatureInvalid);
  CHECK(reason(text, ExampleRoster(), At("2026-11-20T10:59:29Z")) == kTimeInFuture);
  CHECK(reason(Signed(ExampleDelegation())) == kStatementMalformed);
  const std::string denied = base::StrCat("denied: [\"", base::KeyId(TestKey("paula").Public()), "\"]");
  CHECK(reason(text, *Roster::Parse(Replaced(ExampleRosterBody(), "denied: []", denied), "test")) == kKeyDenied);
}

TEST_CASE("an approval is named by what was signed, whatever signatures stand below it") {
  const std::string by_paula = Signed(ExampleApproval());
  CHECK(*ApprovalDigest(by_paula) == *ApprovalDigest(Signed(ExampleApproval(), "raj")));
  CHECK(*ApprovalDigest(by_paula) == TestDigest(*Encode(ExampleApproval())));
  ApprovalStatement again = ExampleApproval();
  again.nonce = "0123456789abcdef";
  CHECK(*ApprovalDigest(by_paula) != *ApprovalDigest(Signed(again)));
}

}  // namespace
}  // namespace crossdock::trust
