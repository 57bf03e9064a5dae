// A server with both ports, a sync unary service and a streaming callback service, and an authenticator that knows one
// token and one denied key.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "crossdock/agent/v1/session.grpc.pb.h"
#include "crossdock/studio/v1/event.grpc.pb.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/gate.h"
#include "lib/rpc/server.h"
#include "tests/support/test_ca.h"

namespace crossdock::rpc {

class FakeAuthenticator : public Authenticator {
 public:
  absl::StatusOr<Caller> ByToken(std::string_view secret) override;
  absl::StatusOr<Caller> ByCertificate(const PeerCertificate& certificate) override;
  std::atomic<bool> deny_all{false};
  std::atomic<int> asked{0};  // how often a credential was verified
};

// Unary, sync: answers with who called.
class EventImplementation : public studio::v1::EventService::Service {
 public:
  explicit EventImplementation(const Gate& gate) : gate_(gate) {}
  grpc::Status PublishEvent(grpc::ServerContext* context, const studio::v1::PublishEventRequest* request,
                            studio::v1::PublishEventResponse* response) override;
  std::string last_subject;

 private:
  const Gate& gate_;
};

// Bidirectional, callback: answers each report with a desired state of the same number.
class SessionImplementation : public agent::v1::SessionService::CallbackService {
 public:
  grpc::ServerBidiReactor<agent::v1::ConnectRequest, agent::v1::ConnectResponse>* Connect(
      grpc::CallbackServerContext* context) override;
};

struct Fixture {
  explicit Fixture(AcceptorLimits limits = {});

  ChannelOptions AgentChannel(const std::string& certificate = "agent") const;
  ChannelOptions ApiChannel(const std::string& token) const;
  // One call over a fresh channel; returns its status. Waits for a connection when `timeout` is above 5 s.
  absl::Status Publish(const ChannelOptions& options,
                       std::chrono::milliseconds timeout = std::chrono::seconds(5)) const;
  // Sends `count` reports over one stream and counts the right answers.
  int Converse(const ChannelOptions& options, int count) const;

  testing::TempDirectory directory;
  testing::TestCa ca;
  base::SystemClock clock;
  FakeAuthenticator authenticator;
  std::unique_ptr<Gate> gate;
  std::unique_ptr<EventImplementation> events;
  std::unique_ptr<SessionImplementation> sessions;
  std::unique_ptr<Server> server;
  std::string agents_address;
  std::string api_address;
};

}  // namespace crossdock::rpc
