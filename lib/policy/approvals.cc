#include "lib/policy/approvals.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/match.h"
#include "lib/base/strings.h"

namespace crossdock::policy {
namespace {

// A due requirement with what the search needs to know of it.
struct Due {
  RequirementStatus status;
  std::set<const Approvals*> blocks;
  Distinct widest = Distinct::kPerson;
  std::vector<const Approval*> candidates;  // one a person and the place they take, sorted by both
};

bool SameName(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(base::ToAbsl(a), base::ToAbsl(b));
}

bool MayApprove(const Due& due, const Approval& approval) {
  return !approval.is_service && !approval.person.empty() && approval.requirement == due.status.id &&
         std::any_of(due.status.from.begin(), due.status.from.end(),
                     [&](const ApproverSet& set) { return IsMember(set, approval); });
}

// Whose yes it counts as: who stands in and whoever they stand in for are one between them.
std::string_view SeatOf(const Approval& approval) {
  return approval.in_place_of.empty() ? approval.person : approval.in_place_of;
}

// Whether two approvals come from one place, as `level` sees it. A team belongs to its organisation; where an
// organisation is not known, teams of one name are taken for one.
bool Same(Distinct level, const Approval& a, const Approval& b) {
  switch (level) {
    case Distinct::kPerson:
      return SameName(a.person, b.person) || SameName(SeatOf(a), SeatOf(b));
    case Distinct::kTeam:
      return a.team == b.team && (a.organisation == b.organisation || a.organisation.empty() || b.organisation.empty());
    case Distinct::kOrganisation:
      return a.organisation == b.organisation;
  }
  return true;
}

// What an approver must have on record for `level` to be decided at all.
bool IsPlaced(Distinct level, const Approval& approval) {
  switch (level) {
    case Distinct::kPerson:
      return true;
    case Distinct::kTeam:
      return !approval.team.empty();
    case Distinct::kOrganisation:
      return !approval.organisation.empty();
  }
  return false;
}

void Remind(const Approvals& block, RequirementStatus& status) {
  if (block.remind_after)
    status.remind_after = std::min(*block.remind_after, status.remind_after.value_or(*block.remind_after));
  for (const std::string& recipient : block.escalate_to) {
    const auto [entry, is_new] = status.escalate.emplace(recipient, *block.escalate_after);
    if (!is_new) entry->second = std::min(entry->second, *block.escalate_after);
  }
}

std::vector<Due> Unite(std::span<const Approvals* const> blocks) {
  std::map<std::string, Due> united;
  for (const Approvals* block : blocks) {
    for (const Requirement& requirement : block->all_of) {
      const auto [entry, is_new] = united.try_emplace(requirement.id);
      Due& due = entry->second;
      RequirementStatus& status = due.status;
      if (is_new) {
        status.id = requirement.id;
        status.count = requirement.count;
        status.from = requirement.from;
        status.valid_for = block->valid_for;
      }
      status.valid_for = std::min(status.valid_for, block->valid_for);
      status.exclude.insert(block->exclude.begin(), block->exclude.end());
      status.bind.insert(block->bind.begin(), block->bind.end());
      Remind(*block, status);
      due.widest = std::max(due.widest, block->distinct);
      due.blocks.insert(block);
    }
  }
  std::vector<Due> result;
  for (auto& [id, due] : united) result.push_back(std::move(due));
  return result;
}

// The widest distinctness that rules together demand between approvals of `a` and of `b`.
Distinct LevelBetween(const Due& a, const Due& b) {
  Distinct level = Distinct::kPerson;
  for (const Approvals* block : a.blocks) {
    if (b.blocks.contains(block)) level = std::max(level, block->distinct);
  }
  return level;
}

// Backtracking over requirements and their candidates, with the bound of what can still be filled. Exact unless it runs
// out of steps; real policies ask for a handful of approvals, and the first try usually fits.
class Search {
 public:
  explicit Search(const std::vector<Due>& due)
      : due_(due), possible_after_(due.size() + 1, 0), levels_(due.size() * due.size()) {
    for (size_t i = due.size(); i-- > 0;) {
      possible_after_[i] = possible_after_[i + 1] + Fillable(due[i], 0, 0);
      for (size_t j = 0; j < due.size(); ++j) levels_[i * due.size() + j] = LevelBetween(due[i], due[j]);
    }
  }

  struct Pick {
    size_t requirement;
    const Approval* approval;
  };
  const std::vector<Pick>& Run() {
    Step(0, 0, 0);
    return best_;
  }

 private:
  static size_t Fillable(const Due& due, int taken, size_t next) {
    return std::min<size_t>(due.status.count - taken, due.candidates.size() - next);
  }

  void Step(size_t requirement, int taken, size_t next) {
    if (picks_.size() > best_.size()) best_ = picks_;
    if (requirement == due_.size() || ++steps_ > kStepsMax) return;
    const Due& due = due_[requirement];
    const size_t possible = picks_.size() + Fillable(due, taken, next) + possible_after_[requirement + 1];
    if (possible <= best_.size()) return;
    if (taken == due.status.count || next == due.candidates.size()) {
      Step(requirement + 1, 0, 0);
      return;
    }
    if (Fits(requirement, *due.candidates[next])) {
      picks_.push_back({requirement, due.candidates[next]});
      Step(requirement, taken + 1, next + 1);
      picks_.pop_back();
    }
    Step(requirement, taken, next + 1);
  }

  bool Fits(size_t requirement, const Approval& approval) const {
    return std::none_of(picks_.begin(), picks_.end(), [&](const Pick& pick) {
      const Distinct level = levels_[pick.requirement * due_.size() + requirement];
      return Same(Distinct::kPerson, *pick.approval, approval) || Same(level, *pick.approval, approval);
    });
  }

  const std::vector<Due>& due_;
  std::vector<size_t> possible_after_;  // how many the requirements from here on can fill at most
  std::vector<Distinct> levels_;        // LevelBetween each two, because the search asks often
  std::vector<Pick> picks_, best_;
  int steps_ = 0;
};

// Neither may say yes to their own through somebody else, nor for somebody whose own it is.
bool IsExcluded(const Due& due, const Approval& approval, std::string_view requester, std::string_view publisher) {
  const auto is = [&](std::string_view who) {
    return SameName(approval.person, who) || (!approval.in_place_of.empty() && SameName(approval.in_place_of, who));
  };
  return (due.status.exclude.contains(Exclude::kRequester) && is(requester)) ||
         (due.status.exclude.contains(Exclude::kAssetPublisher) && is(publisher));
}

void AddCandidate(Due& due, const Approval& approval) {
  for (const Approval*& known : due.candidates) {
    if (!SameName(known->person, approval.person) || !SameName(SeatOf(*known), SeatOf(approval))) continue;
    if (approval.given > known->given) known = &approval;  // given again: the later one lasts longer
    return;
  }
  due.candidates.push_back(&approval);
}

}  // namespace

bool IsMember(const ApproverSet& set, const Approval& approval) {
  switch (set.kind) {
    case ApproverSet::Kind::kGroup:
      return std::find(approval.groups.begin(), approval.groups.end(), set.name) != approval.groups.end();
    case ApproverSet::Kind::kTeam:
      return approval.team == set.name;
    case ApproverSet::Kind::kOrganisation:
      return approval.organisation == set.name;
    case ApproverSet::Kind::kPerson:
      return approval.person == set.name;
  }
  return false;
}

ApprovalOutcome PlaceApprovals(std::span<const Approvals* const> blocks, std::span<const Approval> approvals,
                               std::string_view requester, std::string_view publisher, Instant now) {
  ApprovalOutcome outcome;
  std::vector<Due> due = Unite(blocks);
  for (Due& each : due) {
    for (const Approval& approval : approvals) {
      if (!MayApprove(each, approval)) continue;
      if (approval.decision == Approval::Decision::kDeny) {
        // An excluded person may not say yes, but their no is as good as any.
        if (!outcome.denied) outcome.denied = {each.status.id, approval.person};
        continue;
      }
      const bool in_time = approval.given <= now && now < approval.given + each.status.valid_for;
      if (in_time && IsPlaced(each.widest, approval) && !IsExcluded(each, approval, requester, publisher)) {
        AddCandidate(each, approval);
      }
    }
    // By name, so that the order in which approvals arrived changes nothing.
    std::sort(each.candidates.begin(), each.candidates.end(), [](const Approval* a, const Approval* b) {
      return std::tie(a->person, a->in_place_of) < std::tie(b->person, b->in_place_of);
    });
  }
  Search search(due);
  for (const Search::Pick& pick : search.Run()) {
    RequirementStatus& status = due[pick.requirement].status;
    ++status.have;
    status.persons.push_back(pick.approval->person);
    const Instant end = pick.approval->given + status.valid_for;
    if (!outcome.until || end < *outcome.until) outcome.until = end;
  }
  for (Due& each : due) outcome.requirements.push_back(std::move(each.status));
  return outcome;
}

}  // namespace crossdock::policy
