#include "orchestrator/engine/replay_past.h"

#include <array>

#include "lib/base/status.h"
#include "orchestrator/engine/decision_record.h"
#include "orchestrator/engine/policy_life.h"
#include "orchestrator/engine/scope.h"
#include "orchestrator/store/evidence.h"

namespace crossdock::orchestrator::engine {
namespace {

using Kind = policy::Prospect::Kind;

constexpr int kReadAtOnce = 5'000;
// In the order in which they are told.
constexpr std::array kKinds = {Kind::kNewlyAllowed, Kind::kNewlyRefused, Kind::kLooser,
                               Kind::kStricter,     Kind::kUndecidable,  Kind::kSame};

struct Tally {
  std::array<int64_t, kKinds.size()> counts{};
  std::array<std::vector<PolicyReplay::Example>, kKinds.size()> examples;
};

size_t IndexOf(Kind kind) {
  for (size_t i = 0; i < kKinds.size(); ++i)
    if (kKinds[i] == kind) return i;
  return kKinds.size() - 1;
}

void Add(const store::Decision& row, const policy::Prospect& prospect, int examples, Tally& tally) {
  const size_t index = IndexOf(prospect.kind);
  ++tally.counts[index];
  if (prospect.kind == Kind::kSame || static_cast<int>(tally.examples[index].size()) >= examples) return;
  const bool decided = prospect.kind != Kind::kUndecidable;
  tally.examples[index].push_back({std::string(policy::ProspectName(prospect.kind)), row.transfer, row.id, row.at,
                                   std::string(policy::VerdictName(prospect.before)),
                                   decided ? std::string(policy::VerdictName(prospect.after)) : "", prospect.why});
}

policy::Prospect ForeseeRow(const store::Decision& row, std::string_view scope, const policy::Policy& candidate) {
  const absl::StatusOr<policy::StoredDecision> stored = ReadStored(row);
  if (stored.ok()) return policy::Foresee(*stored, scope, candidate);
  policy::Prospect unreadable;
  unreadable.why = base::ToStd(stored.status().message());
  return unreadable;
}

}  // namespace

absl::StatusOr<PolicyReplay> ReplayPast(const Context& context, const PolicyText& text, base::Instant since,
                                        int examples) {
  ASSIGN_OR_RETURN(const policy::Policy candidate, ReadWhole(text));
  const std::string scope = ScopeOf(candidate);
  // Another replica's clock may be ahead of this one's.
  const base::Instant end = context.clock.Now() + std::chrono::hours(1);
  PolicyReplay replay;
  replay.name = {KeyOf(scope), candidate.digest, candidate.title};
  Tally tally;
  store::DecisionPosition position{since, 0};
  while (true) {
    std::vector<store::Decision> rows;
    RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) {
      rows = store::DecisionsAfter(tx, ClientOf(scope), ProjectOf(scope), position, end, kReadAtOnce);
      return absl::OkStatus();
    }));
    for (const store::Decision& row : rows) Add(row, ForeseeRow(row, scope, candidate), examples, tally);
    replay.decisions += static_cast<int64_t>(rows.size());
    if (static_cast<int>(rows.size()) < kReadAtOnce) break;
    if (replay.decisions >= kReplayedMax) {
      replay.complete = false;
      break;
    }
    position = {rows.back().at, rows.back().id};
  }
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (tally.counts[i] > 0) replay.counts.push_back({std::string(policy::ProspectName(kKinds[i])), tally.counts[i]});
    for (PolicyReplay::Example& example : tally.examples[i]) replay.examples.push_back(std::move(example));
  }
  return replay;
}

}  // namespace crossdock::orchestrator::engine
