#include "orchestrator/api/sign_in.h"

#include "catch2/catch.hpp"

namespace crossdock::orchestrator::api {
namespace {

TEST_CASE("whoever may say what moves, or who may say so, needs a second factor") {
  for (const rpc::Role role : rpc::kAllRoles) {
    INFO(rpc::RoleName(role));
    // Not those who only look, ask, or keep running what others have allowed.
    const bool harmless = role == rpc::Role::kViewer || role == rpc::Role::kRequester || role == rpc::Role::kOperator ||
                          role == rpc::Role::kAuditor;
    CHECK(NeedsSecondFactor(role) != harmless);
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::api
