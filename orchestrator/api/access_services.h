// Roles that people are given for a time, and the reviews of them.
#pragma once

#include "crossdock/admin/v1/access.grpc.pb.h"
#include "orchestrator/api/serve.h"

namespace crossdock::orchestrator::api {

// Thread-safe.
class RoleService : public admin::v1::RoleService::Service {
 public:
  explicit RoleService(const ApiContext& api) : api_(api) {}
  grpc::Status GrantRole(grpc::ServerContext* context, const admin::v1::GrantRoleRequest* request,
                         admin::v1::GrantRoleResponse* response) override;
  grpc::Status RevokeRole(grpc::ServerContext* context, const admin::v1::RevokeRoleRequest* request,
                          admin::v1::RevokeRoleResponse* response) override;
  grpc::Status ListRoleGrants(grpc::ServerContext* context, const admin::v1::ListRoleGrantsRequest* request,
                              admin::v1::ListRoleGrantsResponse* response) override;

 private:
  const ApiContext& api_;
};

// Thread-safe.
class AccessReviewService : public admin::v1::AccessReviewService::Service {
 public:
  explicit AccessReviewService(const ApiContext& api) : api_(api) {}
  grpc::Status OpenAccessReview(grpc::ServerContext* context, const admin::v1::OpenAccessReviewRequest* request,
                                admin::v1::OpenAccessReviewResponse* response) override;
  grpc::Status GetAccessReview(grpc::ServerContext* context, const admin::v1::GetAccessReviewRequest* request,
                               admin::v1::GetAccessReviewResponse* response) override;
  grpc::Status AttestAccess(grpc::ServerContext* context, const admin::v1::AttestAccessRequest* request,
                            admin::v1::AttestAccessResponse* response) override;
  grpc::Status CloseAccessReview(grpc::ServerContext* context, const admin::v1::CloseAccessReviewRequest* request,
                                 admin::v1::CloseAccessReviewResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
