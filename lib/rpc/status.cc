#include "lib/rpc/status.h"

#include <google/protobuf/duration.pb.h>

#include <algorithm>

#include "absl/strings/cord.h"
#include "google/rpc/details.pb.h"
#include "google/rpc/status.pb.h"
#include "lib/base/encoding.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/status.h"

namespace crossdock::rpc {
namespace {

constexpr char kDomain[] = "crossdock";
constexpr char kCorrelation[] = "correlation_id";
// Payloads of absl::Status, beside the reason of lib/base.
constexpr char kBadRequestUrl[] = "crossdock/bad-request";
constexpr char kRetryUrl[] = "crossdock/retry-after-milliseconds";
constexpr char kCorrelationUrl[] = "crossdock/correlation";

std::string PayloadOf(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  return payload ? std::string(*payload) : std::string();
}

// absl and gRPC give the codes the same numbers, by design of both.
grpc::StatusCode CodeOf(absl::StatusCode code) { return static_cast<grpc::StatusCode>(code); }

std::string_view ReasonOfCode(absl::StatusCode code) {
  static const auto* names = new std::vector<std::string>([] {
    std::vector<std::string> made;
    for (int i = 0; i <= 16; ++i) made.push_back(absl::StatusCodeToString(static_cast<absl::StatusCode>(i)));
    return made;
  }());
  const size_t index = static_cast<size_t>(code);
  return index < names->size() ? std::string_view((*names)[index]) : "UNKNOWN";
}

bool IsOurOwnFailure(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

grpc::Status Pack(absl::StatusCode code, const std::string& message, const google::rpc::ErrorInfo& info,
                  const absl::Status& status) {
  google::rpc::Status packed;
  packed.set_code(static_cast<int>(code));
  packed.set_message(message);
  packed.add_details()->PackFrom(info);
  if (google::rpc::BadRequest bad;
      bad.ParseFromString(PayloadOf(status, kBadRequestUrl)) && bad.field_violations_size() > 0) {
    packed.add_details()->PackFrom(bad);
  }
  if (const auto delay = RetryAfterOf(status); delay.count() > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(delay.count() / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay.count() % 1000 * 1'000'000));
    packed.add_details()->PackFrom(retry);
  }
  return grpc::Status(CodeOf(code), message, packed.SerializeAsString());
}

// "TOKEN_EXPIRED" of "it is over [TOKEN_EXPIRED]", which then reads "it is over"; nothing when no reason ends it.
std::string TakeReason(std::string& message) {
  const size_t begin = message.rfind(" [");
  if (begin == std::string::npos || message.back() != ']') return "";
  std::string reason = message.substr(begin + 2, message.size() - begin - 3);
  const bool is_reason = !reason.empty() && std::all_of(reason.begin(), reason.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!is_reason) return "";
  message.resize(begin);
  return reason;
}

}  // namespace

absl::Status InvalidFields(const std::vector<FieldViolation>& violations) {
  google::rpc::BadRequest bad;
  for (const FieldViolation& violation : violations) {
    auto* added = bad.add_field_violations();
    added->set_field(violation.field);
    added->set_description(violation.description);
  }
  absl::Status status = violations.empty()
                            ? base::InvalidArgument("invalid request")
                            : base::InvalidArgument(violations.front().field, ": ", violations.front().description);
  status.SetPayload(kBadRequestUrl, absl::Cord(bad.SerializeAsString()));
  return base::WithReason(std::move(status), "FIELD_INVALID");
}

absl::Status WithRetryAfter(absl::Status status, std::chrono::milliseconds delay) {
  if (!status.ok()) status.SetPayload(kRetryUrl, absl::Cord(std::to_string(delay.count())));
  return status;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::ErrorInfo info;
  info.set_domain(kDomain);
  if (IsOurOwnFailure(status.code())) {
    base::SystemRandom random;
    const std::string id = base::ToHex(random.Bytes(8));
    LOG_ERROR("internal error", {{"correlation_id", id},
                                 {"code", ReasonOfCode(status.code())},
                                 {"reason", base::ReasonOf(status)},
                                 {"detail", base::ToStd(status.message())}});
    info.set_reason("INTERNAL");
    (*info.mutable_metadata())[kCorrelation] = id;
    return Pack(absl::StatusCode::kInternal,
                base::StrCat("internal error; the orchestrator's log has it under correlation id ", id), info,
                absl::OkStatus());
  }
  const std::string reason = base::ReasonOf(status);
  info.set_reason(reason.empty() ? std::string(ReasonOfCode(status.code())) : reason);
  return Pack(status.code(), std::string(status.message()), info, status);
}

grpc::Status ToGrpcByMessage(const absl::Status& status) {
  const grpc::Status made = ToGrpc(status);
  const std::string reason = base::ReasonOf(status);
  if (made.ok() || reason.empty() || IsOurOwnFailure(status.code())) return made;
  return grpc::Status(made.error_code(), base::StrCat(made.error_message(), " [", reason, "]"));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  std::string message = status.error_message();
  const std::string told = status.error_details().empty() ? TakeReason(message) : "";
  absl::Status made(static_cast<absl::StatusCode>(status.error_code()), message);
  std::string reason = told.empty() ? std::string(ReasonOfCode(made.code())) : told;
  google::rpc::Status packed;
  if (packed.ParseFromString(status.error_details())) {
    for (const auto& detail : packed.details()) {
      google::rpc::ErrorInfo info;
      google::rpc::BadRequest bad;
      google::rpc::RetryInfo retry;
      if (detail.UnpackTo(&info)) {
        reason = info.reason();
        const auto id = info.metadata().find(kCorrelation);
        if (id != info.metadata().end()) made.SetPayload(kCorrelationUrl, absl::Cord(id->second));
      } else if (detail.UnpackTo(&bad)) {
        made.SetPayload(kBadRequestUrl, absl::Cord(bad.SerializeAsString()));
      } else if (detail.UnpackTo(&retry)) {
        made = WithRetryAfter(std::move(made), std::chrono::milliseconds(retry.retry_delay().seconds() * 1000 +
                                                                         retry.retry_delay().nanos() / 1'000'000));
      }
    }
  }
  return base::WithReason(std::move(made), reason);
}

std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status) {
  google::rpc::BadRequest bad;
  std::vector<FieldViolation> violations;
  if (!bad.ParseFromString(PayloadOf(status, kBadRequestUrl))) return violations;
  for (const auto& violation : bad.field_violations()) {
    violations.push_back({violation.field(), violation.description()});
  }
  return violations;
}

std::chrono::milliseconds RetryAfterOf(const absl::Status& status) {
  return std::chrono::milliseconds(std::strtoll(PayloadOf(status, kRetryUrl).c_str(), nullptr, 10));
}

std::string CorrelationOf(const absl::Status& status) { return PayloadOf(status, kCorrelationUrl); }

}  // namespace crossdock::rpc
