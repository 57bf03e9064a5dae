// An agent that was away while officers changed, twice.
#include "agent/trust/trust_store.h"
#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/trust/reasons.h"
#include "tests/support/temp_tree.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::agent {
namespace {

using namespace trust;  // NOLINT: the examples

const base::Instant kNow = At("2026-11-20T12:00:00Z");

std::string Body(int number, std::string_view officer, std::string_view expires = "2027-11-20T00:00:00Z") {
  const std::string body = Replaced(ExampleRosterBody(), KeyText("olga"), KeyText(officer));
  return Replaced(Replaced(body, "number: 7", base::StrCat("number: ", number)), "2027-11-20T00:00:00Z", expires);
}

TEST_CASE("whoever was away while officers changed is brought from roster to roster, and keeps the last alone") {
  test::TempTree tree;
  const std::string first = ExampleRosterBody();
  REQUIRE(TrustStore::Create(tree.root(), ExampleRoster().Root(), first, SignRoster(first, {"olga"}), kNow).ok());
  const auto store = *TrustStore::Open(tree.root());
  const std::string between = Body(8, "omar", "2026-11-20T00:00:00Z");  // over by now
  const std::string last = Body(9, "eve");
  const std::vector<RosterStep> steps = {{8, between, SignRoster(between, {"olga", "omar"})}};
  const std::string signed_last = SignRoster(last, {"omar", "eve"});

  CHECK(base::ReasonOf(store->TakeRoster(last, signed_last, kNow)) == kRosterUnsigned);
  // A step that its own predecessor's officers did not sign leads nowhere.
  const std::vector<RosterStep> forged = {{8, between, SignRoster(between, {"omar"})}};
  CHECK(base::ReasonOf(store->TakeRoster(last, signed_last, kNow, forged)) == kRosterUnsigned);
  // Nor does one to a roster that has expired: nothing is kept of it.
  CHECK(base::ReasonOf(store->TakeRoster(between, steps[0].statement, kNow, steps)) == kRosterExpired);
  CHECK(store->roster()->number() == 7);

  REQUIRE(store->TakeRoster(last, signed_last, kNow, steps).ok());
  CHECK(store->roster()->number() == 9);
  CHECK((*TrustStore::Open(tree.root()))->roster()->number() == 9);
  // Steps that lie behind are passed over.
  CHECK(store->TakeRoster(last, signed_last, kNow, steps).ok());
}

}  // namespace
}  // namespace crossdock::agent
