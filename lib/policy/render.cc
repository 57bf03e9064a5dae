#include "lib/policy/render.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "lib/base/strings.h"
#include "lib/policy/english.h"
#include "lib/yaml/quantity.h"

namespace crossdock::policy {
namespace {

std::string Condition(const Clause& clause) {
  const std::string_view subject = clause.fact->english;
  switch (clause.op) {
    case Operator::kIn:
      return base::StrCat(subject, " is ", Series(Words(clause.words), "or"));
    case Operator::kNotIn:
      return base::StrCat(subject, " is not ", Series(Words(clause.words), "or"));
    case Operator::kAnyOf:
      return base::StrCat(subject, " is tagged ", Series(Words(clause.words), "or"));
    case Operator::kHas:
      if (clause.fact->type == FactType::kTextList) return base::StrCat(subject, " is tagged ", Word(clause.words[0]));
      return base::StrCat(subject, " holds the certification ", Word(clause.words[0]), ", valid at the decision");
    case Operator::kAtMost:
      return base::StrCat(subject, " is at most ", LimitOf(clause));
    case Operator::kAtLeast:
      return base::StrCat(subject, " is at least ", LimitOf(clause));
  }
  return "";
}

std::string From(const std::vector<ApproverSet>& from) {
  std::vector<std::string> words;
  for (const ApproverSet& set : from) {
    std::string name = ApproverSetName(set);
    name[name.find(':')] = ' ';
    words.push_back(std::move(name));
  }
  return Series(words, "or");
}

std::string Persons(int count) { return count == 1 ? "1 person" : base::StrCat(count, " persons"); }

// A quoted text of the file's own. The strict reader has let only visible characters pass; a quotation mark within
// must not end the quotation.
std::string Quote(std::string text) {
  std::replace(text.begin(), text.end(), '"', '\'');
  return "\"" + text + "\"";
}

void RenderApprovals(const Approvals& approvals, std::string& out) {
  for (const Requirement& requirement : approvals.all_of) {
    out += base::StrCat("  - ", Persons(requirement.count), " from ", From(requirement.from),
                        " must approve (requirement ", requirement.id, ").\n");
  }
  out += "  - Each approval must come from another person";
  if (approvals.distinct == Distinct::kTeam) out += ", and from another team";
  if (approvals.distinct == Distinct::kOrganisation) out += ", and from another organisation";
  out += ".\n";
  std::vector<std::string> excluded;
  for (Exclude exclude : approvals.exclude) {
    excluded.emplace_back(exclude == Exclude::kRequester ? "who requested the transfer" : "who published the asset");
  }
  out += excluded.empty() ? "  - Nobody is excluded from approving, not even who requested the transfer.\n"
                          : base::StrCat("  - Nobody ", Series(excluded, "or"), " may approve.\n");
  std::vector<std::string> bound;
  for (Bind bind : approvals.bind) {
    bound.emplace_back(bind == Bind::kContent   ? "content of every file"
                       : bind == Bind::kListing ? "listing"
                                                : BindName(bind));
  }
  out += base::StrCat("  - An approval is good for ", yaml::FormatDuration(approvals.valid_for), " and for this ",
                      Series(bound, "and"), " only.\n");
  if (approvals.remind_after) {
    out += base::StrCat("  - If an approval is still missing after ", yaml::FormatDuration(*approvals.remind_after),
                        ", whoever is told that the transfer waits is reminded.\n");
  }
  if (approvals.escalate_after) {
    out +=
        base::StrCat("  - If an approval is still missing after ", yaml::FormatDuration(*approvals.escalate_after),
                     ", ", Series({approvals.escalate_to.begin(), approvals.escalate_to.end()}, "and"),
                     approvals.escalate_to.size() == 1 ? " is" : " are", " told. Nothing is ever approved by that.\n");
  }
}

std::string_view Verified(VerifyLevel level) {
  switch (level) {
    case VerifyLevel::kTransit:
      return "every file is verified in transit";
    case VerifyLevel::kLanded:
      return "every file is verified when it has landed";
    case VerifyLevel::kReadback:
      return "every file is read back from storage and verified";
  }
  return "";
}

std::string Head(const Rule& rule) {
  switch (rule.effect) {
    case Effect::kForbid:
      return "forbids a transfer";
    case Effect::kHold:
      return "holds a transfer";
    case Effect::kAllow:
      return "allows a transfer";
    case Effect::kRequire:
      return "adds requirements to a transfer, without allowing it,";
  }
  return "";
}

std::string Calendars(const Window& window) {
  const auto names = [](const std::vector<CalendarRef>& refs) {
    std::vector<std::string> words;
    for (const CalendarRef& ref : refs) {
      const std::string& file = ref.calendar->file;
      words.push_back(base::StrCat(Word(ref.calendar->name), file.empty() ? " (" : base::StrCat(" (file ", file, ", "),
                                   "SHA-256 ", ref.calendar->digest, ")"));
    }
    return Series(words, "or");
  };
  std::string text;
  if (!window.only.empty()) text += base::StrCat(" Only during what stands in calendar ", names(window.only), ".");
  if (!window.except.empty()) text += base::StrCat(" Not during what stands in calendar ", names(window.except), ".");
  return text;
}

std::string Hours(const Window& window) {
  std::vector<std::string> days;
  for (size_t day = 0; day < window.days.size(); ++day) {
    constexpr std::string_view kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    if (window.days[day]) days.emplace_back(kDays[day]);
  }
  const auto time = [](int minutes) {
    std::string text = base::StrCat(minutes / 60, minutes % 60 < 10 ? ":0" : ":", minutes % 60);
    return text.size() < 5 ? "0" + text : text;
  };
  const std::string where = window.clock == Window::Clock::kDestination ? "at the destination"
                            : window.clock == Window::Clock::kSource    ? "at the source"
                                                                        : "in " + window.zone;
  return base::StrCat("It runs only on ", window.days.all() ? "any day" : Series(days, "and"), " from ",
                      time(window.opens), " to ", time(window.closes),
                      window.closes <= window.opens ? " of the next day, " : ", ", where,
                      ". When that ends it pauses until the next time.", Calendars(window));
}

std::string Until(const Deadline& deadline) {
  return deadline.zone.empty() ? deadline.at : base::StrCat(deadline.at, " in ", deadline.zone);
}

void RenderRule(const Rule& rule, std::string& out) {
  out += base::StrCat("Rule ", rule.id, " ", Head(rule));
  if (rule.until) out += base::StrCat(" until ", Until(*rule.until));
  out += rule.when.empty() ? " always.\n" : " when all of these hold:\n";
  for (const Clause& clause : rule.when) out += base::StrCat("  - ", Condition(clause), ".\n");
  if (!rule.title.empty()) out += base::StrCat("  Title: ", Quote(rule.title), ".\n");
  if (!rule.reason.empty()) out += base::StrCat("  Reason: ", Quote(rule.reason), ".\n");
  if (rule.absolute) out += "  Nothing lifts this, not even an emergency.\n";
  if (!rule.require) return;
  out += "  Then:\n";
  if (rule.require->approvals) {
    RenderApprovals(*rule.require->approvals, out);
  } else if (rule.effect == Effect::kRequire) {
    out += "  - No further approval is needed.\n";
  } else {
    out += "  - No approval is needed.\n";
    for (const Clause& clause : rule.when) {
      if (clause.fact->provenance != Provenance::kAsserted) continue;
      out += base::StrCat("  - This trusts the asset database for ", clause.fact->name, ".\n");
    }
  }
  if (!rule.replaces.empty()) out += base::StrCat("  - This replaces what rule ", rule.replaces, " asks.\n");
  if (rule.require->window) out += base::StrCat("  - ", Hours(*rule.require->window), "\n");
  if (rule.require->encrypt_in_motion) out += "  - The content is encrypted with AES-256 in motion.\n";
  out += base::StrCat("  - At least ", Verified(rule.require->verify), ".\n");
  const Obligations& obliged = rule.obligations;
  if (obliged.verify) out += base::StrCat("  - Whatever other rules ask, ", Verified(*obliged.verify), ".\n");
  if (obliged.scan)
    out +=
        "  - Before anything leaves, the source site's own scan finds nothing; a site that has none sends nothing.\n";
  if (obliged.mhl) {
    const std::set<std::string>& formats = obliged.record_formats;
    out += base::StrCat("  - The destination keeps an integrity record (ASC MHL)", formats.empty() ? "" : " with ",
                        absl::StrJoin(formats, ", "), formats.empty() ? "" : " besides xxh128",
                        "; where it keeps none, nothing lands.\n");
  }
  for (const std::string& recipient : obliged.notify)
    out += base::StrCat("  - ", recipient, " is told when the transfer waits, is stopped or has ended.\n");
  if (obliged.delete_staging_within) {
    out +=
        base::StrCat("  - What is left in staging is deleted within ",
                     yaml::FormatDuration(*obliged.delete_staging_within), " after the transfer ended or stopped.\n");
  }
}

std::string Emergency(const BreakGlass& glass) {
  return base::StrCat(
      "In an emergency two persons from ", From(glass.from),
      ", who sign with a reason, let one transfer through for at most 4 hours: past what rules hold or "
      "forbid and hours that are closed, but not past\nwhat nothing lifts, and without approvals that are open. ",
      Series({glass.notify.begin(), glass.notify.end()}, "and"), glass.notify.size() == 1 ? " is" : " are",
      " told at once, and a third person reviews it within 48 hours.\n");
}

std::string_view Headline(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return "Allowed.";
    case Verdict::kNeedsApprovals:
      return "Waits for approvals.";
    case Verdict::kHold:
      return "Held.";
    case Verdict::kDeny:
      return "Denied.";
  }
  return "";
}

}  // namespace

std::string Render(const Policy& policy) {
  std::string out = base::StrCat(
      "Policy ", policy.id, " of ", ScopeName(policy.scope()), ": ", Quote(policy.title), ".\n", "In force from ",
      base::FormatSeconds(policy.valid_from), "; to be reviewed before ", base::FormatSeconds(policy.review_by), ".\n",
      "What no rule allows is denied. Where several rules apply, the strictest wins, and all "
      "their requirements are due.\nA fact that is not known holds the transfer.\n");
  if (policy.break_glass) out += Emergency(*policy.break_glass);
  for (const Rule& rule : policy.rules) {
    out += "\n";
    RenderRule(rule, out);
  }
  return out + base::StrCat("\nDigest: ", policy.digest, "\n");
}

std::string RenderTogether(std::span<const Policy* const> layers) {
  std::vector<std::string> names;
  for (const Policy* layer : layers) names.push_back(ScopeName(layer->scope()));
  std::string out = base::StrCat(
      "How they combine: the rules of ", Series(names, "and"),
      " are asked together.\n- Each must allow the transfer by its own rules; the strictest verdict of all counts.\n"
      "- The requirements of all are due together, and a person fills one of them. So are the hours and obligations: "
      "the "
      "strictest of each counts.\n");
  bool has_clients = false;
  for (const Policy* layer : layers) {
    has_clients |= layer->scope().level() == Scope::Level::kClient;
    const std::string_view prefix = ScopePrefix(layer->scope());
    if (prefix.empty()) continue;
    out += base::StrCat("- In decisions and approvals, ids of rules and requirements of ", ScopeName(layer->scope()),
                        " begin with ", prefix, "\n");
  }
  if (!has_clients) out += "- Without the client's own rules, which are not among these, everything is denied.\n";
  for (const Policy* layer : layers) {
    out += base::StrCat("Digest of ", ScopeName(layer->scope()), ": ", layer->digest, "\n");
  }
  return out + base::StrCat("Digest of all together, to which approvals are bound: ", DigestOf(layers), "\n");
}

std::string Explain(const Decision& decision) {
  std::string out = base::StrCat(Headline(decision.verdict), "\n");
  for (const Reason& reason : decision.reasons) out += base::StrCat("- ", reason.text, "\n");
  for (const Reason& reason : decision.lifted) out += base::StrCat("- Lifted by break-glass: ", reason.text, "\n");
  for (const RequirementStatus& status : decision.open) {
    out += base::StrCat("- ", status.id, " waits for ", Persons(status.count - status.have), " from ",
                        From(status.from), "; an approval is good for ", yaml::FormatDuration(status.valid_for), ".\n");
  }
  for (const RequirementStatus& status : decision.satisfied) {
    out += base::StrCat("- ", status.id, " is approved by ", Series(Words(status.persons), "and"), ".\n");
  }
  if (!decision.matched.empty()) {
    out += base::StrCat("Rules that matched: ", absl::StrJoin(decision.matched, ", "), ".\n");
  }
  if (decision.until) out += base::StrCat("May change by itself at ", base::FormatSeconds(*decision.until), ".\n");
  return out + base::StrCat("Policy digest: ", decision.policy_digest, "\n");
}

}  // namespace crossdock::policy
