// EnrolmentService on gRPC. The caller has no certificate, or an expired one: what it shows speaks for it, and the desk
// judges that.
#pragma once

#include "crossdock/agent/v1/session.grpc.pb.h"
#include "orchestrator/core/agent_desk.h"

namespace crossdock::orchestrator::api {

class EnrolmentService : public crossdock::agent::v1::EnrolmentService::Service {
 public:
  explicit EnrolmentService(EnrolmentDesk& desk) : desk_(desk) {}  // outlives the service

  grpc::Status Enrol(grpc::ServerContext* context, const crossdock::agent::v1::EnrolRequest* request,
                     crossdock::agent::v1::EnrolResponse* response) override;
  grpc::Status Renew(grpc::ServerContext* context, const crossdock::agent::v1::RenewRequest* request,
                     crossdock::agent::v1::RenewResponse* response) override;

 private:
  EnrolmentDesk& desk_;
};

}  // namespace crossdock::orchestrator::api
