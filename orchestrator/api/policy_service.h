// Policies: their versions, what happened to them, and what candidates would do.
#pragma once

#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "orchestrator/api/serve.h"

namespace crossdock::orchestrator::api {

// Thread-safe.
class PolicyService : public admin::v1::PolicyService::Service {
 public:
  explicit PolicyService(const ApiContext& api) : api_(api) {}
  grpc::Status ProposePolicy(grpc::ServerContext* context, const admin::v1::ProposePolicyRequest* request,
                             admin::v1::ProposePolicyResponse* response) override;
  grpc::Status ApprovePolicy(grpc::ServerContext* context, const admin::v1::ApprovePolicyRequest* request,
                             admin::v1::ApprovePolicyResponse* response) override;
  grpc::Status ActivatePolicy(grpc::ServerContext* context, const admin::v1::ActivatePolicyRequest* request,
                              admin::v1::ActivatePolicyResponse* response) override;
  grpc::Status WithdrawPolicy(grpc::ServerContext* context, const admin::v1::WithdrawPolicyRequest* request,
                              admin::v1::WithdrawPolicyResponse* response) override;
  grpc::Status ListPolicies(grpc::ServerContext* context, const admin::v1::ListPoliciesRequest* request,
                            admin::v1::ListPoliciesResponse* response) override;
  grpc::Status GetPolicy(grpc::ServerContext* context, const admin::v1::GetPolicyRequest* request,
                         admin::v1::GetPolicyResponse* response) override;
  grpc::Status ListPolicyEvents(grpc::ServerContext* context, const admin::v1::ListPolicyEventsRequest* request,
                                admin::v1::ListPolicyEventsResponse* response) override;
  grpc::Status ReplayPolicy(grpc::ServerContext* context, const admin::v1::ReplayPolicyRequest* request,
                            admin::v1::ReplayPolicyResponse* response) override;
  grpc::Status SetShadowPolicy(grpc::ServerContext* context, const admin::v1::SetShadowPolicyRequest* request,
                               admin::v1::SetShadowPolicyResponse* response) override;
  grpc::Status GetShadowPolicy(grpc::ServerContext* context, const admin::v1::GetShadowPolicyRequest* request,
                               admin::v1::GetShadowPolicyResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
