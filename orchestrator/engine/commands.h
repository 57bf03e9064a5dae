// The engine as the API sees it: core's Commands over the parts of this folder.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orchestrator/core/commands.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/engine/intake.h"

namespace crossdock::orchestrator::engine {

// Thread-safe.
class EngineCommands : public Commands {
 public:
  // `roster_root` is the root that the first roster must have, from the configuration.
  EngineCommands(const Context& context, AssetDatabases databases, std::string roster_root)
      : context_(context), databases_(std::move(databases)), roster_root_(std::move(roster_root)) {}

  absl::StatusOr<bool> PublishEvent(const Event& event) override;
  absl::StatusOr<std::string> CreateTransfer(const NewTransfer& wanted, bool validate_only,
                                             const Actor& actor) override;
  absl::Status CancelTransfer(std::string_view transfer, std::string_view reason, const Actor& actor) override;
  absl::Status RetryTransfer(std::string_view transfer, const Actor& actor) override;
  absl::Status PauseTransfer(std::string_view transfer, std::string_view reason, const Actor& actor) override;
  absl::Status ResumeTransfer(std::string_view transfer, const Actor& actor) override;
  absl::StatusOr<Explanation> Explain(const Transfer& transfer) override;
  absl::StatusOr<std::vector<std::string>> LastDecision(const Transfer& transfer) override;

  absl::StatusOr<std::vector<ApprovalSubject>> OpenApprovals(const Transfer& transfer) override;
  absl::Status SubmitApproval(std::string_view transfer, std::string_view statement, const Actor& actor) override;
  absl::Status WithdrawApproval(std::string_view transfer, std::string_view statement, const Actor& actor) override;

  absl::StatusOr<BreakGlassSubject> BreakGlassOf(const Transfer& transfer) override;
  absl::Status SubmitBreakGlass(std::string_view transfer, std::string_view statement, const Actor& actor) override;
  absl::Status ReviewBreakGlass(std::string_view transfer, std::string_view statement, const Actor& actor) override;

  absl::Status AddDelegation(std::string_view statement, const Actor& actor) override;
  absl::Status EndDelegation(std::string_view statement, const Actor& actor) override;

  absl::StatusOr<ProposedPolicy> ProposePolicy(const PolicyText& text, const std::vector<std::string>& accepted,
                                               bool validate_only, const Actor& actor) override;
  absl::StatusOr<PolicyName> ApprovePolicy(std::string_view activation, const Actor& actor) override;
  absl::StatusOr<PolicyName> ActivatePolicy(std::string_view activation, const Actor& actor) override;
  absl::StatusOr<PolicyName> ActivateApproved(std::string_view client, std::string_view digest,
                                              const Actor& actor) override;
  absl::StatusOr<PolicyName> WithdrawPolicy(std::string_view client, std::string_view digest,
                                            const Actor& actor) override;
  absl::StatusOr<PolicyReplay> ReplayPolicy(const PolicyText& text, base::Instant since, int examples) override;
  absl::StatusOr<PolicyName> StartShadow(const PolicyText& text, const Actor& actor) override;
  absl::Status StopShadow(std::string_view client, const Actor& actor) override;
  absl::StatusOr<PolicyName> NamePolicy(std::string_view text) override;
  absl::StatusOr<std::vector<std::string>> RenderPolicy(std::string_view text) override;

  absl::StatusOr<std::vector<std::string>> ApplyTriggers(std::string_view name, std::string_view text,
                                                         bool validate_only, const Actor& actor) override;
  absl::StatusOr<TriggerTest> TestTriggers(std::string_view source, std::string_view entity_type,
                                           std::string_view entity_id) override;

  absl::StatusOr<uint64_t> SetRoster(std::string_view body, std::string_view statement, const Actor& actor) override;
  absl::Status RegisterGrant(std::string_view grant, const Actor& actor) override;
  absl::StatusOr<std::string> AddRelay(std::string_view statement, const Actor& actor) override;
  absl::Status SetRelayKeys(std::string_view site, std::string_view bundle, const Actor& actor) override;
  absl::StatusOr<uint64_t> DenyKey(std::string_view spki, std::string_view reason, const Actor& actor) override;
  absl::Status SetLink(std::string_view source_site, std::string_view destination_site, int concurrency,
                       int64_t bytes_per_second_max, std::string_view held_reason, const Actor& actor) override;
  std::string TicketKey() override;

 private:
  const Context& context_;
  const AssetDatabases databases_;
  const std::string roster_root_;
};

}  // namespace crossdock::orchestrator::engine
