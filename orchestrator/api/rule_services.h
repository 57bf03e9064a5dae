// Triggers: which deliveries people have asked for in advance.
#pragma once

#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "orchestrator/api/serve.h"

namespace crossdock::orchestrator::api {

// Thread-safe.
class TriggerService : public admin::v1::TriggerService::Service {
 public:
  explicit TriggerService(const ApiContext& api) : api_(api) {}
  grpc::Status ApplyTriggers(grpc::ServerContext* context, const admin::v1::ApplyTriggersRequest* request,
                             admin::v1::ApplyTriggersResponse* response) override;
  grpc::Status ListTriggers(grpc::ServerContext* context, const admin::v1::ListTriggersRequest* request,
                            admin::v1::ListTriggersResponse* response) override;
  grpc::Status TestTriggers(grpc::ServerContext* context, const admin::v1::TestTriggersRequest* request,
                            admin::v1::TestTriggersResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
