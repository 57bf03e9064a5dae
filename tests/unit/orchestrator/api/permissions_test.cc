// The table of permissions, held to the contracts themselves: a new method of any .proto fails here until somebody has
// said who may call it.
#include "orchestrator/api/permissions.h"

#include <map>
#include <set>
#include <string>

#include "catch2/catch.hpp"
#include "tests/support/contracts.h"

namespace crossdock::orchestrator::api {
namespace {

using rpc::Permission;
using rpc::Role;

std::set<std::string> MethodsOfContracts() {
  std::set<std::string> methods;
  for (const auto* method : testing::MethodsOfContracts(CROSSDOCK_SOURCE_DIR)) methods.insert(testing::PathOf(*method));
  return methods;
}

std::map<std::string, Permission> Rules() {
  std::map<std::string, Permission> rules;
  for (const rpc::MethodRule& rule : MethodRules()) rules.emplace(rule.method, rule.permission);
  return rules;
}

TEST_CASE("every method of every contract has exactly one rule, and no rule is for anything else") {
  const std::set<std::string> methods = MethodsOfContracts();
  CHECK(methods.size() > 40);
  std::set<std::string> ruled;
  for (const rpc::MethodRule& rule : MethodRules()) {
    INFO(rule.method);
    CHECK(methods.contains(std::string(rule.method)));
    CHECK(ruled.insert(std::string(rule.method)).second);
  }
  for (const std::string& method : methods) {
    INFO(method);
    CHECK(ruled.contains(method));
  }
}

// What is said of a message by itself and by all that can stand in it; `above` are the messages on the way down.
void Look(const google::protobuf::Descriptor& message, std::set<std::string> above, std::set<std::string>* looked) {
  INFO(message.full_name());
  CHECK(message.full_name() != "google.protobuf.FieldMask");
  CHECK(message.full_name() != "google.protobuf.Any");
  const bool is_new = above.insert(message.full_name()).second;
  CHECK(is_new);
  if (!is_new || !looked->insert(message.full_name()).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    if (const auto* inner = message.field(i)->message_type(); inner != nullptr) Look(*inner, above, looked);
  }
}

TEST_CASE("T-10, T-11: no request says which fields to write, holds a message of any type, or one within itself") {
  std::set<std::string> looked;
  for (const auto* method : testing::MethodsOfContracts(CROSSDOCK_SOURCE_DIR)) {
    Look(*method->input_type(), {}, &looked);
  }
  CHECK(looked.size() > 40);
}

TEST_CASE("only enrolment is open to somebody without credentials, and only agents may speak as agents") {
  for (const auto& [method, permission] : Rules()) {
    INFO(method);
    const bool enrols = method.find(".EnrolmentService/") != std::string::npos;
    const bool of_agents = method.find("/crossdock.agent.v1.") == 0;
    CHECK((permission == Permission::kAnonymous) == enrols);
    CHECK((permission == Permission::kAgent) == (of_agents && !enrols));
  }
}

TEST_CASE("whoever may only look can change nothing") {
  for (const auto& [method, permission] : Rules()) {
    const std::string name = method.substr(method.rfind('/') + 1);
    const bool reads = name.starts_with("Get") || name.starts_with("List") || name.starts_with("Watch") ||
                       name.starts_with("Explain") || name.starts_with("Test");
    if (reads || method.find("/crossdock.agent.v1.") == 0) continue;
    INFO(method);
    CHECK_FALSE(rpc::Holds(Role::kViewer, permission));
    CHECK_FALSE(rpc::Holds(Role::kAuditor, permission));
  }
}

TEST_CASE("who administers one site cannot shut out the others: denying a key takes an officer") {
  const Permission deny = Rules().at("/crossdock.admin.v1.SiteService/DenyKey");
  for (const Role role : rpc::kAllRoles) {
    INFO(rpc::RoleName(role));
    CHECK(rpc::Holds(role, deny) == (role == Role::kRosterSigner));
  }
}

TEST_CASE("no role writes a policy and puts it in force, and none makes tokens and approves") {
  const auto rules = Rules();
  const Permission propose = rules.at("/crossdock.admin.v1.PolicyService/ProposePolicy");
  const Permission activate = rules.at("/crossdock.admin.v1.PolicyService/ActivatePolicy");
  const Permission approve = rules.at("/crossdock.studio.v1.ApprovalService/SubmitApproval");
  const Permission token = rules.at("/crossdock.admin.v1.TokenService/CreateToken");
  for (const Role role : rpc::kAllRoles) {
    INFO(rpc::RoleName(role));
    CHECK_FALSE((rpc::Holds(role, propose) && rpc::Holds(role, activate)));
    CHECK_FALSE((rpc::Holds(role, token) && rpc::Holds(role, approve)));
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::api
