#include "orchestrator/api/services.h"

namespace crossdock::orchestrator::api {

Services::Services(const ApiContext& api, const AgentSide& agents)
    : api_(api),
      watches_(api.database, api.fleet, api.clock),
      sessions_(agents.sessions, api.gate),
      attempts_(agents.desk, api.gate),
      enrolments_(agents.enrolments) {}

std::vector<rpc::ServedService> Services::Served() {
  return {
      {&sessions_, agent::v1::SessionService::service_full_name()},
      {&attempts_, agent::v1::AttemptService::service_full_name()},
      {&enrolments_, agent::v1::EnrolmentService::service_full_name()},
      {&events_, studio::v1::EventService::service_full_name()},
      {&transfers_, studio::v1::TransferService::service_full_name()},
      {&approvals_, studio::v1::ApprovalService::service_full_name()},
      {&break_glass_, studio::v1::BreakGlassService::service_full_name()},
      {&policies_, admin::v1::PolicyService::service_full_name()},
      {&triggers_, admin::v1::TriggerService::service_full_name()},
      {&sites_, admin::v1::SiteService::service_full_name()},
      {&tokens_, admin::v1::TokenService::service_full_name()},
      {&audit_, admin::v1::AuditService::service_full_name()},
      {&roles_, admin::v1::RoleService::service_full_name()},
      {&access_reviews_, admin::v1::AccessReviewService::service_full_name()},
  };
}

}  // namespace crossdock::orchestrator::api
