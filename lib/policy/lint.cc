#include "lib/policy/lint.h"

#include <algorithm>

#include "lib/base/strings.h"
#include "lib/policy/box.h"
#include "lib/yaml/quantity.h"

namespace crossdock::policy {
namespace {

class Linter {
 public:
  Linter(const Policy& policy, const Registry* registry, Instant now)
      : policy_(policy), registry_(registry), now_(now) {}

  std::vector<Finding> Run() {
    if (now_ >= policy_.review_by) {
      Find("review-overdue", "", policy_.review_place,
           base::StrCat("the review was due before ", base::FormatSeconds(policy_.review_by),
                        "; review the policy and set a new day"));
    }
    for (const Policy::NamedCalendar& named : policy_.calendars) Ends(named);
    for (const Rule& rule : policy_.rules) {
      Reach(rule);
      Zone(rule);
      Hours(rule);
      Reminders(rule);
      // Another layer has the last word over what the studio's or a show's lets pass.
      const bool client = policy_.scope().level() == Scope::Level::kClient;
      if (rule.effect == Effect::kAllow && client) Allow(rule);
      if (registry_ != nullptr) Names(rule);
    }
    if (registry_ != nullptr && policy_.break_glass) Glass(*policy_.break_glass);
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    });
    return std::move(findings_);
  }

 private:
  void Find(std::string_view code, std::string_view rule, Place place, std::string text) {
    findings_.push_back({std::string(code), std::string(rule), place, std::move(text)});
  }

  // Whether `other` always has the last word where `rule` matches.
  static bool Hides(const Rule& other, const Rule& rule) {
    if (&other == &rule || other.until || !Contains(other, rule)) return false;
    const bool stops =
        other.effect == Effect::kForbid || (other.effect == Effect::kHold && rule.effect != Effect::kForbid);
    if (!stops || (rule.absolute && !other.absolute)) return false;
    // Of two rules that say the same, the later one is the useless one.
    const bool twin =
        other.effect == rule.effect && other.absolute == rule.absolute && !rule.until && Contains(rule, other);
    return !twin || Before(other, rule);
  }
  static bool Before(const Rule& a, const Rule& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  }

  void Reach(const Rule& rule) {
    if (IsEmpty(rule)) {
      Find("never-matches", rule.id, rule.place,
           base::StrCat("rule ", rule.id,
                        " can never match; its conditions exclude one another, so correct or remove it"));
      return;
    }
    for (const Rule& other : policy_.rules) {
      if (!Hides(other, rule)) continue;
      const bool same = other.effect == rule.effect;
      Find(same ? "shadowed" : "unreachable", rule.id, rule.place,
           base::StrCat("rule ", rule.id, " has no effect: rule ", other.id, " (line ", other.place.line, ") ",
                        other.effect == Effect::kForbid ? "forbids" : "holds",
                        " all that it matches; narrow one of them"));
      return;
    }
    for (const Rule& other : policy_.rules) {
      if (!AddsNothing(rule, other)) continue;
      Find("shadowed", rule.id, rule.place,
           base::StrCat("rule ", rule.id, " adds nothing: rule ", other.id, " (line ", other.place.line,
                        ") allows all that it matches, and asks for no less; remove it"));
      return;
    }
  }

  // An allow that asks for nothing, where another allow is at hand anyway.
  static bool AddsNothing(const Rule& rule, const Rule& other) {
    if (&rule == &other || rule.effect != Effect::kAllow || other.effect != Effect::kAllow || other.until) return false;
    if (!rule.replaces.empty() || rule.require->window || rule.obligations != Obligations()) return false;
    if (rule.require->approvals || rule.require->encrypt_in_motion > other.require->encrypt_in_motion) return false;
    if (rule.require->verify > other.require->verify || !Contains(other, rule)) return false;
    const bool twin = !rule.until && !other.require->approvals && Contains(rule, other) &&
                      rule.require->verify == other.require->verify;
    return !twin || Before(other, rule);
  }

  void Zone(const Rule& rule) {
    if (!rule.until || rule.until->instant) return;
    Find("unknown-zone", rule.id, rule.place,
         base::StrCat("rule ", rule.id, ": time zone ", rule.until->zone,
                      " is not known here, and whatever needs it is held; correct it, or install tzdata"));
  }

  // Nobody notices that the holidays of the year after next are missing.
  void Ends(const Policy::NamedCalendar& named) {
    const Calendar& calendar = *named.calendar.calendar;
    if (!calendar.known) {
      Find("calendar-missing", "", named.place,
           base::StrCat("calendar ", calendar.name, ": no file ", calendar.file, " with SHA-256 ", calendar.digest,
                        " is at hand, and whatever goes by it is held; put it beside the policy"));
      return;
    }
    const std::optional<absl::CivilSecond> end = EndOf(calendar);
    if (!end) return;
    const std::optional<Instant> at = InstantOf(*end, "UTC", false);
    if (!at || *at >= policy_.review_by) return;
    Find("calendar-ends", "", named.place,
         base::StrCat("calendar ", calendar.name, " has nothing after ", base::FormatSeconds(*at),
                      ", and the policy's review is due before ", base::FormatSeconds(policy_.review_by),
                      "; add what is missing, or review it earlier"));
  }

  // Approvals that cannot outlast the closed hours: whoever signs in the evening has signed for nothing.
  void Hours(const Rule& rule) {
    if (!rule.require || !rule.require->window) return;
    const Window& window = *rule.require->window;
    if (window.UnknownCalendar() != nullptr) return;  // said of the calendar itself
    const auto open = OpenBetween(window, window.zone.empty() ? "UTC" : window.zone, now_,
                                  now_ + (window.HasCalendars() ? kCalendarHorizon : std::chrono::hours(24 * 21)));
    if (!open) {
      Find("unknown-zone", rule.id, rule.place,
           base::StrCat("rule ", rule.id, ": time zone ", window.zone,
                        " is not known here, and whatever needs it is held; correct it, or install tzdata"));
      return;
    }
    if (open->empty()) {
      Find("never-open", rule.id, rule.place,
           base::StrCat("rule ", rule.id, ": its hours do not open within the ", window.HasCalendars() ? 400 : 21,
                        " days to come; correct them or its calendars"));
      return;
    }
    if (!rule.require->approvals) return;
    std::chrono::microseconds longest{};
    for (size_t i = 1; i < open->size(); ++i) longest = std::max(longest, (*open)[i].from - (*open)[i - 1].to);
    if (rule.require->approvals->valid_for >= longest) return;
    Find("lapses-while-closed", rule.id, rule.place,
         base::StrCat("rule ", rule.id, ": approvals are good for ",
                      yaml::FormatDuration(rule.require->approvals->valid_for), ", and its hours close for ",
                      yaml::FormatDuration(std::chrono::ceil<std::chrono::milliseconds>(longest)),
                      "; make valid_for longer, or open in between"));
  }

  void Allow(const Rule& rule) {
    if (rule.when.empty()) {
      Find("allows-everything", rule.id, rule.place,
           base::StrCat("rule ", rule.id, " allows every transfer; name sites and a classification"));
    }
    if (rule.require->approvals) return;
    const int restricted = *ClassificationRank("restricted");
    if (ClassificationsOf(rule) >> restricted != 0) {
      Find("allows-without-approvals", rule.id, rule.place,
           base::StrCat("rule ", rule.id,
                        " lets restricted or secret content go without anybody's approval; add "
                        "approvals, or asset.classification: {at_most: confidential}"));
    }
    for (const Clause& clause : rule.when) {
      if (clause.fact->provenance != Provenance::kAsserted) continue;
      Find("trusts-asset-database", rule.id, clause.place,
           base::StrCat("rule ", rule.id, " allows without approvals because of ", clause.fact->name,
                        ", which the asset database merely says; use a rostered or measured fact, or add approvals"));
    }
  }

  void Names(const Rule& rule) {
    for (const Clause& clause : rule.when) {
      if (clause.fact->name != "source.site" && clause.fact->name != "destination.site") continue;
      for (const std::string& site : clause.words) {
        if (registry_->sites.contains(site)) continue;
        Find(
            "unknown-site", rule.id, clause.place,
            base::StrCat("rule ", rule.id, ": the roster has no site '", site, "'; correct the name, or add the site"));
      }
    }
    Recipients(rule.obligations.notify, rule.id, rule.place, base::StrCat("rule ", rule.id));
    if (!rule.require || !rule.require->approvals) return;
    Recipients(rule.require->approvals->escalate_to, rule.id, rule.place, base::StrCat("rule ", rule.id));
    for (const Requirement& requirement : rule.require->approvals->all_of) Approvers(rule, requirement);
  }

  // Reminders that reach nobody, or come when it is too late or in the wrong order.
  void Reminders(const Rule& rule) {
    if (!rule.require || !rule.require->approvals) return;
    const Approvals& asked = *rule.require->approvals;
    if (asked.remind_after && rule.obligations.notify.empty()) {
      Find("reminds-nobody", rule.id, rule.place,
           base::StrCat("rule ", rule.id, " has nobody told whom it could remind; add `obligations: {notify: […]}`"));
    }
    if (asked.remind_after && asked.escalate_after && *asked.escalate_after <= *asked.remind_after) {
      Find("escalates-early", rule.id, rule.place,
           base::StrCat("rule ", rule.id, " escalates after ", yaml::FormatDuration(*asked.escalate_after),
                        ", before anybody is reminded; make escalate_after longer than remind_after"));
    }
    for (const auto& [name, after] :
         {std::pair("remind_after", asked.remind_after), std::pair("escalate_after", asked.escalate_after)}) {
      if (!after || *after < asked.valid_for) continue;
      Find("reminds-late", rule.id, rule.place,
           base::StrCat("rule ", rule.id, ": ", name, " is ", yaml::FormatDuration(*after),
                        ", and approvals are good for ", yaml::FormatDuration(asked.valid_for),
                        ", so that whoever signed first has signed in vain by then; make it shorter"));
    }
  }

  void Recipients(const std::set<std::string>& names, std::string_view rule, Place place, const std::string& where) {
    for (const std::string& recipient : names) {
      if (!registry_->recipients || registry_->recipients->contains(recipient)) continue;
      Find("unknown-recipient", rule, place,
           base::StrCat(where, ": the orchestrator does not know how to tell ", recipient,
                        "; correct the name, or have it configured (`notify:`)"));
    }
  }

  void Approvers(const Rule& rule, const Requirement& requirement) {
    Enough(requirement.from, requirement.count, rule.id, requirement.place,
           base::StrCat("requirement ", requirement.id));
  }

  void Glass(const BreakGlass& glass) {
    Recipients(glass.notify, "", glass.place, "break_glass");
    Enough(glass.from, 2, "", glass.place, "break_glass");
  }

  // Whether the roster has `count` persons in `from`.
  void Enough(const std::vector<ApproverSet>& from, int count, std::string_view rule, Place place,
              const std::string& where) {
    std::set<std::string> persons;
    for (const ApproverSet& set : from) {
      const std::set<std::string>* members = MembersOf(set);
      if (set.kind == ApproverSet::Kind::kPerson && registry_->persons.contains(set.name)) {
        persons.insert(set.name);
      } else if (members != nullptr) {
        persons.insert(members->begin(), members->end());
      } else {
        Find("unknown-approvers", rule, place,
             base::StrCat(where, ": the roster has no ", ApproverSetName(set), "; correct the name, or add approvers"));
      }
    }
    if (static_cast<int>(persons.size()) >= count) return;
    Find("cannot-be-met", rule, place,
         base::StrCat(where, " needs ", count, " and the roster has ", persons.size(), " who could approve; ",
                      rule.empty() ? "" : "lower the count, or ", "add approvers"));
  }

  const std::set<std::string>* MembersOf(const ApproverSet& set) const {
    const auto in = [&](const Registry::Members& members) {
      const auto found = members.find(set.name);
      return found == members.end() ? nullptr : &found->second;
    };
    switch (set.kind) {
      case ApproverSet::Kind::kGroup:
        return in(registry_->groups);
      case ApproverSet::Kind::kTeam:
        return in(registry_->teams);
      case ApproverSet::Kind::kOrganisation:
        return in(registry_->organisations);
      case ApproverSet::Kind::kPerson:
        return nullptr;
    }
    return nullptr;
  }

  const Policy& policy_;
  const Registry* registry_;
  const Instant now_;
  std::vector<Finding> findings_;
};

// A rule of a lower layer under one above.
class TogetherLinter {
 public:
  TogetherLinter(const Policy& lower, const Policy& upper) : lower_(lower), upper_(upper) {}

  std::optional<Finding> Check(const Rule& rule) const {
    if (IsEmpty(rule)) return std::nullopt;  // never-matches says so
    for (const Rule& other : upper_.rules) {
      if (!Stops(other, rule)) continue;
      return Say(
          other.effect == rule.effect ? "shadowed" : "unreachable", rule,
          base::StrCat("rule ", other.id, " of ", ScopeName(upper_.scope()), " (", upper_.file, ":", other.place.line,
                       ":", other.place.column, ") ", other.effect == Effect::kForbid ? "forbids" : "holds",
                       " all that it matches; narrow one of them"));
    }
    if (rule.effect != Effect::kAllow) return std::nullopt;
    const bool allowed = std::any_of(upper_.rules.begin(), upper_.rules.end(), [&](const Rule& other) {
      return other.effect == Effect::kAllow && !Disjoint(other, rule);
    });
    if (allowed) return std::nullopt;
    return Say("not-allowed-above", rule,
               base::StrCat("no rule of ", ScopeName(upper_.scope()), " (", upper_.file,
                            ") allows anything that it matches; add one there, or remove this"));
  }

 private:
  static bool Stops(const Rule& other, const Rule& rule) {
    const bool stops =
        other.effect == Effect::kForbid || (other.effect == Effect::kHold && rule.effect != Effect::kForbid);
    return stops && !other.until && (other.absolute || !rule.absolute) && Contains(other, rule);
  }
  // Whether no transfer can match both; a "yes" is always right.
  static bool Disjoint(const Rule& a, const Rule& b) {
    Rule both = a;
    both.when.insert(both.when.end(), b.when.begin(), b.when.end());
    return IsEmpty(both);
  }
  Finding Say(std::string_view code, const Rule& rule, const std::string& why) const {
    return {std::string(code), rule.id, rule.place,
            base::StrCat("rule ", rule.id, " of ", ScopeName(lower_.scope()), " has no effect: ", why)};
  }

  const Policy& lower_;
  const Policy& upper_;
};

}  // namespace

std::vector<LayerFinding> LintTogether(std::span<const Policy* const> layers) {
  std::vector<LayerFinding> findings;
  for (const Policy* lower : layers) {
    for (const Rule& rule : lower->rules) {
      for (const Policy* upper : layers) {
        if (upper->scope().level() >= lower->scope().level()) continue;
        std::optional<Finding> finding = TogetherLinter(*lower, *upper).Check(rule);
        if (!finding) continue;
        findings.push_back({lower, *std::move(finding)});
        break;
      }
    }
  }
  return findings;
}

std::vector<Finding> Lint(const Policy& policy, const Registry* registry, Instant now) {
  return Linter(policy, registry, now).Run();
}

std::string FormatFinding(const Policy& policy, const Finding& finding) {
  return base::StrCat(policy.file, ":", finding.place.line, ":", finding.place.column, ": [", finding.code, "] ",
                      finding.text);
}

}  // namespace crossdock::policy
