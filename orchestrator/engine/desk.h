// The engine as agents see it: core's AgentDesk and EnrolmentDesk over the store.
#pragma once

#include <string>

#include "lib/pki/authority.h"
#include "orchestrator/core/agent_desk.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// Thread-safe.
class Desk : public AgentDesk {
 public:
  explicit Desk(const Context& context) : context_(context) {}

  absl::Status BeginSession(const SessionStart& start) override;
  absl::StatusOr<DesiredSet> DesiredTasks(std::string_view agent) override;
  absl::StatusOr<SiteTrust> TrustOf(std::string_view site) override;
  absl::StatusOr<std::vector<RosterStep>> RosterSteps(uint64_t number) override;
  absl::StatusOr<std::set<std::string>> DeniedKeys() override;
  absl::Status RenewLeases(std::string_view agent, const std::vector<std::string>& transfers) override;
  absl::Status RecordManifestChunk(std::string_view agent, std::string_view transfer, int64_t scan, int64_t index,
                                   std::string_view chunk) override;
  absl::Status RecordScan(std::string_view agent, const ScanOutcome& outcome) override;
  absl::Status RecordContent(std::string_view agent, const ContentOutcome& outcome) override;
  absl::StatusOr<CommitReply> Commit(std::string_view agent, std::string_view transfer, Epoch epoch,
                                     std::string_view listing, std::string_view content) override;
  absl::Status SubmitReceipt(std::string_view agent, std::string_view transfer, Epoch epoch, std::string_view receipt,
                             bool already_present) override;
  absl::Status ReportFailure(std::string_view agent, std::string_view transfer, Epoch epoch, std::string_view reason,
                             std::string_view detail) override;
  absl::Status RecordClean(std::string_view agent, const CleanOutcome& outcome) override;

 private:
  const Context& context_;
};

// Issues agents' certificates with the built-in CA. Thread-safe.
class Enrolments : public EnrolmentDesk {
 public:
  // `session_address` is what enrolled agents dial, host:port.
  // `certificate_life` is of what it issues.
  Enrolments(const Context& context, const pki::CertificateAuthority& authority, std::chrono::seconds certificate_life,
             std::string session_address)
      : context_(context),
        authority_(authority),
        certificate_life_(certificate_life),
        session_address_(std::move(session_address)) {}

  absl::StatusOr<Enrolled> Enrol(std::string_view grant, std::string_view identity, std::string_view csr) override;
  absl::StatusOr<Enrolled> Renew(std::string_view agent, std::string_view csr) override;

 private:
  const Context& context_;
  const pki::CertificateAuthority& authority_;
  const std::chrono::seconds certificate_life_;
  const std::string session_address_;
};

}  // namespace crossdock::orchestrator::engine
