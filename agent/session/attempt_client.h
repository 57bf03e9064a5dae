// AttemptReports over gRPC.
#pragma once

#include <grpcpp/channel.h>

#include <functional>
#include <memory>

#include "agent/core/attempt_reports.h"
#include "crossdock/agent/v1/session.grpc.pb.h"
#include "lib/base/mutex.h"
#include "lib/base/random.h"

namespace crossdock::agent {

struct AttemptClientOptions {
  std::chrono::milliseconds call_timeout{30'000};
  std::chrono::milliseconds retry_first{200};
  std::chrono::milliseconds retry_most{15'000};
};

class AttemptClient : public AttemptReports {
 public:
  // `random` outlives the client.
  AttemptClient(std::shared_ptr<grpc::Channel> channel, base::Random& random, const AttemptClientOptions& options = {});

  absl::Status UploadManifest(const std::string& transfer, uint64_t scan, uint64_t index, std::string chunk,
                              std::stop_token stop) override;
  absl::Status ReportScan(const ScanReport& report, std::stop_token stop) override;
  absl::Status ReportContent(const ContentReport& report, std::stop_token stop) override;
  absl::StatusOr<CommitAnswer> Commit(const std::string& transfer, wire::Epoch epoch, const std::string& listing,
                                      const std::string& content, std::stop_token stop) override;
  absl::Status SubmitReceipt(const std::string& transfer, wire::Epoch epoch, const std::string& receipt,
                             bool already_present, std::stop_token stop) override;
  absl::Status ReportFailure(const std::string& transfer, wire::Epoch epoch, const std::string& reason,
                             const std::string& detail, std::stop_token stop) override;
  absl::Status ReportClean(const std::string& transfer, wire::Epoch epoch, const std::string& reason,
                           const std::string& detail, std::stop_token stop) override;

 private:
  // Calls until there is an answer.
  absl::Status Call(std::string_view what, const std::stop_token& stop,
                    const std::function<grpc::Status(grpc::ClientContext*)>& once);

  const std::unique_ptr<v1::AttemptService::Stub> stub_;
  base::Random& random_;
  const AttemptClientOptions options_;
};

}  // namespace crossdock::agent
