// Errors on the wire: absl::Status ⇄ grpc::Status with google.rpc details.
//
// Each error carries exactly one ErrorInfo: domain "crossdock" and the UPPER_SNAKE reason of base::ReasonOf. What is
// our own failure (INTERNAL, UNKNOWN, DATA_LOSS) never leaves: the caller gets a correlation id, the log has the rest.
#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace crossdock::rpc {

struct FieldViolation {
  std::string field;  // "link.concurrency"
  std::string description;
};

// INVALID_ARGUMENT over fields of a request; travels as BadRequest. The message is the first one's.
absl::Status InvalidFields(const std::vector<FieldViolation>& violations);
// `status` with the advice to call again no sooner than `delay`; travels as RetryInfo.
absl::Status WithRetryAfter(absl::Status status, std::chrono::milliseconds delay);

grpc::Status ToGrpc(const absl::Status& status);
// Of what is refused before any handler runs: gRPC sends no details of it, so the reason ends the message
// ("… [TOKEN_EXPIRED]"), from where FromGrpc takes it.
grpc::Status ToGrpcByMessage(const absl::Status& status);
// Restores the reason; one that the peer did not send is made from the code ("UNAVAILABLE"). Details beside it:
absl::Status FromGrpc(const grpc::Status& status);
// What the error's BadRequest and RetryInfo say, of a status that FromGrpc made or InvalidFields did.
std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status);
std::chrono::milliseconds RetryAfterOf(const absl::Status& status);  // 0: no advice
// The id under which the peer logged the error; "" when it has none.
std::string CorrelationOf(const absl::Status& status);

}  // namespace crossdock::rpc
