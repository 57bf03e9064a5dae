#include "orchestrator/core/policy_life.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::orchestrator {
namespace {

std::string ReasonFor(const Approving& approving) { return base::ReasonOf(WhoseWord(approving).status()); }

TEST_CASE("the author of a version cannot approve it, however their name is spelled") {
  CHECK(ReasonFor({"olga", "olga"}) == "TWO_PERSONS_NEEDED");
  CHECK(ReasonFor({"Olga", "olga"}) == "TWO_PERSONS_NEEDED");
  CHECK(*WhoseWord({"pete", "olga"}) == Basis::kTwoPersons);
}

TEST_CASE("what nobody of the roster proposed takes a proposal by somebody who is") {
  CHECK(ReasonFor({"", "olga"}) == "TWO_PERSONS_NEEDED");
  CHECK(*WhoseWord({"", "olga", true}) == Basis::kFirst);
}

TEST_CASE("the first version of a client takes one officer, and so does every one where there is no other officer") {
  CHECK(*WhoseWord({"olga", "olga", true}) == Basis::kFirst);
  CHECK(*WhoseWord({"olga", "olga", false, true}) == Basis::kSoleOfficer);
}

TEST_CASE("a rollback that only tightens takes one officer; one that loosens is to be proposed again") {
  Approving rollback{"olga", "olga"};
  rollback.rollback = true;
  CHECK(ReasonFor(rollback) == "ROLLBACK_LOOSENS");
  rollback.officer = "pete";  // nobody else has asked for it
  CHECK(ReasonFor(rollback) == "ROLLBACK_LOOSENS");
  rollback.tightens = true;
  CHECK(*WhoseWord(rollback) == Basis::kTightens);
}

TEST_CASE("a version of the author's that tightens, but is no rollback, takes two persons still") {
  Approving approving{"olga", "olga"};
  approving.tightens = true;
  CHECK(ReasonFor(approving) == "TWO_PERSONS_NEEDED");
}

TEST_CASE("what stops everything takes one officer") {
  Approving stop{"olga", "olga"};
  stop.stops = true;
  CHECK(*WhoseWord(stop) == Basis::kStops);
}

TEST_CASE("what is stale must be proposed again before anybody can approve it") {
  CHECK(!Next(VersionState::kStale, VersionCause::kApproved));
  CHECK(!Next(VersionState::kStale, VersionCause::kActivated));
  CHECK(Next(VersionState::kStale, VersionCause::kProposed) == VersionState::kProposed);
}

TEST_CASE("nothing comes into force that was not approved, but for a rollback to what was in force before") {
  for (const VersionMove& move : kVersionMoves) {
    if (move.to != VersionState::kInForce) continue;
    CHECK((move.from == VersionState::kApproved || move.cause == VersionCause::kRolledBack));
    CHECK((move.cause != VersionCause::kRolledBack || move.from == VersionState::kReplaced));
  }
}

}  // namespace
}  // namespace crossdock::orchestrator
