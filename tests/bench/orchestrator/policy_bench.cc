// What a decision, an exact difference and a replay cost with 200 rules: one JSON object. Run by policy_bench.py.
//
//   build/release/tests/policy_bench DECISIONS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/policy/diff.h"
#include "lib/policy/parse.h"
#include "lib/policy/replay.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/decision_record.h"
#include "orchestrator/engine/replay_past.h"
#include "orchestrator/engine/scope.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/migrate.h"
#include "tests/support/postgres_server.h"

namespace crossdock::orchestrator::engine {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kRules = 200;
constexpr int kTimed = 20'000;

// Rules as a studio with many sites writes them: one allow a pair of sites, some with approvals, some with hours, a few
// that forbid. `from`: rules from there on are otherwise in the second version.
std::string Text(int from) {
  std::string text =
      "schema: crossdock/policy/v1\nid: bench\ntitle: bench\napplies_to: {client: northlight}\n"
      "valid: {from: 2026-01-01, review_by: 2036-12-31}\nrules:\n";
  for (int i = 0; i < kRules; ++i) {
    const std::string id = base::StrCat("R-", i);
    const std::string level = i >= from ? "confidential" : "internal";
    if (i % 20 == 0) {
      text += base::StrCat("  - {id: ", id, ", effect: forbid, reason: no, when: {destination.country: {in: [X",
                           std::string(1, static_cast<char>('A' + i / 20)), "]}}}\n");
      continue;
    }
    text += base::StrCat(
        "  - {id: ", id, ", effect: allow, title: t, when: {source.site: {in: [lon]}, destination.site: {in: [s", i,
        ", t", i, "]}, asset.classification: {at_most: ", level, "}, transfer.bytes: {at_most: 5TiB}}, require: ");
    if (i % 5 == 1) {
      text +=
          "{approvals: {all_of: [{id: production, count: 1, from: [group:show-production]}], valid_for: 72h, bind: "
          "[listing, policy]}}}\n";
    } else if (i % 5 == 2) {
      text +=
          "{approvals: none, window: {clock: America/Vancouver, days: [mon, tue, wed, thu, fri], hours: "
          "\"09:00-18:00\", at_close: pause}}}\n";
    } else {
      text += "{approvals: none}}\n";
    }
  }
  return text;
}

policy::Facts FactsOf(int i) {
  policy::Facts facts;
  facts.values["asset.client"] = "northlight";
  facts.values["asset.project"] = "nl";
  facts.values["asset.name"] = policy::Fact(base::StrCat("nl_", i));
  facts.values["asset.classification"] = "internal";
  facts.values["asset.tags"] = policy::Fact(std::vector<std::string>{"ep08"});
  facts.values["source.site"] = "lon";
  facts.values["source.country"] = "GB";
  facts.values["destination.site"] = policy::Fact(base::StrCat("s", i % kRules));
  facts.values["destination.country"] = policy::Fact(std::string(i % 50 == 0 ? "XA" : "CA"));
  facts.values["destination.zone"] = "America/Vancouver";
  facts.values["asset.publisher"] = "ana";
  facts.values["requester"] = "user:pete";
  facts.values["transfer.bytes"] = policy::Fact(int64_t{1} << (20 + i % 20));
  facts.values["transfer.files"] = policy::Fact(int64_t{i});
  return facts;
}

double Milliseconds(Steady::time_point since) {
  return std::chrono::duration<double, std::milli>(Steady::now() - since).count();
}

double DecisionP99(const policy::Policy& policy, base::Instant now) {
  std::vector<double> took;
  for (int i = 0; i < kTimed; ++i) {
    const policy::Facts facts = FactsOf(i);
    const Steady::time_point began = Steady::now();
    const policy::Decision decision = policy::Evaluate(policy, facts, {}, now);
    took.push_back(Milliseconds(began));
    INVARIANT(!decision.policy_digest.empty()) << "not evaluated";
  }
  std::nth_element(took.begin(), took.begin() + kTimed * 99 / 100, took.end());
  return took[kTimed * 99 / 100];
}

// Rows as Decide keeps them.
void Fill(pg::Database& database, const policy::Policy& policy, int decisions, base::Instant now) {
  for (int first = 0; first < decisions; first += 1000) {
    const absl::Status status = database.Transact([&](pg::Tx& tx) {
      for (int i = first; i < std::min(first + 1000, decisions); ++i) {
        const policy::Facts facts = FactsOf(i);
        const base::Instant at = now - std::chrono::minutes(decisions - i);
        const policy::Decision decision = policy::Evaluate(policy, facts, {}, at);
        Transfer transfer;
        transfer.id = base::StrCat("t-", i);
        transfer.entity.client = "northlight";
        store::Decision row;
        row.at = at;
        row.policy = policy.digest;
        row.roster = 1;
        row.facts_json = FactsJson(facts);
        row.approvals_json = "[]";
        row.verdict = policy::VerdictName(decision.verdict);
        row.result_json = "{}";
        row.layers_json = LayersJson({policy::StoreLayer(policy, ScopeOf(policy), 1, decision.layers.at(0))});
        row.voices_json = "[]";
        row.outcome = OutcomeOf(row);
        row.occasion = "event";
        store::KeepDecision(tx, transfer, row);
      }
      return absl::OkStatus();
    });
    INVARIANT(status.ok()) << status.ToString();
  }
}

struct NoWakes : Wakes {};

int Main(int decisions) {
  const base::SystemClock clock;
  const base::Instant now = clock.Now();
  const policy::Policy before = *policy::Parse(Text(kRules), "before");
  const std::string text = Text(kRules - 10);
  const policy::Policy after = *policy::Parse(text, "after");
  nlohmann::ordered_json out{{"rules", kRules}, {"decision_p99_ms", DecisionP99(before, now)}};

  Steady::time_point began = Steady::now();
  const policy::Difference difference = *policy::Diff(before, after, now);
  out["diff_seconds"] = Milliseconds(began) / 1e3;
  out["diff_regions"] = difference.regions.size();
  out["diff_complete"] = difference.complete;

  testing::PostgresServer server;
  pg::Database database(server.NewDatabase(), 2);
  INVARIANT(store::Migrate(database).ok()) << "no schema";
  Fill(database, before, decisions, now);
  base::SystemRandom random;
  NoWakes wakes;
  const base::PrivateKey key = base::PrivateKey::Generate(random);
  const Context context{database, clock, random, wakes, key, [] { return std::vector<AgentView>(); }};
  began = Steady::now();
  const absl::StatusOr<PolicyReplay> replay = ReplayPast(context, text, now - std::chrono::minutes(decisions + 1), 10);
  out["replay_seconds"] = Milliseconds(began) / 1e3;
  INVARIANT(replay.ok()) << replay.status().ToString();
  out["replayed"] = replay->decisions;
  for (const PolicyReplay::Count& count : replay->counts) out[base::StrCat("replay_", count.kind)] = count.count;
  std::printf("%s\n", out.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace crossdock::orchestrator::engine

int main(int argc, char** argv) {
  return crossdock::orchestrator::engine::Main(argc > 1 ? std::atoi(argv[1]) : 100'000);
}
