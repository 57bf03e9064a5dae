// May this move? One answer, computed alike by the orchestrator and by both agents.
//
// Every fact comes from where it can be trusted. Rostered: sites, countries and certifications from the verifier's own
// roster; client, project and the classification's floor from its path map. Measured: what the verifier itself saw.
// Asserted: what the asset database said, and only for facts that nobody signs or measures. Whatever the request says
// about a rostered or measured fact is ignored. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/parsed.h"
#include "lib/policy/policy.h"
#include "lib/trust/approval.h"
#include "lib/trust/break_glass.h"
#include "lib/trust/kinds.h"
#include "lib/trust/roster.h"
#include "lib/trust/verify_roster.h"

namespace crossdock::clearance {

// Signed statements that one question may bring along.
inline constexpr size_t kApprovalsMax = 100;
inline constexpr size_t kDelegationsMax = 100;

// A policy's text with the officer's statement that puts it in force, and the calendar files that it binds by digest.
struct SignedPolicy {
  std::string text;
  std::string activation;
  std::vector<std::string> calendars = {};  // bytes
  bool operator==(const SignedPolicy&) const = default;
};

// A policy that an officer activated for its scope.
struct VerifiedPolicy {
  std::shared_ptr<const policy::Policy> policy;  // never null
  trust::PolicyActivation activation;
};

// The layers that one transfer is decided by: the studio's, the client's, the show's, as far as they exist.
struct VerifiedLayers {
  std::vector<VerifiedPolicy> layers;

  std::vector<const policy::Policy*> policies() const;
  std::string digest() const;  // policy::DigestOf
  uint64_t number() const;     // of the client's layer; 0 without one
};

// The highest number that this verifier has seen for a policy::ScopeKey; nothing: none.
using SeenPolicy = std::function<std::optional<trust::Seen>(const std::string& scope)>;
SeenPolicy NothingSeen();

// Parses each text and believes it when its activation names its scope and its digest. Reasons: POLICY_INVALID,
// CLEARANCE_INVALID when there are more than there are levels, and those of trust::VerifyPolicyActivation. A calendar
// file counts when a policy names its digest. `parsed` keeps what was read; null: each is read anew.
absl::StatusOr<VerifiedLayers> VerifyLayers(std::span<const SignedPolicy> signed_policies, const trust::Roster& roster,
                                            const SeenPolicy& seen, base::Instant now,
                                            policy::ParsedPolicies* parsed = nullptr);

// What the verifier itself saw of the package. The receiver takes these from the manifest, whose digest `listing` is.
struct Measured {
  std::string listing;  // lower hex
  std::string content;  // lower hex, or empty when not every file has been hashed
  uint64_t files = 0;
  uint64_t bytes = 0;
};

struct Place {
  std::string site;
  std::string volume;
  std::string path;  // relative, raw bytes
};

// An approval that was taken back: its trust::ApprovalDigest, and who signed the withdrawal.
struct WithdrawnApproval {
  std::string digest;
  std::string person;
  auto operator<=>(const WithdrawnApproval&) const = default;
};

// A delegation that was ended early: its trust::ApprovalDigest, and who signed the end.
struct EndedDelegation {
  std::string digest;
  std::string person;
  auto operator<=>(const EndedDelegation&) const = default;
};

struct Request {
  std::string transfer;
  Place source;
  Place destination;
  Measured measured;
  // As the asset database and the requester said it; asset.client, asset.project and asset.classification may be among
  // them and are then held against the path map.
  policy::Facts asserted;
  std::vector<std::string> approvals;    // signed statements; denials are among them
  std::vector<std::string> delegations;  // signed statements
  // What the verifier has itself seen withdrawn. It verified each when it came: a key that is denied later brings no
  // approval back.
  std::set<WithdrawnApproval> withdrawn;
  std::set<EndedDelegation> ended;  // likewise
  std::string break_glass;          // signed statement of two persons; empty: none
};

struct RejectedApproval {
  size_t index = 0;      // in Request::approvals
  std::string approver;  // as the statement claims; empty when it cannot be read
  std::string reason;    // trust/reasons.h
  std::string text;      // the sentence
};

// Why a break-glass that the request brought along lifts nothing.
struct RefusedBreakGlass {
  std::string reason;  // trust/reasons.h, policy/break_glass.h
  std::string text;
};

struct Clearance {
  policy::Verdict verdict = policy::Verdict::kDeny;
  policy::Decision decision;
  // What every approval must name; what persons are asked to sign (trust::ApprovalFor).
  trust::Binding binding;
  std::vector<trust::VerifiedApproval> accepted;
  std::vector<trust::VerifiedDelegation> delegations;  // those that count now
  std::vector<RejectedApproval> rejected;
  // What it goes by, when rules or open approvals stand against it; what those are is in `decision.lifted`.
  std::optional<trust::VerifiedBreakGlass> break_glass;
  std::optional<RefusedBreakGlass> break_glass_refused;
  // Who said no to content that is not hashed again yet; empty: nobody.
  std::string no_to_unhashed;
  // The accepted ones as the evaluation was given them.
  std::vector<policy::Approval> voices;
  // The first instant at which time alone may change the verdict: the decision's own, the end of an approval that
  // counts, the roster's, the break-glass's.
  base::Instant until;
  // Every input of the evaluation, to be stored with the decision.
  policy::Facts facts;
  uint64_t roster_number = 0;
  uint64_t policy_number = 0;  // of the client's layer
};

// The verdict. An error means that the question itself is refused, before any rule is asked: ROSTER_EXPIRED,
// SITE_UNKNOWN, PATH_NOT_MAPPED, PATH_SPANS_CLIENTS, PATH_OF_OTHER_CLIENT, CLASSIFICATION_BELOW_MAP,
// CLASSIFICATION_BELOW_SOURCE, POLICY_OF_OTHER_CLIENT (a layer of another client or show), CLEARANCE_INVALID.
//
// A source and a destination path are both mapped: content must not leave its client's folders, nor come to rest where
// the next transfer would think less of it.
absl::StatusOr<Clearance> Decide(const Request& request, const VerifiedLayers& layers, const trust::Roster& roster,
                                 base::Instant now);

// What was decided without it, with everything that stands against the transfer lifted by the two; the refusals of
// policy::Lift. Says nothing about whether `glass` is of this transfer: trust::VerifyBreakGlass does.
absl::StatusOr<policy::Decision> LiftBy(const trust::VerifiedBreakGlass& glass, const Clearance& clearance,
                                        const VerifiedLayers& layers);

// POLICY_LAYER_MISSING when this verifier has seen a layer over the transfer that `layers` does not have: whoever holds
// one back would loosen the rules. To end a layer, officers activate one that allows everything.
absl::Status CheckNoneMissing(const Clearance& clearance, const VerifiedLayers& layers, const SeenPolicy& seen);

// OK when the verdict is allow; otherwise PERMISSION_DENIED with CLEARANCE_DENIED, CLEARANCE_HELD or
// CLEARANCE_NEEDS_APPROVALS and a sentence that names the first reason and the first rejected approval.
absl::Status ToStatus(const Clearance& clearance);

}  // namespace crossdock::clearance
