// Emergencies: what could be lifted, the two signatures, the review, and all of them in a list.
#pragma once

#include "crossdock/studio/v1/break_glass.grpc.pb.h"
#include "orchestrator/api/serve.h"

namespace crossdock::orchestrator::api {

// Thread-safe.
class BreakGlassService : public studio::v1::BreakGlassService::Service {
 public:
  explicit BreakGlassService(const ApiContext& api) : api_(api) {}
  grpc::Status GetBreakGlass(grpc::ServerContext* context, const studio::v1::GetBreakGlassRequest* request,
                             studio::v1::GetBreakGlassResponse* response) override;
  grpc::Status SubmitBreakGlass(grpc::ServerContext* context, const studio::v1::SubmitBreakGlassRequest* request,
                                studio::v1::SubmitBreakGlassResponse* response) override;
  grpc::Status ReviewBreakGlass(grpc::ServerContext* context, const studio::v1::ReviewBreakGlassRequest* request,
                                studio::v1::ReviewBreakGlassResponse* response) override;
  grpc::Status ListBreakGlass(grpc::ServerContext* context, const studio::v1::ListBreakGlassRequest* request,
                              studio::v1::ListBreakGlassResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
