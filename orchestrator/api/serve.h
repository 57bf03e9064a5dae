// What every unary handler shares: who calls, the transaction, tenancy, errors on the wire.
#pragma once

#include <grpcpp/server_context.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/pg/database.h"
#include "lib/rpc/gate.h"
#include "lib/rpc/status.h"
#include "orchestrator/api/configured_roles.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/core/fleet.h"
#include "orchestrator/core/wakes.h"

namespace crossdock::orchestrator::audit {
class Signer;
}

namespace crossdock::orchestrator::api {

// Given to every service by main; outlives them.
struct ApiContext {
  Commands& commands;
  pg::Database& database;  // for what is only read
  const base::Clock& clock;
  base::Random& random;
  Wakes& wakes;
  const rpc::Gate& gate;
  const Fleet& fleet;
  // What the configuration gives to certificates, which counts where roles exclude each other; null: nothing.
  const RolesOfUsers* roles_of_users = nullptr;
  audit::Signer* signer = nullptr;  // null: the audit logs are not sealed
};

// Runs `body(caller)` → absl::Status for the caller that the gate let in.
template <typename Body>
grpc::Status Serve(const ApiContext& api, const grpc::ServerContext& context, const Body& body) {
  const auto caller = api.gate.CallerOf(context);
  if (!caller.ok()) return rpc::ToGrpc(caller.status());
  return rpc::ToGrpc(body(*caller));
}

// A caller that is bound to one client sees and does nothing beyond it. Gives the client to filter by: the caller's
// own, or the one that was asked for.
inline absl::StatusOr<std::string> ClientFilter(const rpc::Caller& caller, const std::string& asked) {
  if (caller.client.empty() || asked.empty() || asked == caller.client) {
    return caller.client.empty() ? asked : caller.client;
  }
  return base::WithReason(base::PermissionDenied(caller.subject, " is bound to another client"), "CLIENT_MISMATCH");
}

// For what belongs to the whole studio.
inline absl::Status RequireUnbound(const rpc::Caller& caller) {
  if (caller.client.empty()) return absl::OkStatus();
  return base::WithReason(base::PermissionDenied(caller.subject, " is bound to one client; this concerns all"),
                          "CLIENT_MISMATCH");
}

}  // namespace crossdock::orchestrator::api
