// Events in, and the inbox shown.
#pragma once

#include "crossdock/studio/v1/event.grpc.pb.h"
#include "orchestrator/api/serve.h"

namespace crossdock::orchestrator::api {

// Thread-safe.
class EventService : public studio::v1::EventService::Service {
 public:
  explicit EventService(const ApiContext& api) : api_(api) {}
  grpc::Status PublishEvent(grpc::ServerContext* context, const studio::v1::PublishEventRequest* request,
                            studio::v1::PublishEventResponse* response) override;
  grpc::Status ListEvents(grpc::ServerContext* context, const studio::v1::ListEventsRequest* request,
                          studio::v1::ListEventsResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
