// The table of permissions, held to the contracts themselves: a new method of any .proto fails here until somebody has
// said who may call it.
#include "orchestrator/api/permissions.h"

#include <google/protobuf/descriptor.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "catch2/catch.hpp"
#include "crossdock/admin/v1/admin.pb.h"
#include "crossdock/agent/v1/session.pb.h"
#include "crossdock/studio/v1/approval.pb.h"
#include "crossdock/studio/v1/event.pb.h"
#include "crossdock/studio/v1/transfer.pb.h"

namespace crossdock::orchestrator::api {
namespace {

using rpc::Permission;
using rpc::Role;

// "/crossdock.studio.v1.EventService/PublishEvent" of every service in every file below proto/.
std::set<std::string> MethodsOfContracts() {
  // Links the messages in, so that their descriptors are known.
  (void)studio::v1::Event::descriptor();
  (void)studio::v1::Transfer::descriptor();
  (void)studio::v1::ApprovalSubject::descriptor();
  (void)admin::v1::Policy::descriptor();
  (void)agent::v1::ConnectRequest::descriptor();
  std::set<std::string> methods;
  const std::filesystem::path root = CROSSDOCK_SOURCE_DIR "/proto";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".proto") continue;
    const std::string name = std::filesystem::relative(entry.path(), root).string();
    INFO(name << " is linked into this test");
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    REQUIRE(file != nullptr);
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.insert("/" + file->service(s)->full_name() + "/" + file->service(s)->method(m)->name());
      }
    }
  }
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
