// AttemptService on gRPC: translates, asks the desk. Every call's agent is the caller's own name.
#pragma once

#include "crossdock/agent/v1/session.grpc.pb.h"
#include "lib/rpc/gate.h"
#include "orchestrator/core/agent_desk.h"

namespace crossdock::orchestrator::api {

class AttemptService : public crossdock::agent::v1::AttemptService::Service {
 public:
  // Both outlive the service.
  AttemptService(AgentDesk& desk, const rpc::Gate& gate) : desk_(desk), gate_(gate) {}

  grpc::Status UploadManifest(grpc::ServerContext* context, const crossdock::agent::v1::UploadManifestRequest* request,
                              crossdock::agent::v1::UploadManifestResponse* response) override;
  grpc::Status ReportScan(grpc::ServerContext* context, const crossdock::agent::v1::ReportScanRequest* request,
                          crossdock::agent::v1::ReportScanResponse* response) override;
  grpc::Status ReportContent(grpc::ServerContext* context, const crossdock::agent::v1::ReportContentRequest* request,
                             crossdock::agent::v1::ReportContentResponse* response) override;
  grpc::Status CommitAttempt(grpc::ServerContext* context, const crossdock::agent::v1::CommitAttemptRequest* request,
                             crossdock::agent::v1::CommitAttemptResponse* response) override;
  grpc::Status SubmitReceipt(grpc::ServerContext* context, const crossdock::agent::v1::SubmitReceiptRequest* request,
                             crossdock::agent::v1::SubmitReceiptResponse* response) override;
  grpc::Status ReportFailure(grpc::ServerContext* context, const crossdock::agent::v1::ReportFailureRequest* request,
                             crossdock::agent::v1::ReportFailureResponse* response) override;
  grpc::Status ReportClean(grpc::ServerContext* context, const crossdock::agent::v1::ReportCleanRequest* request,
                           crossdock::agent::v1::ReportCleanResponse* response) override;

 private:
  AgentDesk& desk_;
  const rpc::Gate& gate_;
};

}  // namespace crossdock::orchestrator::api
