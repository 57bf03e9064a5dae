// Any text as a statement of each kind, signed by whoever is entitled to: what is then believed says nothing that its
// signer may not say. And the same text unsigned, which nobody may believe.
#include <algorithm>
#include <array>
#include <map>

#include "lib/trust/approval.h"
#include "lib/trust/break_glass.h"
#include "lib/trust/credential.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/statement.h"
#include "lib/trust/verify_roster.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::fuzz {
namespace {

using namespace trust;

const base::Instant kNow = At("2026-11-20T10:30:00Z");

const Roster& TheRoster() {
  static const Roster roster = ExampleRoster();
  return roster;
}

const base::PrivateKey& Key(std::string_view holder) {
  static const std::map<std::string, base::PrivateKey, std::less<>> keys = [] {
    std::map<std::string, base::PrivateKey, std::less<>> made;
    for (const char* name : {"olga", "sam", "paula", "raj", "carla", "enrolment", "lon-1", "tickets"})
      made.emplace(name, TestKey(name));
    return made;
  }();
  return keys.find(holder)->second;
}

std::string SignedBy(std::string_view text, std::string_view holder) {
  return SignedStatement::Sign(text, Key(holder)).Format();
}

// True when it is believed.
template <typename T>
bool Believed(const absl::StatusOr<T>& result) {
  if (!result.ok()) CheckRefusal(result.status());
  return result.ok();
}

bool TryApproval(std::string_view text) {
  const ApprovalStatement example = ExampleApproval();
  const Binding binding{example.transfer,    example.client,         example.project, example.listing,
                        example.content,     example.files,          example.bytes,   example.source,
                        example.destination, example.classification, example.policy};
  const auto approval = VerifyApproval(SignedBy(text, "paula"), TheRoster(), binding, kNow);
  if (!Believed(approval)) return false;
  const ApprovalStatement& said = approval->statement;
  INVARIANT(approval->person == "paula" && said.approver == "paula") << "signed by paula, said by " << said.approver;
  INVARIANT(said.transfer == binding.transfer && said.listing == binding.listing &&
            (said.content == binding.content || (said.content.empty() && said.decision == ApprovalDecision::kDeny)) &&
            said.files == binding.files && said.bytes == binding.bytes && said.destination == binding.destination &&
            said.source == binding.source && said.policy == binding.policy)
      << "an approval of something else";
  const bool ends = said.decision == ApprovalDecision::kApprove;  // a no does not
  INVARIANT(said.not_before <= kNow + kClockTolerance && (!ends || said.not_after >= kNow - kClockTolerance))
      << "out of its time";
  INVARIANT(said.not_after - said.not_before <= kApprovalMax) << "for too long";
  return true;
}

bool TryWithdrawal(std::string_view text) {
  const auto withdrawal = VerifyWithdrawal(SignedBy(text, "paula"), TheRoster(), kNow);
  if (!Believed(withdrawal)) return false;
  INVARIANT(withdrawal->person == "paula" && withdrawal->statement.approver == "paula") << "in another's name";
  INVARIANT(withdrawal->statement.withdrawn <= kNow + kClockTolerance) << "from the future";
  return true;
}

bool TryDelegation(std::string_view text) {
  const auto delegation = VerifyDelegation(SignedBy(text, "paula"), TheRoster(), kNow);
  if (!Believed(delegation)) return false;
  const Delegation& said = delegation->statement;
  INVARIANT(delegation->delegator.person == "paula" && said.approver == "paula") << "another's place";
  INVARIANT(said.delegate != "paula" && TheRoster().FindApprover(said.delegate) != nullptr) << "to a stranger";
  INVARIANT(said.not_after > kNow && said.not_after - said.not_before <= kDelegationMax) << "for too long";
  return true;
}

bool TryDelegationEnd(std::string_view text) {
  const auto end = VerifyDelegationEnd(SignedBy(text, "paula"), TheRoster(), kNow);
  if (!Believed(end)) return false;
  INVARIANT(end->person == "paula" && end->statement.approver == "paula") << "in another's name";
  INVARIANT(end->statement.ended <= kNow + kClockTolerance) << "from the future";
  return true;
}

bool TryBreakGlass(std::string_view text) {
  const base::Instant now = kNow + std::chrono::hours(1);
  const BreakGlass example = ExampleBreakGlass();
  const Binding binding{example.transfer, example.client, example.project, example.listing,     "",
                        example.files,    example.bytes,  example.source,  example.destination, example.classification,
                        example.policy};
  const std::array both{Key("paula"), Key("raj")};
  const auto glass = VerifyBreakGlass(SignedStatement::Sign(text, both).Format(), TheRoster(), binding, now);
  if (!Believed(glass)) return false;
  const BreakGlass& said = glass->statement;
  INVARIANT(said.first != said.second && glass->first.person == said.first && glass->second.person == said.second)
      << "not two persons";
  INVARIANT(said.transfer == binding.transfer && said.listing == binding.listing && said.policy == binding.policy &&
            said.source == binding.source && said.destination == binding.destination)
      << "of something else";
  INVARIANT(said.not_after > now && said.not_after - said.not_before <= kBreakGlassMax) << "for too long";
  INVARIANT(!said.reason.empty()) << "without a reason";
  INVARIANT(!VerifyBreakGlass(SignedBy(text, "paula"), TheRoster(), binding, now).ok()) << "by one person";
  return true;
}

bool TryReview(std::string_view text) {
  // With a third approver besides the two.
  static const Roster roster = *Roster::Parse(
      Replaced(ExampleRosterBody(), "paths:",
               base::StrCat("  - {person: carla, team: audit, organisation: studio, groups: [], keys: [\"",
                            KeyText("carla"), "\"]}\npaths:")),
      "test");
  const BreakGlass example = ExampleBreakGlass();
  const auto review = VerifyBreakGlassReview(SignedBy(text, "carla"), example, TestDigest("break-glass"), roster,
                                             kNow + std::chrono::hours(2));
  if (!Believed(review)) return false;
  INVARIANT(review->reviewer.person != example.first && review->reviewer.person != example.second) << "their own";
  return true;
}

bool TryAgent(std::string_view text) {
  const std::string grant = SignedBy(text, "sam");
  if (const auto read = VerifyJoinGrant(grant, TheRoster()); Believed(read)) {
    INVARIANT(read->site_admin == "sam" && (read->site == "lon" || read->site == "van")) << "sam's sites are two";
    INVARIANT(read->not_after - read->not_before <= kJoinGrantMax) << "for too long";
    return true;
  }
  const Credential example = SignCredential(ExampleGrant(), ExampleIdentity());
  const std::array keys{Key("enrolment"), Key("lon-1")};
  const auto agent =
      VerifyAgentCredential(example.grant, SignedStatement::Sign(text, keys).Format(), TheRoster(), kNow);
  if (!Believed(agent)) return false;
  INVARIANT(agent->site == "lon" && agent->identity_key == Key("lon-1").Public()) << "an agent of another site";
  return true;
}

bool TryRelay(std::string_view text) {
  if (const auto relay = VerifyRelay(SignedBy(text, "sam"), TheRoster(), kNow); Believed(relay)) {
    INVARIANT(relay->site == "lon" || relay->site == "van") << "a relay of " << relay->site;
    return true;
  }
  if (const auto keys = VerifyRelayKeys(SignedBy(text, "sam"), Key("sam").Public(), 2, kNow); Believed(keys)) {
    INVARIANT(keys->number >= 2 && keys->expires > kNow - kClockTolerance) << "old keys";
    return true;
  }
  const auto deny = VerifyRelayDeny(SignedBy(text, "tickets"), Key("tickets").Public(), 4, kNow);
  if (!Believed(deny)) return false;
  INVARIANT(deny->number >= 4 && std::is_sorted(deny->deny.begin(), deny->deny.end())) << "an old or unsorted list";
  return true;
}

bool TryOfficers(std::string_view text) {
  const Seen seen{3, TestDigest("policy")};
  const auto policy =
      VerifyPolicyActivation(SignedBy(text, "olga"), TheRoster(), "northlight", seen.digest, seen, kNow);
  if (Believed(policy)) {
    INVARIANT(policy->client == "northlight" && policy->digest == seen.digest && policy->officer == "olga")
        << "another";
    return true;
  }
  const RosterAnchor anchor{&TheRoster(), ""};
  const auto roster = VerifyRoster(ExampleRosterBody(), SignedBy(text, "olga"), anchor, kNow);
  if (!Believed(roster)) return false;
  INVARIANT(roster->body_sha256() == TheRoster().body_sha256()) << "another roster";
  return true;
}

bool TryReceipt(std::string_view text) {
  VerifiedAgent agent;
  agent.agent = "van-1";
  agent.site = "van";
  agent.identity_key = Key("lon-1").Public();
  const auto receipt = VerifyReceipt(SignedBy(text, "lon-1"), agent);
  if (!Believed(receipt)) return false;
  INVARIANT(receipt->agent == "van-1" && receipt->site == "van") << "another agent's receipt";
  return true;
}

void NobodyBelieves(std::string_view text) {
  INVARIANT(!VerifyJoinGrant(text, TheRoster()).ok() && !VerifyRelay(text, TheRoster(), kNow).ok() &&
            !VerifyApproval(text, TheRoster(), Binding{}, kNow).ok() && !VerifyWithdrawal(text, TheRoster(), kNow).ok())
      << "believed without a signature";
}

}  // namespace

bool FuzzCredential(std::string_view input) {
  // Without an empty line: then it has no signatures of its own.
  if (input.find("\n\n") != std::string_view::npos || input.size() > kStatementSizeMax) return false;
  NobodyBelieves(input);
  const std::string_view kind = KindOf(input);
  if (kind == ApprovalStatement::kKind || kind == DenialStatement::kKind) return TryApproval(input);
  if (kind == Withdrawal::kKind) return TryWithdrawal(input);
  if (kind == Delegation::kKind) return TryDelegation(input);
  if (kind == DelegationEnd::kKind) return TryDelegationEnd(input);
  if (kind == BreakGlass::kKind) return TryBreakGlass(input);
  if (kind == BreakGlassReview::kKind) return TryReview(input);
  if (kind == Receipt::kKind) return TryReceipt(input);
  if (kind == JoinGrant::kKind || kind == AgentIdentity::kKind) return TryAgent(input);
  if (kind == PolicyActivation::kKind || kind == RosterStatement::kKind) return TryOfficers(input);
  return TryRelay(input);
}

}  // namespace crossdock::fuzz
