// Transfers: made, shown, explained, watched, cancelled.
#pragma once

#include "crossdock/studio/v1/transfer.grpc.pb.h"
#include "orchestrator/api/serve.h"
#include "orchestrator/api/watches.h"

namespace crossdock::orchestrator::api {

// Unary methods are gRPC's sync ones, the watch is a callback stream.
using TransferServiceBase =
    studio::v1::TransferService::WithCallbackMethod_WatchTransfers<studio::v1::TransferService::Service>;

// The transfer, if the caller may know that it exists; TRANSFER_UNKNOWN otherwise.
absl::StatusOr<Transfer> LoadVisible(pg::Tx& tx, std::string_view transfer, const rpc::Caller& caller);
// The same in a transaction of its own.
absl::StatusOr<Transfer> LoadVisible(const ApiContext& api, std::string_view transfer, const rpc::Caller& caller);

// As it stands now.
absl::Status Show(const ApiContext& api, std::string_view transfer, const rpc::Caller& caller,
                  studio::v1::Transfer* out);

// Thread-safe.
class TransferService : public TransferServiceBase {
 public:
  TransferService(const ApiContext& api, Watches& watches) : api_(api), watches_(watches) {}

  grpc::Status CreateTransfer(grpc::ServerContext* context, const studio::v1::CreateTransferRequest* request,
                              studio::v1::CreateTransferResponse* response) override;
  grpc::Status GetTransfer(grpc::ServerContext* context, const studio::v1::GetTransferRequest* request,
                           studio::v1::GetTransferResponse* response) override;
  grpc::Status ListTransfers(grpc::ServerContext* context, const studio::v1::ListTransfersRequest* request,
                             studio::v1::ListTransfersResponse* response) override;
  grpc::ServerWriteReactor<studio::v1::WatchTransfersResponse>* WatchTransfers(
      grpc::CallbackServerContext* context, const studio::v1::WatchTransfersRequest* request) override;
  grpc::Status ExplainTransfer(grpc::ServerContext* context, const studio::v1::ExplainTransferRequest* request,
                               studio::v1::ExplainTransferResponse* response) override;
  grpc::Status CancelTransfer(grpc::ServerContext* context, const studio::v1::CancelTransferRequest* request,
                              studio::v1::CancelTransferResponse* response) override;
  grpc::Status PauseTransfer(grpc::ServerContext* context, const studio::v1::PauseTransferRequest* request,
                             studio::v1::PauseTransferResponse* response) override;
  grpc::Status ResumeTransfer(grpc::ServerContext* context, const studio::v1::ResumeTransferRequest* request,
                              studio::v1::ResumeTransferResponse* response) override;
  grpc::Status RetryTransfer(grpc::ServerContext* context, const studio::v1::RetryTransferRequest* request,
                             studio::v1::RetryTransferResponse* response) override;

 private:
  const ApiContext& api_;
  Watches& watches_;
};

}  // namespace crossdock::orchestrator::api
