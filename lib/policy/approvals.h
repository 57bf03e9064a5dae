// Which approvals fill which requirements. A person fills one requirement, once, however many keys or approvals they
// have; who stands in for somebody takes that person's place, so the two fill one between them; service accounts and
// excluded persons fill none; approvals expire; one denial ends it. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lib/policy/policy.h"

namespace crossdock::policy {

// Whether whoever gave `approval` is among `set`.
bool IsMember(const ApproverSet& set, const Approval& approval);

// A requirement that is due, united over all matched rules that have it: the shortest validity, all exclusions,
// everything that any of them binds, and everybody whom any of them has told, at the soonest.
struct RequirementStatus {
  std::string id;
  int count = 1;
  int have = 0;
  std::vector<ApproverSet> from;
  std::set<Exclude> exclude;
  std::chrono::milliseconds valid_for{};
  std::set<Bind> bind;
  std::vector<std::string> persons;  // who fills it, sorted
  // The soonest of what any of them wants while it is open.
  std::optional<std::chrono::milliseconds> remind_after = {};
  std::map<std::string, std::chrono::milliseconds> escalate = {};  // recipient → after how long

  bool IsOpen() const { return have < count; }
};

struct ApprovalOutcome {
  std::vector<RequirementStatus> requirements;  // sorted by id
  struct Denial {
    std::string requirement, person;
  };
  std::optional<Denial> denied;
  std::optional<Instant> until;  // when the first approval that counts stops counting
};

// `due`: the approvals blocks of the matched rules. `requester` and `publisher` are compared without regard to case
// with those whom a requirement excludes. Of all ways to place the approvals, one that fills the most is found; the
// search is bounded (kStepsMax), and what it does not find in time counts as open.
inline constexpr int kStepsMax = 5'000;
ApprovalOutcome PlaceApprovals(std::span<const Approvals* const> due, std::span<const Approval> approvals,
                               std::string_view requester, std::string_view publisher, Instant now);

}  // namespace crossdock::policy
