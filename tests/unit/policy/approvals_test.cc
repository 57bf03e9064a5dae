#include "lib/policy/approvals.h"

#include "catch2/catch.hpp"

namespace crossdock::policy {
namespace {

using std::chrono::hours;

const Instant kNow = *base::ParseInstant("2026-06-05T12:00:00Z");

Approvals Block(std::vector<Requirement> all_of, Distinct distinct = Distinct::kPerson) {
  Approvals block;
  block.all_of = std::move(all_of);
  block.distinct = distinct;
  block.exclude = {Exclude::kRequester, Exclude::kAssetPublisher};
  block.valid_for = hours(72);
  block.bind = {Bind::kListing};
  return block;
}

Requirement Need(std::string id, int count, std::string group) {
  return {std::move(id), count, {{ApproverSet::Kind::kGroup, std::move(group)}}, {}};
}

Approval Yes(std::string requirement, std::string person, std::string team, std::vector<std::string> groups) {
  return {std::move(requirement),
          std::move(person),
          std::move(team),
          "studio",
          std::move(groups),
          Approval::Decision::kApprove,
          false,
          kNow};
}

ApprovalOutcome Place(const std::vector<Approvals>& blocks, const std::vector<Approval>& approvals) {
  std::vector<const Approvals*> due;
  for (const Approvals& block : blocks) due.push_back(&block);
  return PlaceApprovals(due, approvals, "pete", "ana", kNow);
}

int Have(const ApprovalOutcome& outcome, std::string_view id) {
  for (const RequirementStatus& status : outcome.requirements) {
    if (status.id == id) return status.have;
  }
  return -1;
}

TEST_CASE("T-14: requester and publisher never count, however they spell their name") {
  const auto block = Block({Need("q", 1, "g")});
  for (const std::string who : {"pete", "Pete", "ana", "ANA"}) {
    CHECK(Have(Place({block}, {Yes("q", who, "t", {"g"})}), "q") == 0);
  }
  CHECK(Have(Place({block}, {Yes("q", "mia", "t", {"g"})}), "q") == 1);
}

TEST_CASE("the same person twice is one person") {
  const auto block = Block({Need("q", 2, "g")});
  CHECK(Have(Place({block}, {Yes("q", "mia", "t", {"g"}), Yes("q", "mia", "u", {"g"})}), "q") == 1);
  CHECK(Have(Place({block}, {Yes("q", "mia", "t", {"g"}), Yes("q", "Mia", "u", {"g"})}), "q") == 1);
  CHECK(Have(Place({block}, {Yes("q", "mia", "t", {"g"}), Yes("q", "raj", "t", {"g"})}), "q") == 2);
}

// `person` with the standing of `seat`, whose team and groups these are.
Approval For(std::string seat, std::string requirement, std::string person, std::string team,
             std::vector<std::string> groups) {
  Approval approval = Yes(std::move(requirement), std::move(person), std::move(team), std::move(groups));
  approval.in_place_of = std::move(seat);
  return approval;
}

TEST_CASE("who stands in counts with the other's team and groups, and the two fill one place between them") {
  const auto two = Block({Need("q", 2, "g")}, Distinct::kTeam);
  const Approval own = Yes("q", "dave", "t2", {});
  const Approval dave = For("mia", "q", "dave", "t", {"g"});
  CHECK(Have(Place({two}, {own, dave}), "q") == 1);
  CHECK(Place({two}, {own, dave}).requirements[0].persons == std::vector<std::string>{"dave"});
  CHECK(Have(Place({Block({Need("q", 2, "g")})}, {dave, Yes("q", "mia", "t", {"g"})}), "q") == 1);
  // Nor are two who stand in for one person two.
  CHECK(Have(Place({Block({Need("q", 2, "g")})}, {dave, For("mia", "q", "eve", "t", {"g"})}), "q") == 1);
  // Of the same team as the one whose place it is: distinct teams are not given.
  CHECK(Have(Place({two}, {dave, Yes("q", "raj", "t", {"g"})}), "q") == 1);
  CHECK(Have(Place({two}, {dave, Yes("q", "raj", "u", {"g"})}), "q") == 2);
  // One person is one, however many have handed their place to them.
  CHECK(Have(Place({two}, {dave, For("raj", "q", "dave", "u", {"g"})}), "q") == 1);
}

TEST_CASE("of the places that somebody may take, the one that helps most is taken") {
  const auto block = Block({Need("q", 2, "g")}, Distinct::kTeam);
  const Approval raj = Yes("q", "raj", "t", {"g"});
  CHECK(Have(Place({block}, {For("mia", "q", "dave", "t", {"g"}), For("zoe", "q", "dave", "u", {"g"}), raj}), "q") ==
        2);
  CHECK(Have(Place({block}, {For("zoe", "q", "dave", "u", {"g"}), For("mia", "q", "dave", "t", {"g"}), raj}), "q") ==
        2);
}

TEST_CASE("nobody says yes to their own through somebody else, nor for somebody whose own it is") {
  const auto block = Block({Need("q", 1, "g")});
  CHECK(Have(Place({block}, {For("pete", "q", "dave", "t", {"g"})}), "q") == 0);
  CHECK(Have(Place({block}, {For("mia", "q", "Pete", "t", {"g"})}), "q") == 0);
  CHECK(Have(Place({block}, {For("ana", "q", "dave", "t", {"g"})}), "q") == 0);
  CHECK(Have(Place({block}, {For("mia", "q", "dave", "t", {"g"})}), "q") == 1);
}

TEST_CASE("T-14: a service account never counts, and its no ends nothing") {
  Approval robot = Yes("q", "robot", "t", {"g"});
  robot.is_service = true;
  CHECK(Have(Place({Block({Need("q", 1, "g")})}, {robot}), "q") == 0);
  robot.decision = Approval::Decision::kDeny;
  CHECK_FALSE(Place({Block({Need("q", 1, "g")})}, {robot}).denied);
}

TEST_CASE("T-14: the name of a group elsewhere is not the group") {
  const auto block = Block({Need("q", 1, "security")});
  Approval approval = Yes("q", "mia", "security", {"sec", "security-x", "Security"});
  approval.organisation = "security";
  CHECK(Have(Place({block}, {approval}), "q") == 0);
  CHECK(Have(Place({block}, {Yes("q", "security", "t", {})}), "q") == 0);
}

TEST_CASE("an approval fills only the requirement that it was signed for") {
  const auto block = Block({Need("q", 1, "g"), Need("r", 1, "g")});
  const ApprovalOutcome outcome = Place({block}, {Yes("q", "mia", "t", {"g"}), Yes("q", "raj", "t", {"g"})});
  CHECK(Have(outcome, "q") == 1);
  CHECK(Have(outcome, "r") == 0);
}

TEST_CASE("a person who could fill two requirements is placed where it helps most") {
  const auto block = Block({Need("a", 1, "g"), Need("b", 1, "g")});
  // mia could fill either; only raj can fill a, so mia must fill b - and the other way round.
  for (const std::string only : {"a", "b"}) {
    const ApprovalOutcome outcome =
        Place({block}, {Yes("a", "mia", "t", {"g"}), Yes("b", "mia", "t", {"g"}), Yes(only, "raj", "t", {"g"})});
    CHECK(Have(outcome, "a") + Have(outcome, "b") == 2);
  }
  CHECK(Have(Place({block}, {Yes("a", "mia", "t", {"g"}), Yes("b", "mia", "t", {"g"})}), "b") == 0);
}

TEST_CASE("a person fills one requirement across rules, too") {
  const std::vector<Approvals> blocks{Block({Need("a", 1, "g")}), Block({Need("b", 1, "g")})};
  const ApprovalOutcome outcome = Place(blocks, {Yes("a", "mia", "t", {"g"}), Yes("b", "mia", "t", {"g"})});
  CHECK(Have(outcome, "a") + Have(outcome, "b") == 1);
}

TEST_CASE("a person with two teams on record is still one person where teams are distinct") {
  const auto block = Block({Need("a", 1, "g"), Need("b", 1, "g")}, Distinct::kTeam);
  const ApprovalOutcome outcome = Place({block}, {Yes("a", "mia", "t", {"g"}), Yes("b", "mia", "u", {"g"})});
  CHECK(Have(outcome, "a") + Have(outcome, "b") == 1);
}

TEST_CASE("distinct teams and organisations are distinct within a rule") {
  const std::vector<Approval> one_team{Yes("a", "mia", "t", {"g"}), Yes("b", "raj", "t", {"g"})};
  const auto open = [&](Distinct distinct, const std::vector<Approval>& approvals) {
    const ApprovalOutcome outcome = Place({Block({Need("a", 1, "g"), Need("b", 1, "g")}, distinct)}, approvals);
    return 2 - Have(outcome, "a") - Have(outcome, "b");
  };
  CHECK(open(Distinct::kPerson, one_team) == 0);
  CHECK(open(Distinct::kTeam, one_team) == 1);
  std::vector<Approval> two_teams = one_team;
  two_teams[1].team = "u";
  CHECK(open(Distinct::kTeam, two_teams) == 0);
  CHECK(open(Distinct::kOrganisation, two_teams) == 1);
  std::vector<Approval> two_organisations = one_team;
  two_organisations[1].organisation = "client";
  CHECK(open(Distinct::kTeam, two_organisations) == 0);  // the client's team t is another team
  CHECK(open(Distinct::kOrganisation, two_organisations) == 0);
  two_organisations[1].organisation = "";
  CHECK(open(Distinct::kTeam, two_organisations) == 1);
  CHECK(open(Distinct::kOrganisation, two_organisations) == 1);
}

TEST_CASE("two rules that each want one organisation do not want two") {
  const std::vector<Approvals> blocks{Block({Need("a", 1, "g")}, Distinct::kOrganisation),
                                      Block({Need("b", 1, "g")}, Distinct::kOrganisation)};
  const ApprovalOutcome outcome = Place(blocks, {Yes("a", "mia", "t", {"g"}), Yes("b", "raj", "t", {"g"})});
  CHECK(Have(outcome, "a") + Have(outcome, "b") == 2);
}

TEST_CASE("an approval counts from when it was given until its time is over, to the microsecond") {
  const auto block = Block({Need("q", 1, "g")});
  Approval approval = Yes("q", "mia", "t", {"g"});
  approval.given = kNow - hours(72) + std::chrono::microseconds(1);
  CHECK(Have(Place({block}, {approval}), "q") == 1);
  CHECK(Place({block}, {approval}).until == kNow + std::chrono::microseconds(1));
  approval.given = kNow - hours(72);
  CHECK(Have(Place({block}, {approval}), "q") == 0);
  approval.given = kNow + std::chrono::microseconds(1);
  CHECK(Have(Place({block}, {approval}), "q") == 0);
}

TEST_CASE("one denial by somebody who may approve ends it, also by one who is excluded") {
  const auto block = Block({Need("q", 1, "g")});
  Approval no = Yes("q", "ana", "t", {"g"});
  no.decision = Approval::Decision::kDeny;
  const ApprovalOutcome outcome = Place({block}, {Yes("q", "mia", "t", {"g"}), no});
  REQUIRE(outcome.denied);
  CHECK(outcome.denied->person == "ana");
  no.groups = {"other"};
  CHECK_FALSE(Place({block}, {no}).denied);
  no.groups = {"g"};
  no.requirement = "not-due";
  CHECK_FALSE(Place({block}, {no}).denied);
}

TEST_CASE("the order in which approvals arrive changes nothing") {
  const auto block = Block({Need("a", 2, "g"), Need("b", 1, "g")}, Distinct::kTeam);
  std::vector<Approval> approvals{Yes("a", "p1", "t1", {"g"}), Yes("a", "p2", "t2", {"g"}), Yes("b", "p3", "t1", {"g"}),
                                  Yes("a", "p4", "t3", {"g"})};
  const ApprovalOutcome first = Place({block}, approvals);
  CHECK(Have(first, "a") + Have(first, "b") == 3);
  std::reverse(approvals.begin(), approvals.end());
  const ApprovalOutcome second = Place({block}, approvals);
  for (size_t i = 0; i < first.requirements.size(); ++i)
    CHECK(first.requirements[i].persons == second.requirements[i].persons);
}

TEST_CASE("an impossible crowd is searched within bounds") {
  std::vector<Requirement> needs;
  std::vector<Approval> approvals;
  for (int r = 0; r < 16; ++r) {
    needs.push_back(Need("r" + std::to_string(r), 16, "g"));
    for (int p = 0; p < 60; ++p) {
      approvals.push_back(Yes("r" + std::to_string(r), "p" + std::to_string(p), "t" + std::to_string(p % 7), {"g"}));
    }
  }
  const ApprovalOutcome outcome = Place({Block(needs, Distinct::kTeam)}, approvals);
  int have = 0;
  for (const RequirementStatus& status : outcome.requirements) have += status.have;
  CHECK(have == 7);
}

}  // namespace
}  // namespace crossdock::policy
