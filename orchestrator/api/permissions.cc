#include "orchestrator/api/permissions.h"

namespace crossdock::orchestrator::api {

using enum rpc::Permission;
using enum rpc::Bound;

std::vector<rpc::MethodRule> MethodRules() {
  // Where nothing else stands, whoever is bound to one client is refused.
  return {
      {"/crossdock.studio.v1.EventService/PublishEvent", kPublishEvent, kShared},
      // Until an event's entity was read nobody knows whose it is.
      {"/crossdock.studio.v1.EventService/ListEvents", kView},
      {"/crossdock.studio.v1.TransferService/CreateTransfer", kRequest, kOwn},
      {"/crossdock.studio.v1.TransferService/GetTransfer", kView, kOwn},
      {"/crossdock.studio.v1.TransferService/ListTransfers", kView, kOwn},
      {"/crossdock.studio.v1.TransferService/WatchTransfers", kView, kOwn},
      {"/crossdock.studio.v1.TransferService/ExplainTransfer", kView, kOwn},
      {"/crossdock.studio.v1.TransferService/CancelTransfer", kOperate, kOwn},
      {"/crossdock.studio.v1.TransferService/PauseTransfer", kOperate, kOwn},
      {"/crossdock.studio.v1.TransferService/ResumeTransfer", kOperate, kOwn},
      {"/crossdock.studio.v1.TransferService/RetryTransfer", kOperate, kOwn},
      {"/crossdock.studio.v1.ApprovalService/ListApprovals", kView, kOwn},
      {"/crossdock.studio.v1.ApprovalService/GetApproval", kView, kOwn},
      {"/crossdock.studio.v1.ApprovalService/GetManifestChunk", kView, kOwn},
      {"/crossdock.studio.v1.ApprovalService/SubmitApproval", kApprove, kOwn},
      {"/crossdock.studio.v1.ApprovalService/WithdrawApproval", kApprove, kOwn},
      {"/crossdock.studio.v1.ApprovalService/ListSignedApprovals", kView, kOwn},
      {"/crossdock.studio.v1.ApprovalService/AddDelegation", kApprove, kOwn},
      {"/crossdock.studio.v1.ApprovalService/EndDelegation", kApprove, kOwn},
      {"/crossdock.studio.v1.ApprovalService/ListDelegations", kView, kOwn},
      {"/crossdock.studio.v1.BreakGlassService/GetBreakGlass", kView, kOwn},
      {"/crossdock.studio.v1.BreakGlassService/SubmitBreakGlass", kApprove, kOwn},
      {"/crossdock.studio.v1.BreakGlassService/ReviewBreakGlass", kApprove, kOwn},
      {"/crossdock.studio.v1.BreakGlassService/ListBreakGlass", kView, kOwn},
      {"/crossdock.admin.v1.PolicyService/ProposePolicy", kProposePolicy, kOwn},
      {"/crossdock.admin.v1.PolicyService/ApprovePolicy", kActivatePolicy},
      {"/crossdock.admin.v1.PolicyService/ActivatePolicy", kActivatePolicy},
      {"/crossdock.admin.v1.PolicyService/WithdrawPolicy", kProposePolicy, kOwn},
      {"/crossdock.admin.v1.PolicyService/ListPolicyEvents", kView, kOwn},
      {"/crossdock.admin.v1.PolicyService/ReplayPolicy", kProposePolicy, kOwn},
      {"/crossdock.admin.v1.PolicyService/SetShadowPolicy", kProposePolicy, kOwn},
      {"/crossdock.admin.v1.PolicyService/GetShadowPolicy", kView, kOwn},
      {"/crossdock.admin.v1.PolicyService/ListPolicies", kView, kOwn},
      {"/crossdock.admin.v1.PolicyService/GetPolicy", kView, kOwn},
      {"/crossdock.admin.v1.TriggerService/ApplyTriggers", kProposePolicy},
      {"/crossdock.admin.v1.TriggerService/ListTriggers", kView},
      {"/crossdock.admin.v1.TriggerService/TestTriggers", kView},
      {"/crossdock.admin.v1.SiteService/ListSites", kView, kShared},
      {"/crossdock.admin.v1.SiteService/ListLinks", kView, kShared},
      {"/crossdock.admin.v1.SiteService/SetLink", kOperate},
      {"/crossdock.admin.v1.SiteService/ListAgents", kView, kShared},
      {"/crossdock.admin.v1.SiteService/RegisterGrant", kAdministerSite},
      // A denial reaches every site and everybody's keys, so it takes those who say for the whole studio who belongs.
      {"/crossdock.admin.v1.SiteService/DenyKey", kSetRoster},
      {"/crossdock.admin.v1.SiteService/ListRelays", kView, kShared},
      {"/crossdock.admin.v1.SiteService/AddRelay", kAdministerSite},
      {"/crossdock.admin.v1.SiteService/SetRelayKeys", kAdministerSite},
      {"/crossdock.admin.v1.SiteService/GetTicketKey", kView, kShared},
      // Its path map and approvers are every client's.
      {"/crossdock.admin.v1.SiteService/GetRoster", kView},
      {"/crossdock.admin.v1.SiteService/SetRoster", kSetRoster},
      {"/crossdock.admin.v1.TokenService/CreateToken", kAdministerTokens},
      {"/crossdock.admin.v1.TokenService/ListTokens", kAdministerTokens},
      {"/crossdock.admin.v1.TokenService/RevokeToken", kAdministerTokens},
      {"/crossdock.admin.v1.RoleService/GrantRole", kAdministerTokens},
      {"/crossdock.admin.v1.RoleService/RevokeRole", kAdministerTokens},
      {"/crossdock.admin.v1.RoleService/ListRoleGrants", kReviewAccess},
      {"/crossdock.admin.v1.AccessReviewService/OpenAccessReview", kAdministerTokens},
      {"/crossdock.admin.v1.AccessReviewService/GetAccessReview", kReviewAccess},
      // Each grant by its own reviewer, whom the review names.
      {"/crossdock.admin.v1.AccessReviewService/AttestAccess", kAdministerTokens},
      {"/crossdock.admin.v1.AccessReviewService/CloseAccessReview", kAdministerTokens},
      {"/crossdock.admin.v1.AuditService/ListAuditRecords", kAudit, kOwn},
      {"/crossdock.admin.v1.AuditService/ListCustody", kAudit, kOwn},
      {"/crossdock.admin.v1.AuditService/ListAuditLogs", kAudit, kOwn},
      {"/crossdock.admin.v1.AuditService/GetAuditLog", kAudit, kOwn},
      {"/crossdock.admin.v1.AuditService/ListAuditLeaves", kAudit, kOwn},
      {"/crossdock.admin.v1.AuditService/ListAuditCheckpoints", kAudit, kOwn},
      {"/crossdock.admin.v1.AuditService/GetAuditProof", kAudit, kOwn},
      {"/crossdock.agent.v1.SessionService/Connect", kAgent},
      {"/crossdock.agent.v1.AttemptService/UploadManifest", kAgent},
      {"/crossdock.agent.v1.AttemptService/ReportScan", kAgent},
      {"/crossdock.agent.v1.AttemptService/ReportContent", kAgent},
      {"/crossdock.agent.v1.AttemptService/CommitAttempt", kAgent},
      {"/crossdock.agent.v1.AttemptService/SubmitReceipt", kAgent},
      {"/crossdock.agent.v1.AttemptService/ReportFailure", kAgent},
      {"/crossdock.agent.v1.AttemptService/ReportClean", kAgent},
      // On the API port and without a certificate: a signed grant, or the old certificate's key, speaks for the caller.
      {"/crossdock.agent.v1.EnrolmentService/Enrol", kAnonymous, kShared},
      {"/crossdock.agent.v1.EnrolmentService/Renew", kAnonymous, kShared},
  };
}

}  // namespace crossdock::orchestrator::api
