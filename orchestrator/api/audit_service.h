// The audit log: its rows, and what an auditor needs to verify them without believing us.
#pragma once

#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "orchestrator/api/serve.h"

namespace crossdock::orchestrator::api {

// Thread-safe.
class AuditService : public admin::v1::AuditService::Service {
 public:
  explicit AuditService(const ApiContext& api) : api_(api) {}
  grpc::Status ListAuditRecords(grpc::ServerContext* context, const admin::v1::ListAuditRecordsRequest* request,
                                admin::v1::ListAuditRecordsResponse* response) override;
  grpc::Status ListCustody(grpc::ServerContext* context, const admin::v1::ListCustodyRequest* request,
                           admin::v1::ListCustodyResponse* response) override;
  grpc::Status ListAuditLogs(grpc::ServerContext* context, const admin::v1::ListAuditLogsRequest* request,
                             admin::v1::ListAuditLogsResponse* response) override;
  grpc::Status GetAuditLog(grpc::ServerContext* context, const admin::v1::GetAuditLogRequest* request,
                           admin::v1::GetAuditLogResponse* response) override;
  grpc::Status ListAuditLeaves(grpc::ServerContext* context, const admin::v1::ListAuditLeavesRequest* request,
                               admin::v1::ListAuditLeavesResponse* response) override;
  grpc::Status ListAuditCheckpoints(grpc::ServerContext* context, const admin::v1::ListAuditCheckpointsRequest* request,
                                    admin::v1::ListAuditCheckpointsResponse* response) override;
  grpc::Status GetAuditProof(grpc::ServerContext* context, const admin::v1::GetAuditProofRequest* request,
                             admin::v1::GetAuditProofResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
