#include "lib/rpc/server.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>

#include "catch2/catch.hpp"
#include "lib/base/fd.h"
#include "lib/base/strings.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace crossdock::rpc {
namespace {

base::UniqueFd ConnectTo(int port) {
  base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd && ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) fd.Reset();
  return fd;
}

// Whether the server closes the connection (instead of waiting for a handshake).
bool IsTurnedAway(int fd) {
  timeval patience{0, 300'000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  char byte;
  const ssize_t got = ::recv(fd, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

TEST_CASE("one server behind its own accept loop takes unary calls and streams over mutual TLS", "[server]") {
  Fixture fixture;
  CHECK(fixture.Converse(fixture.AgentChannel(), 50) == 50);
  CHECK(fixture.Publish(fixture.ApiChannel("cdt_good")).ok());
  CHECK(fixture.events->last_subject == "token:hook");
  CHECK(fixture.Converse(fixture.AgentChannel(), 5) == 5);
}

TEST_CASE("the server takes calls again after it ran out of descriptors", "[server]") {
  Fixture fixture;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = 128;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  size_t connected = 0;
  for (int round = 0; round < 4; ++round) {
    std::vector<base::UniqueFd> flood;
    for (int i = 0; i < 100; ++i) {
      if (base::UniqueFd fd = ConnectTo(fixture.server->port(1)); fd) flood.push_back(std::move(fd));
    }
    connected += flood.size();
    std::vector<base::UniqueFd> rest;  // whatever the server gave back while it turned callers away
    while (rest.empty() || rest.back()) rest.emplace_back(::dup(0));
  }
  CHECK(connected >= 60);
  CHECK(fixture.Publish(fixture.ApiChannel("cdt_good"), std::chrono::seconds(15)).ok());
  CHECK(fixture.Converse(fixture.AgentChannel(), 3) == 3);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("one address gets no more connections than its share, and gets them back", "[server]") {
  AcceptorLimits limits;
  limits.connections_per_address_max = 4;
  Fixture fixture(limits);
  std::vector<base::UniqueFd> held;
  for (int i = 0; i < 4; ++i) held.push_back(ConnectTo(fixture.server->port(1)));
  CHECK_FALSE(IsTurnedAway(held.back().get()));
  CHECK(IsTurnedAway(ConnectTo(fixture.server->port(1)).get()));
  CHECK(fixture.Converse(fixture.AgentChannel(), 1) == 1);  // each port counts for itself
  held.clear();
  CHECK(fixture.Publish(fixture.ApiChannel("cdt_good"), std::chrono::seconds(15)).ok());
}

TEST_CASE("T-11: a call with too much in it is refused, and the next one is answered", "[server]") {
  Fixture fixture;
  const auto channel = MakeChannel(fixture.ApiChannel("cdt_good"));
  REQUIRE(channel.ok());
  const auto stub = studio::v1::EventService::NewStub(*channel);
  const auto publish = [&](size_t bytes, int keys) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    for (int i = 0; i < keys; ++i) context.AddMetadata(base::StrCat("x-key-", i), "v");
    studio::v1::PublishEventRequest request;
    request.mutable_event()->set_data_json(std::string(bytes, 'x'));
    studio::v1::PublishEventResponse response;
    return stub->PublishEvent(&context, request, &response).error_code();
  };
  CHECK(publish(1u << 20, 10) == grpc::StatusCode::OK);
  CHECK(publish(5u << 20, 0) == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(publish(1, 10'000) == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(publish(1, 0) == grpc::StatusCode::OK);
}

TEST_CASE("T-11: calls that are made and dropped by the thousand keep nobody waiting", "[server]") {
  Fixture fixture;
  const auto hostile = MakeChannel(fixture.ApiChannel("cdt_good"));
  REQUIRE(hostile.ok());
  const auto stub = studio::v1::EventService::NewStub(*hostile);
  struct Call {
    grpc::ClientContext context;
    studio::v1::PublishEventRequest request;
    studio::v1::PublishEventResponse response;
  };
  constexpr int kRounds = 20;
  constexpr int kCalls = 250;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::unique_ptr<Call>> calls;
    std::atomic<int> ended{0};
    for (int i = 0; i < kCalls; ++i) {
      calls.push_back(std::make_unique<Call>());
      Call& call = *calls.back();
      stub->async()->PublishEvent(&call.context, &call.request, &call.response, [&ended](const grpc::Status&) {
        ended.fetch_add(1);
        ended.notify_one();
      });
    }
    for (const auto& call : calls) call->context.TryCancel();
    // While all handlers are busy others are told so at once; nobody waits, and nothing lasts.
    const absl::Status meanwhile = fixture.Publish(fixture.ApiChannel("cdt_good"));
    CHECK((meanwhile.ok() || absl::IsResourceExhausted(meanwhile)));
    for (int have = ended.load(); have < kCalls; have = ended.load()) ended.wait(have);
  }
  CHECK(fixture.Publish(fixture.ApiChannel("cdt_good"), std::chrono::seconds(15)).ok());
  CHECK(fixture.Converse(fixture.AgentChannel(), 3) == 3);
}

TEST_CASE("a taken port, a missing file or a method without a rule stops the start", "[server]") {
  Fixture fixture;
  ServerOptions options;
  options.ports.push_back({PortKind::kApi,
                           fixture.api_address,
                           fixture.directory / "server.crt",
                           fixture.directory / "server.key",
                           fixture.directory / "ca.crt",
                           {}});
  const std::vector<ServedService> services = {
      {fixture.events.get(), studio::v1::EventService::service_full_name()},
      {fixture.sessions.get(), agent::v1::SessionService::service_full_name()}};
  const auto taken = Server::Start(options, *fixture.gate, services);
  CHECK(taken.status().ToString().find("Address already in use") != std::string::npos);

  options.ports[0].address = "127.0.0.1:0";
  options.ports[0].key_path = fixture.directory / "nothing.key";
  CHECK(absl::IsNotFound(Server::Start(options, *fixture.gate, services).status()));

  options.ports[0].key_path = fixture.directory / "server.key";
  const Gate poor({{"/crossdock.studio.v1.EventService/PublishEvent", Permission::kView}}, fixture.authenticator,
                  fixture.clock);
  const auto uncovered = Server::Start(options, poor, {services[0]});
  CHECK(uncovered.status().ToString().find("EventService/ListEvents") != std::string::npos);
}

TEST_CASE("a stopped server has closed its port and ended its calls", "[server]") {
  Fixture fixture;
  const int port = fixture.server->port(1);
  fixture.server->Stop(std::chrono::milliseconds(100));
  CHECK_FALSE(ConnectTo(port));
}

}  // namespace
}  // namespace crossdock::rpc
