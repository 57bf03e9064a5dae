// Who gets in: certificates, tokens, rules.
#include <grpc/grpc_security.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "catch2/catch.hpp"
#include "crossdock/studio/v1/approval.grpc.pb.h"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace crossdock::rpc {
namespace {

const char kAgentUri[] = "spiffe://test.studio/site/lon/agent/lon-1";

TEST_CASE("T-03: the agents' port refuses every certificate but a valid agent's", "[access]") {
  Fixture fixture;
  const testing::TestCa other_ca;
  const auto refused = [&](const testing::Leaf& leaf) {
    fixture.ca.WriteTo(fixture.directory, "tried", leaf);
    return fixture.Converse(fixture.AgentChannel("tried"), 1) != 1;
  };
  using std::chrono::seconds;
  CHECK_FALSE(refused(fixture.ca.Issue({{kAgentUri}})));
  CHECK(refused(other_ca.Issue({{kAgentUri}})));
  CHECK(refused(fixture.ca.Issue({{kAgentUri}, seconds(-60), seconds(-10)})));
  CHECK(refused(fixture.ca.Issue({{kAgentUri}, seconds(60), seconds(600)})));
  CHECK(refused(fixture.ca.Issue({{}})));
  CHECK(refused(fixture.ca.Issue({{kAgentUri, "spiffe://test.studio/site/van/agent/van-1"}})));
  CHECK(refused(fixture.ca.Issue({{"spiffe://test.studio/user/sam"}})));
  CHECK(refused(fixture.ca.Issue({{"https://test.studio/site/lon/agent/lon-1"}})));
  CHECK(refused(fixture.ca.Issue({{kAgentUri}, seconds(-60), seconds(3600), "serverAuth"})));
  ChannelOptions nobody = fixture.AgentChannel();
  nobody.certificate_path = nobody.key_path = "";
  CHECK(fixture.Converse(nobody, 1) != 1);
}

TEST_CASE("the API port takes a token or a certificate, and tells what is missing", "[access]") {
  Fixture fixture;
  CHECK(fixture.Publish(fixture.ApiChannel("cdt_good")).ok());
  CHECK(fixture.Publish(fixture.ApiChannel("cdt_wrong")).code() == absl::StatusCode::kUnauthenticated);
  CHECK(fixture.Publish(fixture.ApiChannel("")).code() == absl::StatusCode::kUnauthenticated);
  ChannelOptions user = fixture.AgentChannel("user");
  user.server = fixture.api_address;
  const absl::Status without_role = fixture.Publish(user);
  CHECK(without_role.code() == absl::StatusCode::kPermissionDenied);
  CHECK(base::ReasonOf(without_role) == "PERMISSION_MISSING");
  const testing::TestCa other_ca;
  fixture.ca.WriteTo(fixture.directory, "stranger", other_ca.Issue({{"spiffe://test.studio/user/sam"}}));
  user.certificate_path = fixture.directory / "stranger.crt";
  user.key_path = fixture.directory / "stranger.key";
  user.token = "cdt_good";  // a good token does not heal a forged certificate
  CHECK(fixture.Publish(user).code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("agents' methods are served on the agents' port only, and other methods not there", "[access]") {
  Fixture fixture;
  ChannelOptions agent_on_api = fixture.AgentChannel();
  agent_on_api.server = fixture.api_address;
  CHECK(fixture.Converse(agent_on_api, 1) != 1);
  ChannelOptions token_on_agents = fixture.AgentChannel();
  token_on_agents.token = "cdt_good";
  CHECK(fixture.Publish(token_on_agents).code() == absl::StatusCode::kUnimplemented);
}

TEST_CASE("a method that nobody serves is refused like one without a rule", "[access]") {
  Fixture fixture;
  const auto channel = MakeChannel(fixture.ApiChannel("cdt_good"));
  REQUIRE(channel.ok());
  studio::v1::ListApprovalsResponse response;
  const grpc::Status status = studio::v1::ApprovalService::NewStub(*channel)->ListApprovals(
      CallWithin(std::chrono::seconds(5)).get(), {}, &response);
  CHECK(status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
  CHECK(status.error_message() == "this port serves no such method [METHOD_UNKNOWN]");  // the gate's, not gRPC's
}

TEST_CASE("T-05: a key that is denied makes no further call, on a connection that is open already", "[access]") {
  Fixture fixture;
  const auto channel = MakeChannel(fixture.AgentChannel());
  REQUIRE(channel.ok());
  const auto stub = agent::v1::SessionService::NewStub(*channel);
  const auto status_of_call = [&] {
    const auto context = CallWithin(std::chrono::seconds(5));
    const auto stream = stub->Connect(context.get());
    stream->WritesDone();
    return stream->Finish();
  };
  CHECK(status_of_call().ok());
  fixture.authenticator.deny_all = true;
  CHECK(status_of_call().error_code() == grpc::StatusCode::UNAUTHENTICATED);
}

TEST_CASE("T-07: a call on a session that was taken up again is refused", "[access]") {
  Fixture fixture;
  grpc_ssl_session_cache* const cache = grpc_ssl_session_cache_create_lru(4);
  // By a client that keeps tickets, as ours do not.
  const auto publish = [&] {
    using namespace grpc::experimental;  // NOLINT: half of these names live there
    TlsChannelCredentialsOptions tls;
    tls.set_verify_server_certs(false);
    tls.set_check_call_host(false);
    tls.set_certificate_verifier(std::make_shared<NoOpCertificateVerifier>());
    grpc::ChannelArguments arguments;
    arguments.SetPointer(GRPC_SSL_SESSION_CACHE_ARG, cache);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
    const auto channel = grpc::CreateCustomChannel(
        fixture.api_address,
        grpc::CompositeChannelCredentials(TlsCredentials(tls), grpc::AccessTokenCredentials("cdt_good")), arguments);
    const auto context = CallWithin(std::chrono::seconds(5));
    studio::v1::PublishEventResponse response;
    return FromGrpc(studio::v1::EventService::NewStub(channel)->PublishEvent(context.get(), {}, &response));
  };
  CHECK(publish().ok());
  const absl::Status again = publish();
  CHECK(absl::IsUnauthenticated(again));
  CHECK(base::ReasonOf(again) == "SESSION_RESUMED");
  grpc_ssl_session_cache_destroy(cache);
}

TEST_CASE("T-06: a new certificate is served without dropping a call", "[access]") {
  Fixture fixture;
  const auto old_channel = MakeChannel(fixture.AgentChannel());
  REQUIRE(old_channel.ok());
  const auto stub = agent::v1::SessionService::NewStub(*old_channel);
  const auto context = CallWithin(std::chrono::seconds(30));
  const auto stream = stub->Connect(context.get());
  agent::v1::ConnectRequest request;
  agent::v1::ConnectResponse response;
  REQUIRE(stream->Write(request));
  REQUIRE(stream->Read(&response));

  // A client that only believes a new CA gets in as soon as the new files are read.
  const testing::TestCa new_ca;
  new_ca.IssueTo(fixture.directory, "server", "spiffe://test.studio/orchestrator/o1");
  REQUIRE(base::WriteFileAtomic(fixture.directory / "new_ca.crt", new_ca.certificate_pem()).ok());
  ChannelOptions options = fixture.ApiChannel("cdt_good");
  options.ca_path = fixture.directory / "new_ca.crt";
  CHECK(fixture.Publish(options, std::chrono::seconds(20)).ok());

  CHECK(stream->Write(request));
  CHECK(stream->Read(&response));
}

TEST_CASE("a client believes only the orchestrator that it means", "[access]") {
  Fixture fixture;
  ChannelOptions options = fixture.ApiChannel("cdt_good");
  options.trust_domain = "test.studio";
  CHECK(fixture.Publish(options).ok());
  options.trust_domain = "other.studio";
  CHECK(fixture.Publish(options).code() == absl::StatusCode::kUnavailable);

  const auto publish_pinned = [&](const std::string& digest) {
    const auto channel = MakePinnedChannel(fixture.api_address, digest);
    REQUIRE(channel.ok());
    studio::v1::PublishEventResponse response;
    const auto stub = studio::v1::EventService::NewStub(*channel);
    return stub->PublishEvent(CallWithin(std::chrono::seconds(5)).get(), {}, &response).error_code();
  };
  CHECK(publish_pinned(fixture.ca.sha256()) == grpc::StatusCode::UNAUTHENTICATED);  // through TLS, without credentials
  CHECK(publish_pinned(testing::TestCa().sha256()) == grpc::StatusCode::UNAVAILABLE);
  CHECK_FALSE(MakePinnedChannel(fixture.api_address, "12ab").ok());
}

TEST_CASE("an agent's certificate does not pass for an orchestrator's", "[access]") {
  Fixture fixture;
  fixture.ca.IssueTo(fixture.directory, "server", kAgentUri);
  ServerOptions options;
  options.ports.push_back({PortKind::kApi,
                           "127.0.0.1:0",
                           fixture.directory / "server.crt",
                           fixture.directory / "server.key",
                           fixture.directory / "ca.crt",
                           {}});
  auto impostor = Server::Start(options, *fixture.gate,
                                {{fixture.events.get(), studio::v1::EventService::service_full_name()},
                                 {fixture.sessions.get(), agent::v1::SessionService::service_full_name()}});
  REQUIRE(impostor.ok());
  ChannelOptions client = fixture.ApiChannel("cdt_good");
  client.server = "127.0.0.1:" + std::to_string((*impostor)->port(0));
  CHECK(fixture.Publish(client).code() == absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace crossdock::rpc
