#include "lib/policy/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_join.h"
#include "lib/base/strings.h"
#include "lib/policy/approvals.h"

namespace crossdock::policy {
namespace {

// Any time will do: only differences count.
const Instant kNow{std::chrono::hours(24 * 365 * 100)};

int Strictness(const Outcome& outcome) {
  if (outcome.verdict == Verdict::kDeny) return outcome.absolute ? 4 : 3;
  return outcome.verdict == Verdict::kHold ? 2 : 1;
}

std::string_view StrictnessName(int strictness) {
  constexpr std::string_view kNames[] = {"", "allowed", "held", "denied", "denied absolutely"};
  return kNames[strictness];
}

// One of the persons that a requirement takes.
struct Slot {
  const RequirementStatus* requirement;
  Distinct widest = Distinct::kPerson;
  const ApproverSet* set = nullptr;
  std::string person, team, organisation;
};

std::vector<RequirementStatus> United(const std::vector<const Approvals*>& due) {
  return PlaceApprovals(due, {}, "", "", kNow).requirements;
}

bool Has(const Approvals& block, const std::string& requirement) {
  return std::any_of(block.all_of.begin(), block.all_of.end(),
                     [&](const Requirement& each) { return each.id == requirement; });
}

class Search {
 public:
  Search(const Outcome& from, const Outcome& to)
      : from_(from), to_(to), asked_(United(from.due)), given_(United(to.due)) {
    for (const RequirementStatus& requirement : given_) {
      Slot slot;
      slot.requirement = &requirement;
      for (const Approvals* block : to.due) {
        if (Has(*block, requirement.id)) slot.widest = std::max(slot.widest, block->distinct);
      }
      slots_.insert(slots_.end(), requirement.count, slot);
    }
  }

  std::optional<Loosening> Run() {
    if (asked_.empty()) return std::nullopt;
    ChooseSet(0);
    if (!how_.empty()) return Loosening{how_, true, std::nullopt};
    if (tried_ >= kWaysMax) return Loosening{"the ways to approve are too many to compare", false, std::nullopt};
    return std::nullopt;
  }

 private:
  bool Over() const { return !how_.empty() || tried_ >= kWaysMax; }

  // Persons of one requirement are alike, so their sets are chosen in order.
  void ChooseSet(size_t at) {
    if (at == slots_.size()) return Place(0);
    Slot& slot = slots_[at];
    const std::vector<ApproverSet>& from = slot.requirement->from;
    const bool alike = at > 0 && slots_[at - 1].requirement == slot.requirement;
    for (const ApproverSet* set = alike ? slots_[at - 1].set : from.data(); set != from.data() + from.size(); ++set) {
      slot.set = set;
      ChooseSet(at + 1);
      if (Over()) return;
    }
  }

  std::string Fixed(const Slot& slot, ApproverSet::Kind kind) const {
    return slot.set->kind == kind ? slot.set->name : "";
  }

  // Teams and organisations: one for all, those of the persons before, or new ones where that is asked for.
  void Place(size_t at) {
    if (Over()) return;
    if (at == slots_.size()) return ChooseOutsiders();
    Slot& slot = slots_[at];
    slot.person = Fixed(slot, ApproverSet::Kind::kPerson);
    if (slot.person.empty()) slot.person = base::StrCat("p", at);
    for (const std::string& team : Labels(at, ApproverSet::Kind::kTeam, &Slot::team, Distinct::kTeam)) {
      slot.team = team;
      for (const std::string& organisation :
           Labels(at, ApproverSet::Kind::kOrganisation, &Slot::organisation, Distinct::kOrganisation)) {
        slot.organisation = organisation;
        Place(at + 1);
        if (Over()) return;
      }
    }
  }

  std::vector<std::string> Labels(size_t at, ApproverSet::Kind kind, std::string Slot::*label, Distinct level) const {
    const Slot& slot = slots_[at];
    if (const std::string fixed = Fixed(slot, kind); !fixed.empty()) return {fixed};
    if (slot.widest != level) return {"one"};
    std::vector<std::string> labels{"one"};
    for (size_t i = 0; i < at; ++i) {
      const std::string& other = slots_[i].*label;
      if (std::find(labels.begin(), labels.end(), other) == labels.end()) labels.push_back(other);
    }
    labels.push_back(base::StrCat("other ", at));
    return labels;
  }

  // The requester and the publisher are among the approvers wherever that is not excluded.
  void ChooseOutsiders() {
    ++tried_;
    if (!Satisfies(to_.due, given_, "", "")) return;
    for (size_t requester = 0; requester <= slots_.size(); ++requester) {
      if (!MayBe(requester, Exclude::kRequester)) continue;
      for (size_t publisher = 0; publisher <= slots_.size(); ++publisher) {
        if (!MayBe(publisher, Exclude::kAssetPublisher)) continue;
        ++tried_;
        if (Satisfies(from_.due, asked_, Name(requester), Name(publisher))) continue;
        how_ = Describe(requester, publisher);
        return;
      }
    }
  }

  // Slot number `one_up` - 1; 0 is nobody among them.
  bool MayBe(size_t one_up, Exclude exclude) const {
    return one_up == 0 || !slots_[one_up - 1].requirement->exclude.contains(exclude);
  }
  std::string Name(size_t one_up) const { return one_up == 0 ? "" : slots_[one_up - 1].person; }

  // Whether these persons fill all of `wanted`, each with an approval as old and as little bound as `to` takes.
  bool Satisfies(const std::vector<const Approvals*>& due, const std::vector<RequirementStatus>& wanted,
                 std::string_view requester, std::string_view publisher) const {
    std::vector<Approval> approvals;
    for (const Slot& slot : slots_) {
      for (const RequirementStatus& requirement : wanted) {
        const std::set<Bind>& bound = slot.requirement->bind;
        if (!std::includes(bound.begin(), bound.end(), requirement.bind.begin(), requirement.bind.end())) continue;
        Approval approval;
        approval.requirement = requirement.id;
        approval.person = slot.person;
        approval.team = slot.team;
        approval.organisation = slot.organisation;
        if (slot.set->kind == ApproverSet::Kind::kGroup) approval.groups = {slot.set->name};
        approval.given = kNow - slot.requirement->valid_for + std::chrono::milliseconds(1);
        approvals.push_back(std::move(approval));
      }
    }
    const ApprovalOutcome outcome = PlaceApprovals(due, approvals, requester, publisher, kNow);
    return std::none_of(outcome.requirements.begin(), outcome.requirements.end(),
                        [](const RequirementStatus& status) { return status.IsOpen(); });
  }

  std::string Describe(size_t requester, size_t publisher) const {
    if (slots_.empty()) return "no approval is needed";
    std::vector<std::string> persons;
    for (size_t i = 0; i < slots_.size(); ++i) {
      const Slot& slot = slots_[i];
      std::string text = ApproverSetName(*slot.set);
      std::vector<std::string> more;
      if (requester == i + 1) more.emplace_back("the requester");
      if (publisher == i + 1) more.emplace_back("the publisher");
      if (!more.empty()) text += base::StrCat(" (", absl::StrJoin(more, " and "), ")");
      persons.push_back(std::move(text));
    }
    return base::StrCat("approvals of ", absl::StrJoin(persons, " and "), " can be enough", Why());
  }

  // What of the approvals themselves, rather than of who gives them, may be the difference.
  std::string Why() const {
    std::string why;
    for (const RequirementStatus& was : asked_) {
      for (const RequirementStatus& is : given_) {
        if (was.id != is.id) continue;
        if (is.valid_for > was.valid_for) why += base::StrCat("; ", is.id, " is good for longer");
        for (const Bind bind : was.bind) {
          if (!is.bind.contains(bind)) why += base::StrCat("; ", is.id, " is no longer bound to ", BindName(bind));
        }
      }
    }
    return why;
  }

  const Outcome& from_;
  const Outcome& to_;
  const std::vector<RequirementStatus> asked_, given_;
  std::vector<Slot> slots_;
  int tried_ = 0;
  std::string how_;
};

std::vector<Interval> OpenTogether(const std::vector<const Window*>& windows, Interval all) {
  std::vector<Interval> open{all};
  for (const Window* window : windows) {
    const auto one = OpenBetween(*window, window->zone.empty() ? "UTC" : window->zone, all.from, all.to);
    open = Intersect(open, one.value_or(std::vector<Interval>{}));
  }
  return open;
}

// Hours of `to` that `from` does not have.
std::optional<Loosening> FindHours(const std::vector<const Window*>& from, const std::vector<const Window*>& to,
                                   Instant now) {
  const auto has = [](const std::vector<const Window*>& windows, const Window* window) {
    return std::any_of(windows.begin(), windows.end(), [&](const Window* other) { return *other == *window; });
  };
  if (std::all_of(from.begin(), from.end(), [&](const Window* window) { return has(to, window); })) return std::nullopt;
  std::set<std::pair<Window::Clock, std::string>> clocks;
  for (const Window* window : from) clocks.emplace(window->clock, window->zone);
  for (const Window* window : to) clocks.emplace(window->clock, window->zone);
  for (const auto* windows : {&from, &to}) {
    for (const Window* window : *windows) {
      const Calendar* unknown = window->UnknownCalendar();
      if (unknown == nullptr) continue;
      return Loosening{base::StrCat("the hours go by calendar ", unknown->name, ", whose file is not at hand"), false,
                       std::nullopt};
    }
  }
  if (clocks.size() > 1 && !to.empty()) return Loosening{"the hours go by another clock", false, std::nullopt};
  const Interval all{now, now + std::chrono::days(400)};
  const std::vector<Interval> was = OpenTogether(from, all), is = OpenTogether(to, all);
  for (const Interval& interval : is) {
    const Opening opening = OpeningAt(was, interval.from);
    const Instant when = opening.open ? *opening.edge : interval.from;
    if (when >= interval.to) continue;
    return Loosening{base::StrCat("it may run at other hours, as at ", base::FormatSeconds(when)), true, when};
  }
  return std::nullopt;
}

// An obligation of `from` that `to` does not have, or not as strictly.
std::optional<Loosening> FindObligation(const Obligations& from, const Obligations& to) {
  if (from.scan && !to.scan) return Loosening{"no scan before release is required any more", true, std::nullopt};
  if (from.mhl && !to.mhl) return Loosening{"no integrity record is required any more", true, std::nullopt};
  for (const std::string& format : from.record_formats)
    if (!to.record_formats.contains(format))
      return Loosening{base::StrCat("the integrity record need not have ", format, " any more"), true, std::nullopt};
  for (const std::string& recipient : from.notify)
    if (!to.notify.contains(recipient))
      return Loosening{base::StrCat(recipient, " is not told any more"), true, std::nullopt};
  if (!from.delete_staging_within) return std::nullopt;
  if (to.delete_staging_within && *to.delete_staging_within <= *from.delete_staging_within) return std::nullopt;
  return Loosening{"staging may be kept for longer", true, std::nullopt};
}

// Somebody whom `from` has told that approvals are open, and `to` does not, or later. Where none are needed any more
// there is nothing to tell.
std::optional<Loosening> FindReminder(const std::vector<const Approvals*>& from,
                                      const std::vector<const Approvals*>& to) {
  if (to.empty()) return std::nullopt;
  std::optional<std::chrono::milliseconds> reminded;
  std::map<std::string, std::chrono::milliseconds> told;
  for (const RequirementStatus& is : United(to)) {
    if (is.remind_after) reminded = std::min(*is.remind_after, reminded.value_or(*is.remind_after));
    for (const auto& [recipient, after] : is.escalate) {
      const auto [entry, is_new] = told.emplace(recipient, after);
      if (!is_new) entry->second = std::min(entry->second, after);
    }
  }
  for (const RequirementStatus& was : United(from)) {
    if (was.remind_after && (!reminded || *reminded > *was.remind_after)) {
      return Loosening{base::StrCat("nobody is reminded ", reminded ? "as soon" : "any more"), true, std::nullopt};
    }
    for (const auto& [recipient, after] : was.escalate) {
      const auto found = told.find(recipient);
      if (found != told.end() && found->second <= after) continue;
      return Loosening{base::StrCat(recipient, " is not told ", found == told.end() ? "any more" : "as soon",
                                    " that approvals are open"),
                       true, std::nullopt};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Loosening> FindLoosening(const Outcome& from, const Outcome& to, Instant now) {
  const int before = Strictness(from), after = Strictness(to);
  if (after > before || (after == before && before > 1)) return std::nullopt;
  if (after < before || to.verify < from.verify) return Loosening{DescribeShift(from, to), true, std::nullopt};
  if (auto less = FindObligation(from.obligations, to.obligations)) return less;
  if (auto reminder = FindReminder(from.due, to.due)) return reminder;
  if (auto hours = FindHours(from.windows, to.windows, now)) return hours;
  return Search(from, to).Run();
}

std::string DescribeShift(const Outcome& before, const Outcome& after) {
  const int was = Strictness(before), is = Strictness(after);
  if (was != is) return base::StrCat("it was ", StrictnessName(was), " and is ", StrictnessName(is));
  if (was > 1 || before.verify == after.verify) return "";
  return base::StrCat("it was verified at level ", VerifyName(before.verify), " and is at ", VerifyName(after.verify));
}

}  // namespace crossdock::policy
