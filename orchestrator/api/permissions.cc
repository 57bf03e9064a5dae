#include "orchestrator/api/permissions.h"

namespace crossdock::orchestrator::api {

using enum rpc::Permission;

std::vector<rpc::MethodRule> MethodRules() {
  return {
      {"/crossdock.studio.v1.EventService/PublishEvent", kPublishEvent},
      {"/crossdock.studio.v1.EventService/ListEvents", kView},
      {"/crossdock.studio.v1.TransferService/CreateTransfer", kRequest},
      {"/crossdock.studio.v1.TransferService/GetTransfer", kView},
      {"/crossdock.studio.v1.TransferService/ListTransfers", kView},
      {"/crossdock.studio.v1.TransferService/WatchTransfers", kView},
      {"/crossdock.studio.v1.TransferService/ExplainTransfer", kView},
      {"/crossdock.studio.v1.TransferService/CancelTransfer", kOperate},
      {"/crossdock.studio.v1.TransferService/PauseTransfer", kOperate},
      {"/crossdock.studio.v1.TransferService/ResumeTransfer", kOperate},
      {"/crossdock.studio.v1.TransferService/RetryTransfer", kOperate},
      {"/crossdock.studio.v1.ApprovalService/ListApprovals", kView},
      {"/crossdock.studio.v1.ApprovalService/GetApproval", kView},
      {"/crossdock.studio.v1.ApprovalService/GetManifestChunk", kView},
      {"/crossdock.studio.v1.ApprovalService/SubmitApproval", kApprove},
      {"/crossdock.admin.v1.PolicyService/ProposePolicy", kProposePolicy},
      {"/crossdock.admin.v1.PolicyService/ApprovePolicy", kActivatePolicy},
      {"/crossdock.admin.v1.PolicyService/ActivatePolicy", kActivatePolicy},
      {"/crossdock.admin.v1.PolicyService/WithdrawPolicy", kProposePolicy},
      {"/crossdock.admin.v1.PolicyService/ListPolicyEvents", kView},
      {"/crossdock.admin.v1.PolicyService/ReplayPolicy", kProposePolicy},
      {"/crossdock.admin.v1.PolicyService/SetShadowPolicy", kProposePolicy},
      {"/crossdock.admin.v1.PolicyService/GetShadowPolicy", kView},
      {"/crossdock.admin.v1.PolicyService/ListPolicies", kView},
      {"/crossdock.admin.v1.PolicyService/GetPolicy", kView},
      {"/crossdock.admin.v1.TriggerService/ApplyTriggers", kProposePolicy},
      {"/crossdock.admin.v1.TriggerService/ListTriggers", kView},
      {"/crossdock.admin.v1.TriggerService/TestTriggers", kView},
      {"/crossdock.admin.v1.SiteService/ListSites", kView},
      {"/crossdock.admin.v1.SiteService/ListLinks", kView},
      {"/crossdock.admin.v1.SiteService/SetLink", kOperate},
      {"/crossdock.admin.v1.SiteService/ListAgents", kView},
      {"/crossdock.admin.v1.SiteService/RegisterGrant", kAdministerSite},
      // A denial reaches every site and everybody's keys, so it takes those who say for the whole studio who belongs.
      {"/crossdock.admin.v1.SiteService/DenyKey", kSetRoster},
      {"/crossdock.admin.v1.SiteService/ListRelays", kView},
      {"/crossdock.admin.v1.SiteService/AddRelay", kAdministerSite},
      {"/crossdock.admin.v1.SiteService/SetRelayKeys", kAdministerSite},
      {"/crossdock.admin.v1.SiteService/GetTicketKey", kView},
      {"/crossdock.admin.v1.SiteService/GetRoster", kView},
      {"/crossdock.admin.v1.SiteService/SetRoster", kSetRoster},
      {"/crossdock.admin.v1.TokenService/CreateToken", kAdministerTokens},
      {"/crossdock.admin.v1.TokenService/ListTokens", kAdministerTokens},
      {"/crossdock.admin.v1.TokenService/RevokeToken", kAdministerTokens},
      {"/crossdock.admin.v1.AuditService/ListAuditRecords", kAudit},
      {"/crossdock.agent.v1.SessionService/Connect", kAgent},
      {"/crossdock.agent.v1.AttemptService/UploadManifest", kAgent},
      {"/crossdock.agent.v1.AttemptService/ReportScan", kAgent},
      {"/crossdock.agent.v1.AttemptService/ReportContent", kAgent},
      {"/crossdock.agent.v1.AttemptService/CommitAttempt", kAgent},
      {"/crossdock.agent.v1.AttemptService/SubmitReceipt", kAgent},
      {"/crossdock.agent.v1.AttemptService/ReportFailure", kAgent},
      {"/crossdock.agent.v1.AttemptService/ReportClean", kAgent},
      // On the API port and without a certificate: a signed grant, or the old certificate's key, speaks for the caller.
      {"/crossdock.agent.v1.EnrolmentService/Enrol", kAnonymous},
      {"/crossdock.agent.v1.EnrolmentService/Renew", kAnonymous},
  };
}

}  // namespace crossdock::orchestrator::api
