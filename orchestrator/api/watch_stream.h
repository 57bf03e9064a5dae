// One watcher's stream, as gRPC's callback API wants it.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "crossdock/studio/v1/transfer.pb.h"
#include "orchestrator/api/serve.h"
#include "orchestrator/api/watches.h"

namespace crossdock::orchestrator::api {

// Takes the caller in, or ends the stream with the reason. The reactor owns itself.
grpc::ServerWriteReactor<studio::v1::WatchTransfersResponse>* StartWatchStream(
    const ApiContext& api, Watches& watches, grpc::CallbackServerContext& context,
    const studio::v1::WatchTransfersRequest& request);

}  // namespace crossdock::orchestrator::api
