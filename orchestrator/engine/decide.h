// The policy's word over a transfer, with every input kept.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/clearance/clearance.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/store/rules.h"

namespace crossdock::orchestrator::engine {

inline constexpr std::string_view kReleaseScanMissing = "RELEASE_SCAN_MISSING";

// A decision as the rest of the engine acts on it.
struct Ruling {
  policy::Verdict verdict = policy::Verdict::kDeny;
  std::string reason;                         // code; empty when allowed
  std::string detail;                         // the sentence
  std::vector<std::string> lines;             // in English, one sentence each
  std::vector<OpenRequirement> requirements;  // all that are due, met or not
  // How long staging may be kept after this, as the policy's obligation has it; nothing: as the configuration has it.
  std::optional<std::chrono::milliseconds> staging_keep;
  std::set<std::string> notify;  // who is told what becomes of it
  // While it waits for approvals: after how long those are reminded, and recipient → after how long they are told too.
  std::optional<std::chrono::milliseconds> remind_after;
  std::map<std::string, std::chrono::milliseconds> escalate;
  bool by_break_glass = false;  // allowed past what stands against it
  bool scan = false;            // nothing may leave before the source site's own scan has found nothing
  bool allowed() const { return verdict == policy::Verdict::kAllow; }
};

// What clearance says of a transfer now, and what it was asked with.
struct Cleared {
  trust::Roster roster;
  std::vector<store::Policy> policies;  // every layer in force
  clearance::VerifiedLayers verified;   // the same, in the same order
  std::vector<std::string> approvals;   // signed statements that are live
  std::vector<std::string> delegations;
  std::string break_glass;  // the signed statement that is live; empty: none
  clearance::Clearance clearance;
};

// Asks clearance, with the policies in force of the studio, the transfer's client and its show, and its live approvals
// and break-glass; stores nothing. Errors are ROSTER_MISSING, POLICY_MISSING (of the client), and those of
// clearance::VerifyLayers and clearance::Decide.
// `parsed` keeps the policies that were read (Context::parsed); null: each is read anew.
absl::StatusOr<Cleared> Clear(pg::Tx& tx, const Transfer& transfer, base::Instant now,
                              policy::ParsedPolicies* parsed = nullptr);

// The policies in force over a transfer. Which show it belongs to is the officers' path map's to say, not the asset
// database's. POLICY_MISSING when the client has none.
absl::StatusOr<std::vector<store::Policy>> LayersOver(pg::Tx& tx, const Transfer& transfer,
                                                      const trust::Roster& roster);

// The same as a ruling, stored with all its inputs unless the transfer has had that outcome before. What cannot be
// decided is held; a path or classification that the officers' map refuses is denied. Moves nothing. `occasion`: what
// makes us ask: event, approval, withdrawal, delegation, break_glass, refusal, dispatch, resume, time, activation,
// revocation, roster, commit.
//
// Where the source's agent said that its site has no scan, and the policy wants one (kReleaseScanMissing), it is held
// for a while, and then tried again.
absl::StatusOr<Ruling> Decide(pg::Tx& tx, const Transfer& transfer, std::string_view occasion, base::Instant now,
                              policy::ParsedPolicies* parsed = nullptr);
// The ruling that was stored last; nothing before the first.
absl::StatusOr<Ruling> LastRuling(pg::Tx& tx, const Transfer& transfer);

// Everything that waits for a decision gets one: deciding → queued, awaiting_approval, held or denied. Held and
// awaiting ones are looked at again once a minute, and at the instant at which time alone may free or expire them: the
// decision's `until`, the roster's end, the transfer's deadline.
absl::Status DecideAll(const Context& context, base::Instant now);

// What runs must still be allowed, and is looked at as often: what no longer is goes back to deciding, and its attempt
// is fenced.
absl::Status RedecideRunning(const Context& context, base::Instant now, std::string_view occasion = "time");

// A policy or the roster changed: all live transfers of `client` (empty: of all) that are not publishing are decided
// again.
absl::Status ReconsiderAll(const Context& context, std::string_view client, std::string_view actor,
                           std::string_view reason);

}  // namespace crossdock::orchestrator::engine
