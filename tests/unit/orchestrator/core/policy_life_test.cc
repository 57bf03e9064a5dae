#include "orchestrator/core/policy_life.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::orchestrator {
namespace {

std::string ReasonFor(const Approving& approving) { return base::ReasonOf(WhoseWord(approving).status()); }

TEST_CASE("the author of a version cannot approve it, under whatever kind of name") {
  CHECK(ReasonFor({"user:olga", "olga"}) == "TWO_PERSONS_NEEDED");
  CHECK(ReasonFor({"user:Olga", "olga"}) == "TWO_PERSONS_NEEDED");
  CHECK(ReasonFor({"olga", "olga"}) == "TWO_PERSONS_NEEDED");
  CHECK(*WhoseWord({"user:pete", "olga"}) == Basis::kTwoPersons);
}

TEST_CASE("what a token proposed has no person for its author, and takes a user's proposal") {
  CHECK(ReasonFor({"token:git", "olga"}) == "TWO_PERSONS_NEEDED");
  CHECK(*WhoseWord({"token:git", "olga", true}) == Basis::kFirst);
}

TEST_CASE("the first version of a client takes one officer, and so does every one where there is no other officer") {
  CHECK(*WhoseWord({"user:olga", "olga", true}) == Basis::kFirst);
  CHECK(*WhoseWord({"user:olga", "olga", false, true}) == Basis::kSoleOfficer);
}

TEST_CASE("a rollback that only tightens takes one officer; one that loosens is to be proposed again") {
  Approving rollback{"user:olga", "olga"};
  rollback.rollback = true;
  CHECK(ReasonFor(rollback) == "ROLLBACK_LOOSENS");
  rollback.officer = "pete";  // nobody else has asked for it
  CHECK(ReasonFor(rollback) == "ROLLBACK_LOOSENS");
  rollback.tightens = true;
  CHECK(*WhoseWord(rollback) == Basis::kTightens);
}

TEST_CASE("a version of the author's that tightens, but is no rollback, takes two persons still") {
  Approving approving{"user:olga", "olga"};
  approving.tightens = true;
  CHECK(ReasonFor(approving) == "TWO_PERSONS_NEEDED");
}

TEST_CASE("what stops everything takes one officer") {
  Approving stop{"user:olga", "olga"};
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
