#include "agent/session/attempt_client.h"

#include <condition_variable>
#include <mutex>

#include "agent/core/backoff.h"
#include "agent/session/messages.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/status.h"

namespace crossdock::agent {
namespace {

// No answer, or one that says nothing about the question: the same call again is harmless.
bool IsWorthRepeating(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnauthenticated:  // the certificate is being renewed
      return true;
    default:
      return false;
  }
}

void WaitUnlessStopped(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

AttemptClient::AttemptClient(std::shared_ptr<grpc::Channel> channel, base::Random& random,
                             const AttemptClientOptions& options)
    : stub_(v1::AttemptService::NewStub(std::move(channel))), random_(random), options_(options) {}

absl::Status AttemptClient::Call(std::string_view what, const std::stop_token& stop,
                                 const std::function<grpc::Status(grpc::ClientContext*)>& once) {
  Backoff backoff(options_.retry_first, options_.retry_most);
  while (!stop.stop_requested()) {
    const auto context = rpc::CallWithin(options_.call_timeout);
    std::stop_callback cancel(stop, [&context] { context->TryCancel(); });
    const absl::Status status = rpc::FromGrpc(once(context.get()));
    if (status.ok() || !IsWorthRepeating(status)) return status;
    if (stop.stop_requested()) break;
    LOG_DEBUG("no answer, calling again", {{"call", what}, {"detail", base::ToStd(status.message())}});
    const std::chrono::milliseconds wait = std::max(backoff.Next(random_), rpc::RetryAfterOf(status));
    WaitUnlessStopped(wait, stop);
  }
  return base::WithReason(base::Error(absl::StatusCode::kCancelled, what, " was given up: the task was stopped"),
                          "CANCELLED");
}

absl::Status AttemptClient::UploadManifest(const std::string& transfer, uint64_t scan, uint64_t index,
                                           std::string chunk, std::stop_token stop) {
  v1::UploadManifestRequest request;
  request.set_transfer(transfer);
  request.set_scan(scan);
  request.set_index(index);
  request.set_chunk(std::move(chunk));
  v1::UploadManifestResponse response;
  return Call("UploadManifest", stop,
              [&](grpc::ClientContext* context) { return stub_->UploadManifest(context, request, &response); });
}

absl::Status AttemptClient::ReportScan(const ScanReport& report, std::stop_token stop) {
  v1::ReportScanRequest request;
  request.set_transfer(report.transfer);
  request.set_scan(report.scan);
  request.set_reason(report.reason);
  request.set_detail(report.detail);
  request.set_files(report.files);
  request.set_bytes(report.bytes);
  request.set_listing_digest(report.listing);
  request.set_chunks(report.chunks);
  for (size_t i = 0; i < report.findings.size() && i < kFindingsMax; ++i) {
    v1::ScanFinding& finding = *request.add_findings();
    finding.set_code(report.findings[i].code);
    finding.set_path(report.findings[i].path);
    finding.set_detail(report.findings[i].detail);
  }
  v1::ReportScanResponse response;
  return Call("ReportScan", stop,
              [&](grpc::ClientContext* context) { return stub_->ReportScan(context, request, &response); });
}

absl::Status AttemptClient::ReportContent(const ContentReport& report, std::stop_token stop) {
  v1::ReportContentRequest request;
  request.set_transfer(report.transfer);
  request.set_scan(report.scan);
  request.set_reason(report.reason);
  request.set_detail(report.detail);
  request.set_listing_digest(report.listing);
  request.set_content_root(report.content);
  v1::ReportContentResponse response;
  return Call("ReportContent", stop,
              [&](grpc::ClientContext* context) { return stub_->ReportContent(context, request, &response); });
}

absl::StatusOr<CommitAnswer> AttemptClient::Commit(const std::string& transfer, wire::Epoch epoch,
                                                   const std::string& listing, const std::string& content,
                                                   std::stop_token stop) {
  v1::CommitAttemptRequest request;
  request.set_transfer(transfer);
  Fill(epoch, request.mutable_epoch());
  request.set_listing_digest(listing);
  request.set_content_root(content);
  v1::CommitAttemptResponse response;
  RETURN_IF_ERROR(Call("CommitAttempt", stop, [&](grpc::ClientContext* context) {
    return stub_->CommitAttempt(context, request, &response);
  }));
  CommitAnswer answer;
  answer.reason = response.reason();
  answer.detail = response.detail();
  switch (response.verdict()) {
    case v1::CommitAttemptResponse::VERDICT_PUBLISH:
      answer.verdict = CommitVerdict::kPublish;
      return answer;
    case v1::CommitAttemptResponse::VERDICT_FENCED:
      answer.verdict = CommitVerdict::kFenced;
      return answer;
    case v1::CommitAttemptResponse::VERDICT_REFUSED:
      answer.verdict = CommitVerdict::kRefused;
      return answer;
    default:
      return base::Internal("CommitAttempt answered with verdict ", static_cast<int>(response.verdict()),
                            ", which this version does not know");
  }
}

absl::Status AttemptClient::SubmitReceipt(const std::string& transfer, wire::Epoch epoch, const std::string& receipt,
                                          bool already_present, std::stop_token stop) {
  v1::SubmitReceiptRequest request;
  request.set_transfer(transfer);
  Fill(epoch, request.mutable_epoch());
  request.set_receipt(receipt);
  request.set_already_present(already_present);
  v1::SubmitReceiptResponse response;
  return Call("SubmitReceipt", stop,
              [&](grpc::ClientContext* context) { return stub_->SubmitReceipt(context, request, &response); });
}

absl::Status AttemptClient::ReportFailure(const std::string& transfer, wire::Epoch epoch, const std::string& reason,
                                          const std::string& detail, std::stop_token stop) {
  v1::ReportFailureRequest request;
  request.set_transfer(transfer);
  Fill(epoch, request.mutable_epoch());
  request.set_reason(reason);
  request.set_detail(detail);
  v1::ReportFailureResponse response;
  return Call("ReportFailure", stop,
              [&](grpc::ClientContext* context) { return stub_->ReportFailure(context, request, &response); });
}

absl::Status AttemptClient::ReportClean(const std::string& transfer, wire::Epoch epoch, const std::string& reason,
                                        const std::string& detail, std::stop_token stop) {
  v1::ReportCleanRequest request;
  request.set_transfer(transfer);
  Fill(epoch, request.mutable_epoch());
  request.set_reason(reason);
  request.set_detail(detail);
  v1::ReportCleanResponse response;
  return Call("ReportClean", stop,
              [&](grpc::ClientContext* context) { return stub_->ReportClean(context, request, &response); });
}

}  // namespace crossdock::agent
