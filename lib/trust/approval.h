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

// Person, team, organisation and groups are the roster's, never the statement's own claim.
struct VerifiedApproval {
  ApprovalStatement statement;
  std::string person;
  std::string name;
  std::string team;
  std::string organisation;
  std::vector<std::string> groups;
  std::string key_id;
};

// The approval (or denial), or the first thing that is wrong, as the reason: SIGNATURE_INVALID, APPROVER_UNKNOWN,
// APPROVER_MISMATCH, KEY_DENIED, TRANSFER_MISMATCH, LISTING_CHANGED, DESTINATION_CHANGED, POLICY_CHANGED,
// APPROVAL_EXPIRED … Whether the person meets the requirement named is the policy's to say.
absl::StatusOr<VerifiedApproval> VerifyApproval(std::string_view signed_statement, const Roster& roster,
                                                const Binding& expected, base::Instant now);

// The unsigned statement for one requirement of `binding`: what a person is asked to sign, the person's fields open.
ApprovalStatement ApprovalFor(const Binding& binding, std::string_view requirement);

}  // namespace crossdock::trust
