// SessionService on gRPC: one reactor a stream, which hands everything to AgentSessions.
#pragma once

#include "crossdock/agent/v1/session.grpc.pb.h"
#include "lib/rpc/gate.h"
#include "orchestrator/api/agent_sessions.h"

namespace crossdock::orchestrator::api {

class SessionService : public crossdock::agent::v1::SessionService::CallbackService {
 public:
  // Both outlive the service; `sessions` is stopped before the server is.
  SessionService(AgentSessions& sessions, const rpc::Gate& gate) : sessions_(sessions), gate_(gate) {}

  grpc::ServerBidiReactor<crossdock::agent::v1::ConnectRequest, crossdock::agent::v1::ConnectResponse>* Connect(
      grpc::CallbackServerContext* context) override;

 private:
  AgentSessions& sessions_;
  const rpc::Gate& gate_;
};

}  // namespace crossdock::orchestrator::api
