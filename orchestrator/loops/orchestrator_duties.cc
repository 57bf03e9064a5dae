#include "orchestrator/loops/orchestrator_duties.h"

#include "orchestrator/engine/access.h"
#include "orchestrator/engine/attempts.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/plan.h"
#include "orchestrator/engine/reminders.h"
#include "orchestrator/engine/requests.h"

namespace crossdock::orchestrator::loops {

using std::chrono::milliseconds;

std::vector<DutySpec> EngineDuties(const engine::Context& context, const engine::AssetDatabases& databases) {
  return {
      {"inbox",
       milliseconds(1'000),
       {Duty::kIntake},
       [&context, databases](base::Instant now) { return engine::ProcessInbox(context, databases, now); }},
      {"decide",
       milliseconds(2'000),
       {Duty::kDecide},
       [&context](base::Instant now) { return engine::DecideAll(context, now); }},
      {"redecide",
       milliseconds(1'000),
       {},
       [&context](base::Instant now) { return engine::RedecideRunning(context, now); }},
      {"plan",
       milliseconds(1'000),
       {Duty::kPlan},
       [&context](base::Instant now) { return engine::PlanOnce(context, now); }},
      {"leases", milliseconds(1'000), {}, [&context](base::Instant now) { return engine::ExpireLeases(context, now); }},
      {"write-back",
       milliseconds(2'000),
       {Duty::kWriteBack},
       [&context, databases](base::Instant now) { return engine::WriteBack(context, databases, now); }},
      {"remind", milliseconds(5'000), {}, [&context](base::Instant now) { return engine::Remind(context, now); }},
      {"access-review",
       milliseconds(10'000),
       {},
       [&context](base::Instant now) { return engine::CloseOverdueReview(context.database, now); }},
      {"forget",
       milliseconds(3'600'000),
       {},
       [&context](base::Instant now) { return engine::ForgetRequests(context, now); }},
  };
}

}  // namespace crossdock::orchestrator::loops
