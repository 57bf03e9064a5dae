#include "orchestrator/engine/commands.h"

#include "lib/base/status.h"
#include "orchestrator/engine/approvals.h"
#include "orchestrator/engine/break_glass.h"
#include "orchestrator/engine/control.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/delegations.h"
#include "orchestrator/engine/explain.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/engine/withdrawals.h"

namespace crossdock::orchestrator::engine {

absl::StatusOr<bool> EngineCommands::PublishEvent(const Event& event) {
  return engine::PublishEvent(context_, databases_, event);
}

absl::StatusOr<std::string> EngineCommands::CreateTransfer(const NewTransfer& wanted, bool validate_only,
                                                           const Actor& actor) {
  PlannedDelivery planned;
  planned.source_site = wanted.source_site;
  planned.destination_site = wanted.destination_site;
  planned.volume = wanted.volume;
  planned.path = wanted.path;
  planned.destination_path = wanted.destination_path.empty() ? wanted.path : wanted.destination_path;
  planned.purpose = wanted.purpose;
  planned.priority = wanted.priority;
  planned.merge = wanted.merge;
  planned.replace = wanted.replace;
  planned.ready = wanted.ready;
  ASSIGN_OR_RETURN(const Transfer transfer,
                   engine::CreateTransfer(context_, wanted.entity, planned, validate_only, actor));
  if (!validate_only) return transfer.id;
  return TransferKey(transfer.entity, transfer.source_site, transfer.destination_site, transfer.destination_path,
                     transfer.purpose);
}

absl::Status EngineCommands::CancelTransfer(std::string_view transfer, std::string_view reason, const Actor& actor) {
  return Cancel(context_, transfer, reason, actor).status();
}

absl::Status EngineCommands::RetryTransfer(std::string_view transfer, const Actor& actor) {
  return Retry(context_, transfer, actor).status();
}

absl::Status EngineCommands::PauseTransfer(std::string_view transfer, std::string_view reason, const Actor& actor) {
  return Pause(context_, transfer, reason, actor).status();
}

absl::Status EngineCommands::ResumeTransfer(std::string_view transfer, const Actor& actor) {
  return Resume(context_, transfer, actor).status();
}

absl::StatusOr<Explanation> EngineCommands::Explain(const Transfer& transfer) {
  return engine::Explain(context_, transfer.id);
}

absl::StatusOr<std::vector<std::string>> EngineCommands::LastDecision(const Transfer& transfer) {
  return context_.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const Ruling ruling, LastRuling(tx, transfer));
    return ruling.lines;
  });
}

absl::StatusOr<std::vector<ApprovalSubject>> EngineCommands::OpenApprovals(const Transfer& transfer) {
  return engine::OpenApprovals(context_, transfer);
}

absl::Status EngineCommands::SubmitApproval(std::string_view transfer, std::string_view statement, const Actor& actor) {
  return engine::SubmitApproval(context_, transfer, statement, actor.subject);
}

absl::Status EngineCommands::WithdrawApproval(std::string_view transfer, std::string_view statement,
                                              const Actor& actor) {
  return engine::WithdrawApproval(context_, transfer, statement, actor.subject);
}

absl::StatusOr<BreakGlassSubject> EngineCommands::BreakGlassOf(const Transfer& transfer) {
  return engine::BreakGlassOf(context_, transfer);
}

absl::Status EngineCommands::SubmitBreakGlass(std::string_view transfer, std::string_view statement,
                                              const Actor& actor) {
  return engine::SubmitBreakGlass(context_, transfer, statement, actor.subject);
}

absl::Status EngineCommands::ReviewBreakGlass(std::string_view transfer, std::string_view statement,
                                              const Actor& actor) {
  return engine::ReviewBreakGlass(context_, transfer, statement, actor.subject);
}

absl::Status EngineCommands::AddDelegation(std::string_view statement, const Actor& actor) {
  return engine::AddDelegation(context_, statement, actor.subject);
}

absl::Status EngineCommands::EndDelegation(std::string_view statement, const Actor& actor) {
  return engine::EndDelegation(context_, statement, actor.subject);
}

absl::StatusOr<std::vector<std::string>> EngineCommands::ApplyTriggers(std::string_view name, std::string_view text,
                                                                       bool validate_only, const Actor& actor) {
  ASSIGN_OR_RETURN(const store::TriggerSet set,
                   engine::ApplyTriggers(context_, name, text, validate_only, actor.subject));
  return set.names;
}

absl::StatusOr<TriggerTest> EngineCommands::TestTriggers(std::string_view source, std::string_view entity_type,
                                                         std::string_view entity_id) {
  return engine::TestTriggers(context_, databases_, source, entity_type, entity_id);
}

absl::StatusOr<uint64_t> EngineCommands::SetRoster(std::string_view body, std::string_view statement,
                                                   const Actor& actor) {
  return engine::SetRoster(context_, roster_root_, body, statement, actor.subject);
}

absl::Status EngineCommands::RegisterGrant(std::string_view grant, const Actor& actor) {
  return engine::RegisterGrant(context_, grant, actor.subject).status();
}

absl::StatusOr<std::string> EngineCommands::AddRelay(std::string_view statement, const Actor& actor) {
  return engine::AddRelay(context_, statement, actor.subject);
}

absl::Status EngineCommands::SetRelayKeys(std::string_view site, std::string_view bundle, const Actor& actor) {
  return engine::SetRelayKeys(context_, site, bundle, actor.subject);
}

absl::StatusOr<uint64_t> EngineCommands::DenyKey(std::string_view spki, std::string_view reason, const Actor& actor) {
  return engine::DenyKey(context_, spki, reason, actor.subject);
}

absl::Status EngineCommands::SetLink(std::string_view source_site, std::string_view destination_site, int concurrency,
                                     int64_t bytes_per_second_max, std::string_view held_reason, const Actor& actor) {
  store::Link link;
  link.source_site = source_site;
  link.destination_site = destination_site;
  link.concurrency = concurrency;
  link.bytes_per_second_max = bytes_per_second_max;
  link.held_reason = held_reason;
  return engine::SetLink(context_, link, actor);
}

std::string EngineCommands::TicketKey() { return context_.ticket_key.Public().ToText(); }

}  // namespace crossdock::orchestrator::engine
