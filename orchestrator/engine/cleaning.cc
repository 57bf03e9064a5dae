#include "orchestrator/engine/cleaning.h"

#include <optional>
#include <string>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "nlohmann/json.hpp"
#include "orchestrator/core/cleaning.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/staging.h"

namespace crossdock::orchestrator::engine {
namespace {

// An agent has few threads for what is short, and scans wait for them; removing a large tree is not always short.
constexpr int kCleaningAtOnce = 2;

std::string EpochText(Epoch epoch) { return base::StrCat(epoch.generation, ".", epoch.n); }

}  // namespace

void AddCleaning(const Context& context, pg::Tx& tx, std::string_view agent, base::Instant now,
                 std::vector<Task>& tasks) {
  for (const HeldStaging& held : store::HeldStagingOf(tx, agent, context.staging_keep, now, kCleaningAtOnce)) {
    const std::optional<base::Instant> due = CleaningDue(held, context.staging_keep);
    if (!due || *due > now) continue;
    tasks.push_back({base::StrCat("clean/", held.transfer, "/", EpochText(held.epoch)), held.transfer,
                     CleanTask{held.volume, held.epoch}});
  }
}

absl::Status RecordClean(const Context& context, std::string_view agent, const CleanOutcome& outcome) {
  const base::Instant now = context.clock.Now();
  const absl::Status recorded = context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    if (outcome.reason.empty()) {
      const auto client = store::SetStagingCleaned(tx, outcome.transfer, agent, outcome.epoch, now);
      if (!client) return absl::OkStatus();
      const nlohmann::json detail = {{"epoch", EpochText(outcome.epoch)}};
      store::Audit(tx, {0, now, *client, base::StrCat("agent/", agent), "staging.cleaned", outcome.transfer, "ok",
                        detail.dump()});
      return absl::OkStatus();
    }
    const auto refusals = store::CountCleaningRefusal(tx, outcome.transfer, agent, outcome.epoch);
    if (!refusals) return absl::OkStatus();
    store::PostponeCleaning(tx, outcome.transfer, agent, now + CleaningPause(*refusals));
    LOG_WARNING(
        "staging could not be cleaned; asking again later",
        {{"transfer", outcome.transfer}, {"agent", agent}, {"reason", outcome.reason}, {"detail", outcome.detail}});
    return absl::OkStatus();
  });
  // There may be more to do.
  if (recorded.ok()) context.wakes.WakeAgent(std::string(agent));
  return recorded;
}

}  // namespace crossdock::orchestrator::engine
