// No method is only promised: each one that people and tools may call is answered by code of ours.
#include <grpcpp/generic/generic_stub.h>

#include "catch2/catch.hpp"
#include "tests/support/api_server.h"

namespace crossdock::orchestrator::api {
namespace {

using testing::ApiServer;

// Calls `method` with an empty request; a server stream is cut after its beginning.
grpc::Status CallEmpty(grpc::GenericStub& stub, const std::string& method) {
  const auto context = rpc::CallWithin(std::chrono::seconds(20), true);
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  const auto reader = stub.PrepareUnaryCall(context.get(), method, request, &queue);
  grpc::ByteBuffer response;
  grpc::Status status;
  reader->StartCall();
  reader->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  return status;
}

TEST_CASE("every method of people and tools is implemented, and open to whoever holds its role") {
  ApiServer server;
  const auto channel = rpc::MakeChannel(server.WithCertificate("user"));
  REQUIRE(channel.ok());
  grpc::GenericStub stub(*channel);
  int called = 0;
  for (const rpc::MethodRule& rule : MethodRules()) {
    const std::string method(rule.method);
    if (method.find("/crossdock.agent.v1.") == 0 || method.find("/Watch") != std::string::npos) continue;
    INFO(method);
    const grpc::Status status = CallEmpty(stub, method);
    INFO(status.error_code() << ": " << status.error_message());
    CHECK(status.error_code() != grpc::StatusCode::UNIMPLEMENTED);
    CHECK(status.error_code() != grpc::StatusCode::UNAUTHENTICATED);
    CHECK(status.error_code() != grpc::StatusCode::PERMISSION_DENIED);
    CHECK(status.error_code() != grpc::StatusCode::UNKNOWN);
    ++called;
  }
  CHECK(called > 30);
}

TEST_CASE("agents' methods are not served on the port of people, and nobody calls what has no rule") {
  ApiServer server;
  const auto channel = rpc::MakeChannel(server.WithCertificate("user"));
  REQUIRE(channel.ok());
  grpc::GenericStub stub(*channel);
  for (const std::string method :
       {"/crossdock.agent.v1.AttemptService/ReportScan", "/crossdock.studio.v1.TransferService/Undocumented",
        "/grpc.health.v1.Health/Check"}) {
    INFO(method);
    CHECK_FALSE(CallEmpty(stub, method).ok());
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::api
