// Policies and triggers: what people have decided in advance.
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
  grpc::Status ActivatePolicy(grpc::ServerContext* context, const admin::v1::ActivatePolicyRequest* request,
                              admin::v1::ActivatePolicyResponse* response) override;
  grpc::Status ListPolicies(grpc::ServerContext* context, const admin::v1::ListPoliciesRequest* request,
                            admin::v1::ListPoliciesResponse* response) override;
  grpc::Status GetPolicy(grpc::ServerContext* context, const admin::v1::GetPolicyRequest* request,
                         admin::v1::GetPolicyResponse* response) override;

 private:
  const ApiContext& api_;
};

// Thread-safe.
class TriggerService : public admin::v1::TriggerService::Service {
 public:
  explicit TriggerService(const ApiContext& api) : api_(api) {}
  grpc::Status ApplyTriggers(grpc::ServerContext* context, const admin::v1::ApplyTriggersRequest* request,
                             admin::v1::ApplyTriggersResponse* response) override;
  grpc::Status ListTriggers(grpc::ServerContext* context, const admin::v1::ListTriggersRequest* request,
                            admin::v1::ListTriggersResponse* response) override;
  grpc::Status TestTriggers(grpc::ServerContext* context, const admin::v1::TestTriggersRequest* request,
                            admin::v1::TestTriggersResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
