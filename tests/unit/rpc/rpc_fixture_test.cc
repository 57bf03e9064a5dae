#include "tests/unit/rpc/rpc_fixture.h"

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/rpc/log.h"
#include "lib/rpc/status.h"

namespace crossdock::rpc {
namespace {

std::vector<MethodRule> Rules() {
  return {{"/crossdock.agent.v1.SessionService/Connect", Permission::kAgent},
          {"/crossdock.studio.v1.EventService/PublishEvent", Permission::kPublishEvent},
          {"/crossdock.studio.v1.EventService/ListEvents", Permission::kView}};
}

class EchoReactor : public grpc::ServerBidiReactor<agent::v1::ConnectRequest, agent::v1::ConnectResponse> {
 public:
  EchoReactor() { StartRead(&request_); }
  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status::OK);
      return;
    }
    response_.mutable_desired()->set_generation(request_.report().sequence());
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  agent::v1::ConnectRequest request_;
  agent::v1::ConnectResponse response_;
};

}  // namespace

absl::StatusOr<Caller> FakeAuthenticator::ByToken(std::string_view secret) {
  ++asked;
  if (secret != "cdt_good") return base::Error(absl::StatusCode::kUnauthenticated, "unknown token");
  Caller caller;
  caller.kind = CallerKind::kToken;
  caller.subject = "token:hook";
  caller.roles = {Role::kRequester};
  return caller;
}

absl::StatusOr<Caller> FakeAuthenticator::ByCertificate(const PeerCertificate& certificate) {
  ++asked;
  if (deny_all) return base::Error(absl::StatusCode::kUnauthenticated, "this key is denied");
  Caller caller;
  caller.kind = certificate.id.kind == PeerKind::kAgent ? CallerKind::kAgent : CallerKind::kUser;
  caller.subject = FormatSpiffeId(certificate.id);
  caller.id = certificate.id;
  return caller;
}

grpc::Status EventImplementation::PublishEvent(grpc::ServerContext* context,
                                               const studio::v1::PublishEventRequest* request,
                                               studio::v1::PublishEventResponse* response) {
  const auto caller = gate_.CallerOf(*context);
  if (!caller.ok()) return ToGrpc(caller.status());
  last_subject = caller->subject;
  if (request->event().kind() == "broken") return ToGrpc(base::Internal("/secret/path: SELECT * FROM x"));
  if (request->event().kind() == "wrong") return ToGrpc(InvalidFields({{"event.kind", "is wrong"}}));
  response->set_duplicate(request->event().kind() == "twice");
  return grpc::Status::OK;
}

grpc::ServerBidiReactor<agent::v1::ConnectRequest, agent::v1::ConnectResponse>* SessionImplementation::Connect(
    grpc::CallbackServerContext*) {
  return new EchoReactor;
}

Fixture::Fixture(AcceptorLimits limits) {
  RouteGrpcLog();
  ca.IssueTo(directory, "server", "spiffe://test.studio/orchestrator/o1");
  ca.IssueTo(directory, "agent", "spiffe://test.studio/site/lon/agent/lon-1");
  ca.IssueTo(directory, "user", "spiffe://test.studio/user/sam");
  REQUIRE(base::WriteFileAtomic(directory / "ca.crt", ca.certificate_pem()).ok());
  gate = std::make_unique<Gate>(Rules(), authenticator, clock);
  events = std::make_unique<EventImplementation>(*gate);
  sessions = std::make_unique<SessionImplementation>();
  ServerOptions options;
  for (const PortKind kind : {PortKind::kAgents, PortKind::kApi}) {
    options.ports.push_back(
        {kind, "127.0.0.1:0", directory / "server.crt", directory / "server.key", directory / "ca.crt", limits});
  }
  auto started = Server::Start(options, *gate,
                               {{events.get(), studio::v1::EventService::service_full_name()},
                                {sessions.get(), agent::v1::SessionService::service_full_name()}});
  INFO(started.status().ToString());
  REQUIRE(started.ok());
  server = std::move(*started);
  agents_address = "127.0.0.1:" + std::to_string(server->port(0));
  api_address = "127.0.0.1:" + std::to_string(server->port(1));
}

ChannelOptions Fixture::AgentChannel(const std::string& certificate) const {
  ChannelOptions options;
  options.server = agents_address;
  options.ca_path = directory / "ca.crt";
  options.certificate_path = directory / (certificate + ".crt");
  options.key_path = directory / (certificate + ".key");
  return options;
}

ChannelOptions Fixture::ApiChannel(const std::string& token) const {
  ChannelOptions options;
  options.server = api_address;
  options.ca_path = directory / "ca.crt";
  options.token = token;
  return options;
}

absl::Status Fixture::Publish(const ChannelOptions& options, std::chrono::milliseconds timeout) const {
  const auto channel = MakeChannel(options);
  if (!channel.ok()) return channel.status();
  const auto stub = studio::v1::EventService::NewStub(*channel);
  studio::v1::PublishEventResponse response;
  return FromGrpc(stub->PublishEvent(CallWithin(timeout, timeout > std::chrono::seconds(5)).get(), {}, &response));
}

int Fixture::Converse(const ChannelOptions& options, int count) const {
  const auto channel = MakeChannel(options);
  if (!channel.ok()) return -1;
  const auto stub = agent::v1::SessionService::NewStub(*channel);
  const auto context = CallWithin(std::chrono::seconds(10));
  const auto stream = stub->Connect(context.get());
  int right = 0;
  for (int i = 1; i <= count; ++i) {
    agent::v1::ConnectRequest request;
    request.mutable_report()->set_sequence(static_cast<uint64_t>(i));
    agent::v1::ConnectResponse response;
    if (!stream->Write(request) || !stream->Read(&response)) break;
    if (response.desired().generation() == static_cast<uint64_t>(i)) ++right;
  }
  stream->WritesDone();
  return stream->Finish().ok() ? right : -1;
}

}  // namespace crossdock::rpc
