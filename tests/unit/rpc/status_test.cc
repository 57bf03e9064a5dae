#include "lib/rpc/status.h"

#include "catch2/catch.hpp"
#include "google/rpc/details.pb.h"
#include "google/rpc/status.pb.h"
#include "lib/base/status.h"

namespace crossdock::rpc {
namespace {

int ErrorInfosIn(const grpc::Status& status) {
  google::rpc::Status packed;
  REQUIRE(packed.ParseFromString(status.error_details()));
  int found = 0;
  for (const auto& detail : packed.details()) found += detail.Is<google::rpc::ErrorInfo>() ? 1 : 0;
  return found;
}

TEST_CASE("an error keeps its code, sentence and reason on its way", "[error]") {
  const absl::Status sent = base::WithReason(base::FailedPrecondition("link lon → van is held"), "LINK_HELD");
  const grpc::Status wire = ToGrpc(sent);
  CHECK(ErrorInfosIn(wire) == 1);
  const absl::Status got = FromGrpc(wire);
  CHECK(got.code() == sent.code());
  CHECK(got.message() == sent.message());
  CHECK(base::ReasonOf(got) == "LINK_HELD");
  CHECK(base::ReasonOf(FromGrpc(ToGrpc(base::NotFound("x")))) == "NOT_FOUND");
  CHECK(ToGrpc(absl::OkStatus()).ok());
  CHECK(base::ReasonOf(FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "from gRPC itself"))) == "UNAVAILABLE");
}

TEST_CASE("what is refused before any handler ran carries its reason in the message, and arrives without it",
          "[error]") {
  const grpc::Status sent = ToGrpcByMessage(base::WithReason(base::PermissionDenied("no [A_B] here"), "TOKEN_EXPIRED"));
  CHECK(sent.error_message() == "no [A_B] here [TOKEN_EXPIRED]");
  // gRPC drops the details there.
  const absl::Status arrived = FromGrpc(grpc::Status(sent.error_code(), sent.error_message()));
  CHECK(base::ReasonOf(arrived) == "TOKEN_EXPIRED");
  CHECK(arrived.message() == "no [A_B] here");
  for (const char* plain : {"", "[]", "so [much]", "so [A_B] it is", "A_B]"}) {
    CHECK(base::ReasonOf(FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, plain))) == "UNAVAILABLE");
  }
}

TEST_CASE("what is wrong in a request, and when to come back, travel beside the reason", "[error]") {
  const grpc::Status wire = ToGrpc(InvalidFields({{"link.concurrency", "is 0"}, {"link.source_site", "is empty"}}));
  CHECK(ErrorInfosIn(wire) == 1);
  const auto fields = FieldViolationsOf(FromGrpc(wire));
  REQUIRE(fields.size() == 2);
  CHECK(fields[1].field == "link.source_site");
  const absl::Status busy = WithRetryAfter(base::ResourceExhausted("full"), std::chrono::milliseconds(1500));
  CHECK(RetryAfterOf(FromGrpc(ToGrpc(busy))) == std::chrono::milliseconds(1500));
  CHECK(RetryAfterOf(FromGrpc(ToGrpc(base::NotFound("x")))).count() == 0);
}

TEST_CASE("T-12: our own failures leave as a correlation id, never as paths or SQL", "[error]") {
  for (const auto code : {absl::StatusCode::kInternal, absl::StatusCode::kUnknown, absl::StatusCode::kDataLoss}) {
    const grpc::Status wire =
        ToGrpc(base::WithReason(base::Error(code, "/var/lib/x: SELECT secret FROM host-7"), "SQL_BROKEN"));
    const std::string everything = wire.error_message() + wire.error_details();
    for (const char* leak : {"/var", "SELECT", "host-7", "SQL_BROKEN"}) {
      CHECK(everything.find(leak) == std::string::npos);
    }
    const absl::Status got = FromGrpc(wire);
    CHECK(got.code() == absl::StatusCode::kInternal);
    CHECK(CorrelationOf(got).size() == 16);
  }
}

}  // namespace
}  // namespace crossdock::rpc
