// Statements and keys that the tests of trust and clearance start from, each then bent in one place.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/strings.h"
#include "lib/trust/kinds.h"

namespace crossdock::trust {

// A key that is the same in every run, by its holder's name.
inline base::PrivateKey TestKey(std::string_view holder) {
  return *base::PrivateKey::FromSeed(base::Sha256(base::StrCat("test key of ", holder)));
}

inline std::string TestDigest(std::string_view what) { return base::ToHex(base::Sha256(what)); }
inline base::Instant At(std::string_view time) { return *base::ParseInstant(time); }

inline RosterStatement ExampleRosterStatement() {
  return {7, At("2026-11-20T10:00:00Z"), At("2027-11-20T00:00:00Z"), TestDigest("body")};
}

inline PolicyActivation ExampleActivation() {
  return {"northlight", 3, TestDigest("policy"), At("2026-11-20T10:00:00Z"), "olga"};
}

inline JoinGrant ExampleGrant() {
  return {"agent",
          "lon",
          TestKey("enrolment").Public(),
          TestDigest("root"),
          At("2026-11-20T10:00:00Z"),
          At("2026-11-20T11:00:00Z"),
          "00112233445566778899aabbccddeeff",
          "sam"};
}

inline AgentIdentity ExampleIdentity() {
  return {"lon-1",
          "lon",
          TestKey("lon-1").Public(),
          TestDigest("lon-1 tls"),
          TestDigest("grant"),
          At("2026-11-20T10:05:00Z")};
}

inline RelayStatement ExampleRelay() {
  return {"lon-r1", "lon", TestDigest("lon-r1 tls"), "10.1.0.5:7443", "[2001:db8::5]:443", At("2026-11-20T10:00:00Z"),
          "sam"};
}

inline RelayKeys ExampleRelayKeys() {
  return {2, At("2026-11-20T10:00:00Z"), At("2026-12-20T10:00:00Z"), TestKey("tickets").Public(),
          TestKey("next tickets").Public()};
}

inline RelayDeny ExampleRelayDeny() {
  RelayDeny deny{4, At("2026-11-20T10:00:00Z"), {TestDigest("a"), TestDigest("b")}};
  if (deny.deny[1] < deny.deny[0]) deny.deny[0].swap(deny.deny[1]);
  return deny;
}

inline ApprovalStatement ExampleApproval() {
  ApprovalStatement approval;
  approval.transfer = "tr-0123456789abcdef";
  approval.client = "northlight";
  approval.project = "nl";
  approval.listing = TestDigest("listing");
  approval.content = TestDigest("content");
  approval.files = 240;
  approval.bytes = 12'000'000'000;
  approval.source = "lon/proj";
  approval.destination = "van/proj";
  approval.classification = "confidential";
  approval.policy = TestDigest("policy");
  approval.requirement = "production";
  approval.decision = ApprovalDecision::kApprove;
  approval.not_before = At("2026-11-20T10:00:00Z");
  approval.not_after = At("2026-11-23T10:00:00Z");
  approval.approver = "paula";
  approval.nonce = "ffeeddccbbaa99887766554433221100";
  return approval;
}

inline DenialStatement ExampleDenial() {
  const ApprovalStatement approval = ExampleApproval();
  DenialStatement denial;
  denial.transfer = approval.transfer;
  denial.client = approval.client;
  denial.project = approval.project;
  denial.listing = approval.listing;
  denial.content = approval.content;
  denial.files = approval.files;
  denial.bytes = approval.bytes;
  denial.source = approval.source;
  denial.destination = approval.destination;
  denial.classification = approval.classification;
  denial.policy = approval.policy;
  denial.requirement = approval.requirement;
  denial.reason = "frame 1042 shows an unannounced title (voilà)";
  denial.denied = At("2026-11-20T10:00:00Z");
  denial.approver = "paula";
  denial.nonce = "00112233445566778899aabbccddeeff";
  return denial;
}

inline Delegation ExampleDelegation() {
  return {"northlight",
          "raj",
          At("2026-11-20T10:00:00Z"),
          At("2026-12-01T00:00:00Z"),
          "on the set until December",
          "paula",
          "0011223344556677"};
}

inline Withdrawal ExampleWithdrawal() {
  Withdrawal withdrawal;
  withdrawal.transfer = "tr-0123456789abcdef";
  withdrawal.client = "northlight";
  withdrawal.requirement = "production";
  withdrawal.approval = TestDigest("approval");
  withdrawal.not_after = At("2026-11-23T10:00:00Z");
  withdrawal.reason = "the wrong plate";
  withdrawal.withdrawn = At("2026-11-20T11:00:00Z");
  withdrawal.approver = "paula";
  return withdrawal;
}

inline DelegationEnd ExampleDelegationEnd() {
  return {"northlight",
          "raj",
          TestDigest("delegation"),
          At("2026-12-01T00:00:00Z"),
          "back from the set",
          At("2026-11-20T11:00:00Z"),
          "paula"};
}

inline BreakGlass ExampleBreakGlass() {
  BreakGlass glass;
  glass.transfer = "tr-0123456789abcdef";
  glass.client = "northlight";
  glass.project = "nl";
  glass.listing = TestDigest("listing");
  glass.files = 240;
  glass.bytes = 12'000'000'000;
  glass.source = "lon/proj";
  glass.destination = "van/proj";
  glass.classification = "confidential";
  glass.policy = TestDigest("policy");
  glass.reason = "the delivery is due at six and security cannot be reached";
  glass.not_before = At("2026-11-20T11:00:00Z");
  glass.not_after = At("2026-11-20T15:00:00Z");
  glass.first = "paula";
  glass.second = "raj";
  glass.nonce = "0123456789abcdef";
  return glass;
}

inline BreakGlassReview ExampleReview() {
  return {"tr-0123456789abcdef",      "northlight", TestDigest("break-glass"), true, "security was ill that day",
          At("2026-11-20T12:00:00Z"), "carla"};
}

inline Receipt ExampleReceipt() {
  Receipt receipt;
  receipt.transfer = "tr-0123456789abcdef";
  receipt.epoch = "1.7";
  receipt.role = ReceiptRole::kLanded;
  receipt.agent = "van-1";
  receipt.site = "van";
  receipt.listing = TestDigest("listing");
  receipt.files = 240;
  receipt.bytes = 12'000'000'000;
  receipt.began = At("2026-11-20T10:10:00Z");
  receipt.ended = At("2026-11-20T10:20:00Z");
  receipt.verify = ReceiptVerify::kReadback;
  receipt.request = "shot nl_010_0030 comp v012, by ana (déjà vu)";
  receipt.policy = TestDigest("policy");
  return receipt;
}

}  // namespace crossdock::trust
