// Whether an approval counts for what is about to move. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/trust/kinds.h"
#include "lib/trust/roster.h"

namespace crossdock::trust {

// Nobody may sign for longer, whatever the policy's valid_for says.
inline constexpr std::chrono::days kApprovalMax{31};

// What is about to move, as the verifier itself sees it: every approval must name exactly this.
struct Binding {
  std::string transfer;
  std::string client;
  std::string project;
  std::string listing;
  std::string content;  // empty unless the policy binds content
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::string source;       // site/volume
  std::string destination;  // site/volume
  std::string classification;
  std::string policy;  // digest of the canonical form
};

// What a yes or a no says, of whichever kind; nothing is verified.
struct Word {
  ApprovalStatement statement;  // of a denial: its not_before is when it was given, its not_after means nothing
  std::string reason;           // of a denial: in the approver's words, or empty
};
// `statement` is an approval or a denial without its signatures.
absl::StatusOr<Word> ReadWord(std::string_view statement);

// SHA-256, lower hex, of the bytes that the signature of an approval, or of a delegation, is over: how a withdrawal,
// or an end, names it.
absl::StatusOr<std::string> ApprovalDigest(std::string_view signed_approval);

// Person, team, organisation and groups are the roster's, never the statement's own claim.
struct VerifiedApproval {
  ApprovalStatement statement;
  std::string person;
  std::string name;
  std::string team;
  std::string organisation;
  std::vector<std::string> groups;
  std::string key_id;
  std::string reason;  // of a denial
};

// The approval (or denial), or the first thing that is wrong, as the reason: SIGNATURE_INVALID, APPROVER_UNKNOWN,
// APPROVER_MISMATCH, KEY_DENIED, TRANSFER_MISMATCH, LISTING_CHANGED, DESTINATION_CHANGED, POLICY_CHANGED,
// APPROVAL_EXPIRED … A denial does not expire: a no stands for as long as the same would move. Whether the person meets
// the requirement named is the policy's to say.
absl::StatusOr<VerifiedApproval> VerifyApproval(std::string_view signed_statement, const Roster& roster,
                                                const Binding& expected, base::Instant now);

struct VerifiedWithdrawal {
  Withdrawal statement;
  std::string person;
  std::string name;
  std::string key_id;
};

// The withdrawal, when an approver of the roster signed it in their own name. It takes back the approval with that
// digest by that person and no other: whoever names somebody else's takes back nothing. Reasons as VerifyApproval's of
// signers, and TIME_IN_FUTURE.
absl::StatusOr<VerifiedWithdrawal> VerifyWithdrawal(std::string_view signed_statement, const Roster& roster,
                                                    base::Instant now);

struct VerifiedDelegation {
  Delegation statement;
  Approver delegator;  // as the roster has them: whose team, organisation and groups count
  std::string key_id;
};

// The delegation, when an approver of the roster signed it in their own name, for another approver of the roster, and
// its time is now. What somebody may who stands in is what the delegator may by the roster, and no more: nobody hands
// on what they were handed. Reasons as VerifyApproval's of signers, DELEGATE_UNKNOWN, DELEGATION_EXPIRED,
// DELEGATION_NOT_YET_VALID.
absl::StatusOr<VerifiedDelegation> VerifyDelegation(std::string_view signed_statement, const Roster& roster,
                                                    base::Instant now);

struct VerifiedDelegationEnd {
  DelegationEnd statement;
  std::string person;
  std::string name;
  std::string key_id;
};

// The end of a delegation, when an approver of the roster signed it in their own name. It ends the delegation with that
// digest by that person and no other. Reasons as VerifyWithdrawal's.
absl::StatusOr<VerifiedDelegationEnd> VerifyDelegationEnd(std::string_view signed_statement, const Roster& roster,
                                                          base::Instant now);

// The unsigned statement for one requirement of `binding`: what a person is asked to sign, the person's fields open.
ApprovalStatement ApprovalFor(const Binding& binding, std::string_view requirement);

}  // namespace crossdock::trust
