// The orchestrator's whole API on loopback, as its main serves it, with a real database and commands without an engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/periodic.h"
#include "lib/pg/database.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/rpc/status.h"
#include "orchestrator/api/authenticator.h"
#include "orchestrator/api/permissions.h"
#include "orchestrator/api/services.h"
#include "orchestrator/store/transfers.h"
#include "tests/support/fake_agent_desk.h"
#include "tests/support/fake_commands.h"
#include "tests/support/test_ca.h"

namespace crossdock::testing {

class FakeEnrolmentDesk : public orchestrator::EnrolmentDesk {
 public:
  absl::StatusOr<orchestrator::Enrolled> Enrol(std::string_view, std::string_view, std::string_view) override {
    return absl::FailedPreconditionError("not in this test");
  }
  absl::StatusOr<orchestrator::Enrolled> Renew(std::string_view, std::string_view) override {
    return absl::FailedPreconditionError("not in this test");
  }
};

// `user.crt` in `directory` is spiffe://test.studio/user/ada, who holds every role; `agent.crt` is
// spiffe://test.studio/site/lon/agent/lon-1. Throws std::runtime_error when the server cannot start.
class ApiServer {
 public:
  ApiServer();
  ~ApiServer();

  // Makes an API token with these roles, bound to `client` unless that is empty, and gives its secret.
  std::string TokenFor(const std::string& subject, const std::vector<std::string>& roles,
                       const std::string& client = "");
  rpc::ChannelOptions WithToken(const std::string& secret) const;
  rpc::ChannelOptions WithCertificate(const std::string& name) const;
  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port(1)); }
  std::string agents_address() const { return "127.0.0.1:" + std::to_string(server_->port(0)); }

  // Runs `body` in a transaction that must succeed.
  void Write(const std::function<void(pg::Tx&)>& body);
  // Inserts a transfer, lon → van, of this client in `received`, and moves it by `causes`.
  orchestrator::Transfer Insert(const std::string& id, const std::string& client,
                                const std::vector<orchestrator::Cause>& causes = {});

  TempDirectory directory;
  TestCa ca;
  base::SystemClock clock;
  base::SystemRandom random;
  pg::Database database;
  orchestrator::Wakes wakes;
  orchestrator::Fleet fleet;
  FakeCommands commands;
  FakeAgentDesk desk;
  FakeEnrolmentDesk enrolments;

 private:
  std::unique_ptr<orchestrator::api::AgentSessions> sessions_;
  std::unique_ptr<orchestrator::api::DatabaseAuthenticator> authenticator_;
  std::unique_ptr<rpc::Gate> gate_;
  std::unique_ptr<orchestrator::api::Services> services_;
  std::unique_ptr<base::PeriodicLoop> watching_;
  std::unique_ptr<rpc::Server> server_;
};

// One call of a fresh channel with these credentials: `Ask<TransferService>(options, &Stub::GetTransfer, request,
// &response)`.
template <typename Service, typename Stub, typename Request, typename Response>
absl::Status Ask(const rpc::ChannelOptions& options,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request,
                 Response* response) {
  const auto channel = rpc::MakeChannel(options);
  if (!channel.ok()) return channel.status();
  const auto stub = Service::NewStub(*channel);
  const auto context = rpc::CallWithin(std::chrono::seconds(20), true);
  return rpc::FromGrpc((stub.get()->*method)(context.get(), request, response));
}

}  // namespace crossdock::testing
