// What waits for signatures, the manifests to be looked at, and the signatures.
#pragma once

#include "crossdock/studio/v1/approval.grpc.pb.h"
#include "orchestrator/api/serve.h"

namespace crossdock::orchestrator::api {

// Thread-safe.
class ApprovalService : public studio::v1::ApprovalService::Service {
 public:
  explicit ApprovalService(const ApiContext& api) : api_(api) {}
  grpc::Status ListApprovals(grpc::ServerContext* context, const studio::v1::ListApprovalsRequest* request,
                             studio::v1::ListApprovalsResponse* response) override;
  grpc::Status GetApproval(grpc::ServerContext* context, const studio::v1::GetApprovalRequest* request,
                           studio::v1::GetApprovalResponse* response) override;
  grpc::Status GetManifestChunk(grpc::ServerContext* context, const studio::v1::GetManifestChunkRequest* request,
                                studio::v1::GetManifestChunkResponse* response) override;
  grpc::Status SubmitApproval(grpc::ServerContext* context, const studio::v1::SubmitApprovalRequest* request,
                              studio::v1::SubmitApprovalResponse* response) override;
  grpc::Status WithdrawApproval(grpc::ServerContext* context, const studio::v1::WithdrawApprovalRequest* request,
                                studio::v1::WithdrawApprovalResponse* response) override;
  grpc::Status ListSignedApprovals(grpc::ServerContext* context, const studio::v1::ListSignedApprovalsRequest* request,
                                   studio::v1::ListSignedApprovalsResponse* response) override;
  grpc::Status AddDelegation(grpc::ServerContext* context, const studio::v1::AddDelegationRequest* request,
                             studio::v1::AddDelegationResponse* response) override;
  grpc::Status EndDelegation(grpc::ServerContext* context, const studio::v1::EndDelegationRequest* request,
                             studio::v1::EndDelegationResponse* response) override;
  grpc::Status ListDelegations(grpc::ServerContext* context, const studio::v1::ListDelegationsRequest* request,
                               studio::v1::ListDelegationsResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
