#include "orchestrator/api/enrolment_service.h"

#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = crossdock::agent::v1;

// Anybody who reaches the port may send this: nothing large is looked at.
constexpr size_t kPartMax = 64u << 10;  // bytes

absl::Status Bounded(const std::string& part, std::string_view what) {
  if (part.size() <= kPartMax) return absl::OkStatus();
  return base::WithReason(base::InvalidArgument(what, " is larger than ", kPartMax, " bytes"), "REQUEST_TOO_LARGE");
}

}  // namespace

grpc::Status EnrolmentService::Enrol(grpc::ServerContext*, const v1::EnrolRequest* request,
                                     v1::EnrolResponse* response) {
  const auto enrol = [&]() -> absl::Status {
    RETURN_IF_ERROR(Bounded(request->grant(), "the grant"));
    RETURN_IF_ERROR(Bounded(request->identity(), "the identity"));
    RETURN_IF_ERROR(Bounded(request->csr(), "the certificate request"));
    ASSIGN_OR_RETURN(const Enrolled enrolled, desk_.Enrol(request->grant(), request->identity(), request->csr()));
    response->set_certificate(enrolled.certificate_pem);
    response->set_ca(enrolled.ca_pem);
    response->set_session_address(enrolled.session_address);
    response->set_spiffe_id(enrolled.spiffe_id);
    response->set_roster_body(enrolled.roster_body);
    response->set_roster_statement(enrolled.roster_statement);
    return absl::OkStatus();
  };
  return rpc::ToGrpc(enrol());
}

grpc::Status EnrolmentService::Renew(grpc::ServerContext*, const v1::RenewRequest* request,
                                     v1::RenewResponse* response) {
  const auto renew = [&]() -> absl::Status {
    RETURN_IF_ERROR(Bounded(request->csr(), "the certificate request"));
    ASSIGN_OR_RETURN(const Enrolled renewed, desk_.Renew(request->agent().substr(0, 256), request->csr()));
    response->set_certificate(renewed.certificate_pem);
    response->set_ca(renewed.ca_pem);
    return absl::OkStatus();
  };
  return rpc::ToGrpc(renew());
}

}  // namespace crossdock::orchestrator::api
