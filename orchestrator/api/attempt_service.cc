#include "orchestrator/api/attempt_service.h"

#include <functional>
#include <string>

#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = crossdock::agent::v1;

constexpr size_t kManifestChunkMax = 1u << 20;  // bytes
constexpr int kFindingsMax = 100;
constexpr size_t kReasonMax = 64;
constexpr size_t kDetailMax = 4096;
constexpr size_t kReceiptMax = 64u << 10;

Epoch FromMessage(const v1::Epoch& epoch) { return {epoch.generation(), epoch.n()}; }

absl::Status TooLarge(std::string_view what, size_t size, size_t size_max) {
  if (size <= size_max) return absl::OkStatus();
  return base::WithReason(base::InvalidArgument(what, " of ", size, " bytes; at most ", size_max), "REQUEST_TOO_LARGE");
}

// A hostile or broken agent's sentence is cut, never a reason to lose the report.
std::string Cut(const std::string& text, size_t size_max) { return text.substr(0, size_max); }

grpc::Status For(const rpc::Gate& gate, const grpc::ServerContext& context,
                 const std::function<absl::Status(const std::string& agent)>& body) {
  const absl::StatusOr<rpc::Caller> caller = gate.CallerOf(context);
  if (!caller.ok()) return rpc::ToGrpc(caller.status());
  if (caller->kind != rpc::CallerKind::kAgent) return rpc::ToGrpc(base::PermissionDenied("only agents call this"));
  return rpc::ToGrpc(body(caller->id.name));
}

}  // namespace

grpc::Status AttemptService::UploadManifest(grpc::ServerContext* context, const v1::UploadManifestRequest* request,
                                            v1::UploadManifestResponse*) {
  return For(gate_, *context, [&](const std::string& agent) -> absl::Status {
    RETURN_IF_ERROR(TooLarge("a manifest chunk", request->chunk().size(), kManifestChunkMax));
    return desk_.RecordManifestChunk(agent, request->transfer(), static_cast<int64_t>(request->scan()),
                                     static_cast<int64_t>(request->index()), request->chunk());
  });
}

grpc::Status AttemptService::ReportScan(grpc::ServerContext* context, const v1::ReportScanRequest* request,
                                        v1::ReportScanResponse*) {
  return For(gate_, *context, [&](const std::string& agent) {
    ScanOutcome outcome;
    outcome.transfer = request->transfer();
    outcome.scan = static_cast<int64_t>(request->scan());
    outcome.reason = Cut(request->reason(), kReasonMax);
    outcome.detail = Cut(request->detail(), kDetailMax);
    outcome.files = static_cast<int64_t>(request->files());
    outcome.bytes = static_cast<int64_t>(request->bytes());
    outcome.listing = request->listing_digest();
    outcome.chunks = static_cast<int64_t>(request->chunks());
    for (int i = 0; i < std::min(request->findings_size(), kFindingsMax); ++i) {
      const v1::ScanFinding& finding = request->findings(i);
      outcome.findings.push_back(
          {Cut(finding.code(), kReasonMax), Cut(finding.path(), kDetailMax), Cut(finding.detail(), kDetailMax)});
    }
    return desk_.RecordScan(agent, outcome);
  });
}

grpc::Status AttemptService::ReportContent(grpc::ServerContext* context, const v1::ReportContentRequest* request,
                                           v1::ReportContentResponse*) {
  return For(gate_, *context, [&](const std::string& agent) {
    ContentOutcome outcome;
    outcome.transfer = request->transfer();
    outcome.scan = static_cast<int64_t>(request->scan());
    outcome.reason = Cut(request->reason(), kReasonMax);
    outcome.detail = Cut(request->detail(), kDetailMax);
    outcome.listing = request->listing_digest();
    outcome.content = request->content_root();
    return desk_.RecordContent(agent, outcome);
  });
}

grpc::Status AttemptService::CommitAttempt(grpc::ServerContext* context, const v1::CommitAttemptRequest* request,
                                           v1::CommitAttemptResponse* response) {
  return For(gate_, *context, [&](const std::string& agent) -> absl::Status {
    ASSIGN_OR_RETURN(const CommitReply reply, desk_.Commit(agent, request->transfer(), FromMessage(request->epoch()),
                                                           request->listing_digest(), request->content_root()));
    switch (reply.word) {
      case CommitWord::kPublish:
        response->set_verdict(v1::CommitAttemptResponse::VERDICT_PUBLISH);
        break;
      case CommitWord::kFenced:
        response->set_verdict(v1::CommitAttemptResponse::VERDICT_FENCED);
        break;
      case CommitWord::kRefused:
        response->set_verdict(v1::CommitAttemptResponse::VERDICT_REFUSED);
        break;
    }
    response->set_reason(reply.reason);
    response->set_detail(reply.detail);
    return absl::OkStatus();
  });
}

grpc::Status AttemptService::SubmitReceipt(grpc::ServerContext* context, const v1::SubmitReceiptRequest* request,
                                           v1::SubmitReceiptResponse*) {
  return For(gate_, *context, [&](const std::string& agent) -> absl::Status {
    RETURN_IF_ERROR(TooLarge("a receipt", request->receipt().size(), kReceiptMax));
    return desk_.SubmitReceipt(agent, request->transfer(), FromMessage(request->epoch()), request->receipt(),
                               request->already_present());
  });
}

grpc::Status AttemptService::ReportFailure(grpc::ServerContext* context, const v1::ReportFailureRequest* request,
                                           v1::ReportFailureResponse*) {
  return For(gate_, *context, [&](const std::string& agent) {
    return desk_.ReportFailure(agent, request->transfer(), FromMessage(request->epoch()),
                               Cut(request->reason(), kReasonMax), Cut(request->detail(), kDetailMax));
  });
}

grpc::Status AttemptService::ReportClean(grpc::ServerContext* context, const v1::ReportCleanRequest* request,
                                         v1::ReportCleanResponse*) {
  return For(gate_, *context, [&](const std::string& agent) {
    return desk_.RecordClean(agent, {request->transfer(), FromMessage(request->epoch()),
                                     Cut(request->reason(), kReasonMax), Cut(request->detail(), kDetailMax)});
  });
}

}  // namespace crossdock::orchestrator::api
