#include "orchestrator/engine/desk.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/trust/roster.h"
#include "orchestrator/engine/attempts.h"
#include "orchestrator/engine/cleaning.h"
#include "orchestrator/engine/desired.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/engine/scans.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/objections.h"
#include "orchestrator/store/rules.h"

namespace crossdock::orchestrator::engine {
namespace {

// One message holds them all: about 1.5 MB of each at most. Whatever is left out an agent may have seen before.
constexpr int kActivationsMax = 2'000;
constexpr int kObjectionsMax = 1'500;
// An agent that was away for longer hears of a denial by the next assignment alone.
constexpr std::chrono::days kDenialsTold{90};

}  // namespace

absl::Status Desk::BeginSession(const SessionStart& start) {
  const base::Instant now = context_.clock.Now();
  RETURN_IF_ERROR(context_.database.Transact([&](pg::Tx& tx) -> absl::Status {
    const std::optional<store::Agent> agent = store::GetAgent(tx, start.agent);
    if (!agent || agent->site != start.site) {
      return base::WithReason(
          base::PermissionDenied("no agent '", start.agent, "' is enrolled at site '", start.site, "'"),
          "AGENT_UNKNOWN");
    }
    if (!store::AdvanceSession(tx, start.agent, static_cast<int64_t>(start.counter), start.version, start.volumes,
                               now)) {
      return base::WithReason(
          base::PermissionDenied("agent '", start.agent, "' comes with session ", start.counter, ", but ",
                                 agent->session_counter, " was seen: its host was copied or restored; enrol it anew"),
          "AGENT_CLONED");
    }
    return absl::OkStatus();
  }));
  // A newcomer may be what others wait for.
  context_.wakes.Wake(Duty::kIntake);
  context_.wakes.Wake(Duty::kPlan);
  return absl::OkStatus();
}

absl::StatusOr<DesiredSet> Desk::DesiredTasks(std::string_view agent) { return engine::DesiredTasks(context_, agent); }

absl::StatusOr<SiteTrust> Desk::TrustOf(std::string_view site) {
  const base::Instant now = context_.clock.Now();
  return context_.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<SiteTrust> {
    SiteTrust trust;
    if (const std::optional<store::Roster> roster = store::LatestRoster(tx)) {
      trust.roster_body = roster->body;
      trust.roster_statement = roster->statement;
    }
    if (const std::optional<store::RelayKeys> keys = store::LatestRelayKeys(tx, site)) trust.relay_keys = keys->bundle;
    // Nobody denied: no list, so that an unchanged trust stays byte for byte the same.
    if (!store::DeniedKeys(tx).empty()) {
      ASSIGN_OR_RETURN(trust.relay_deny, RelayDenyBundle(context_, tx, now));
    }
    for (const store::Relay& relay : store::ListRelays(tx, site)) trust.relay_statements.push_back(relay.statement);
    trust.activations = store::ActivationsInForce(tx, kActivationsMax);
    trust.objections = store::Objections(tx, now, now - kDenialsTold, kObjectionsMax);
    return trust;
  });
}

absl::StatusOr<std::vector<RosterStep>> Desk::RosterSteps(uint64_t number) {
  return context_.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::vector<RosterStep>> {
    std::vector<RosterStep> steps;
    std::vector<store::Roster> rosters = store::RostersFrom(tx, number);
    if (rosters.size() < 3) return steps;  // nothing lies between
    rosters.pop_back();
    std::string root;  // the officers who must sign the next one
    for (store::Roster& each : rosters) {
      ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(each.body, "roster"));
      const std::string before = std::exchange(root, roster.Root());
      if (!before.empty() && root != before) {
        steps.push_back({each.number, std::move(each.body), std::move(each.statement)});
      }
    }
    return steps;
  });
}

absl::StatusOr<std::set<std::string>> Desk::DeniedKeys() {
  return context_.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::set<std::string>> {
    std::set<std::string> denied;
    for (const store::DeniedKey& key : store::DeniedKeys(tx)) denied.insert(key.spki);
    return denied;
  });
}

absl::Status Desk::RenewLeases(std::string_view agent, const std::vector<std::string>& transfers) {
  return engine::RenewLeases(context_, agent, transfers);
}

absl::Status Desk::RecordManifestChunk(std::string_view agent, std::string_view transfer, int64_t scan, int64_t index,
                                       std::string_view chunk) {
  return engine::RecordManifestChunk(context_, agent, transfer, scan, index, chunk);
}

absl::Status Desk::RecordScan(std::string_view agent, const ScanOutcome& outcome) {
  return engine::RecordScan(context_, agent, outcome);
}

absl::Status Desk::RecordContent(std::string_view agent, const ContentOutcome& outcome) {
  return engine::RecordContent(context_, agent, outcome);
}

absl::StatusOr<CommitReply> Desk::Commit(std::string_view agent, std::string_view transfer, Epoch epoch,
                                         std::string_view listing, std::string_view content) {
  return engine::Commit(context_, agent, transfer, epoch, listing, content);
}

absl::Status Desk::SubmitReceipt(std::string_view agent, std::string_view transfer, Epoch epoch,
                                 std::string_view receipt, bool already_present) {
  return engine::SubmitReceipt(context_, agent, transfer, epoch, receipt, already_present);
}

absl::Status Desk::ReportFailure(std::string_view agent, std::string_view transfer, Epoch epoch,
                                 std::string_view reason, std::string_view detail) {
  return engine::ReportFailure(context_, agent, transfer, epoch, reason, detail);
}

absl::Status Desk::RecordClean(std::string_view agent, const CleanOutcome& outcome) {
  return engine::RecordClean(context_, agent, outcome);
}

}  // namespace crossdock::orchestrator::engine
