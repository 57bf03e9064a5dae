// Services is everything that the orchestrator serves: main makes one and hands Served() to rpc::Server.
//
// A new service is one member here and one row a method in permissions.cc; the start fails when either is forgotten.
#pragma once

#include <vector>

#include "lib/rpc/server.h"
#include "orchestrator/api/access_services.h"
#include "orchestrator/api/admin_services.h"
#include "orchestrator/api/agent_sessions.h"
#include "orchestrator/api/approval_service.h"
#include "orchestrator/api/attempt_service.h"
#include "orchestrator/api/audit_service.h"
#include "orchestrator/api/break_glass_service.h"
#include "orchestrator/api/enrolment_service.h"
#include "orchestrator/api/event_service.h"
#include "orchestrator/api/policy_service.h"
#include "orchestrator/api/rule_services.h"
#include "orchestrator/api/session_service.h"
#include "orchestrator/api/transfer_service.h"
#include "orchestrator/api/watches.h"
#include "orchestrator/core/agent_desk.h"

namespace crossdock::orchestrator::api {

// What agents' services work on. Outlives them.
struct AgentSide {
  AgentSessions& sessions;
  AgentDesk& desk;
  EnrolmentDesk& enrolments;
};

// Made before the server and destroyed after it. Thread-safe.
class Services {
 public:
  Services(const ApiContext& api, const AgentSide& agents);
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  // All of them, for rpc::Server::Start with a gate of MethodRules().
  std::vector<rpc::ServedService> Served();
  // The duty behind WatchTransfers: whoever owns the loops runs it, and stops it before the server.
  Watches& watches() { return watches_; }

 private:
  const ApiContext api_;
  Watches watches_;

  SessionService sessions_;
  AttemptService attempts_;
  EnrolmentService enrolments_;

  EventService events_{api_};
  TransferService transfers_{api_, watches_};
  ApprovalService approvals_{api_};
  BreakGlassService break_glass_{api_};
  PolicyService policies_{api_};
  TriggerService triggers_{api_};
  SiteService sites_{api_};
  TokenService tokens_{api_};
  AuditService audit_{api_};
  RoleService roles_{api_};
  AccessReviewService access_reviews_{api_};
};

}  // namespace crossdock::orchestrator::api
