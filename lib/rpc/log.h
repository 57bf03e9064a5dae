// gRPC's own log lines, as lines of ours.
#pragma once

namespace crossdock::rpc {

// Call before anything of gRPC. Its errors become our warnings; what it says on each ordinary connection goes to debug.
void RouteGrpcLog();

}  // namespace crossdock::rpc
