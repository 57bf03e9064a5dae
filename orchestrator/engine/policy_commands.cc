// EngineCommands' part over the life of a policy.
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"
#include "orchestrator/engine/commands.h"
#include "orchestrator/engine/policy_life.h"
#include "orchestrator/engine/replay_past.h"
#include "orchestrator/engine/scope.h"
#include "orchestrator/engine/shadow.h"

namespace crossdock::orchestrator::engine {

absl::StatusOr<ProposedPolicy> EngineCommands::ProposePolicy(const PolicyText& text,
                                                             const std::vector<std::string>& accepted,
                                                             bool validate_only, const Actor& actor) {
  return engine::ProposePolicy(context_, text, accepted, validate_only, actor.subject);
}

absl::StatusOr<PolicyName> EngineCommands::ApprovePolicy(std::string_view activation, const Actor& actor) {
  return engine::ApprovePolicy(context_, activation, actor.subject);
}

absl::StatusOr<PolicyName> EngineCommands::ActivatePolicy(std::string_view activation, const Actor& actor) {
  return engine::ActivatePolicy(context_, activation, actor.subject);
}

absl::StatusOr<PolicyName> EngineCommands::ActivateApproved(std::string_view client, std::string_view digest,
                                                            const Actor& actor) {
  return engine::ActivateApproved(context_, ScopeOfKey(client), digest, actor.subject);
}

absl::StatusOr<PolicyName> EngineCommands::WithdrawPolicy(std::string_view client, std::string_view digest,
                                                          const Actor& actor) {
  return engine::WithdrawPolicy(context_, ScopeOfKey(client), digest, actor.subject);
}

absl::StatusOr<PolicyReplay> EngineCommands::ReplayPolicy(const PolicyText& text, base::Instant since, int examples) {
  return ReplayPast(context_, text, since, examples);
}

absl::StatusOr<PolicyName> EngineCommands::StartShadow(const PolicyText& text, const Actor& actor) {
  return engine::StartShadow(context_, text, actor.subject);
}

absl::Status EngineCommands::StopShadow(std::string_view client, const Actor& actor) {
  return engine::StopShadow(context_, ScopeOfKey(client), actor.subject);
}

absl::StatusOr<PolicyName> EngineCommands::NamePolicy(std::string_view text) {
  ASSIGN_OR_RETURN(const policy::Policy parsed, policy::Parse(text, "policy.yaml"));
  return PolicyName{policy::ScopeKey(parsed.scope()), parsed.digest, parsed.title};
}

absl::StatusOr<std::vector<std::string>> EngineCommands::RenderPolicy(std::string_view text) {
  ASSIGN_OR_RETURN(const policy::Policy parsed, policy::Parse(text, "policy.yaml"));
  std::vector<std::string> lines = absl::StrSplit(policy::Render(parsed), '\n', absl::SkipEmpty());
  return lines;
}

}  // namespace crossdock::orchestrator::engine
