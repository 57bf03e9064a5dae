#include "lib/policy/canonical.h"

#include <algorithm>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/strings.h"

namespace crossdock::policy {
namespace {

class Writer {
 public:
  void Line(std::string_view name, std::string_view value) {
    text_ += base::StrCat(name, ": ", base::PercentEscape(value), "\n");
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

// Each word is escaped with its comma, so that two lists never read the same.
std::string Join(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return FormatFactValue(words);
}

template <typename Enum, typename Name>
std::string JoinEnums(const std::set<Enum>& values, Name name) {
  std::vector<std::string> words;
  for (Enum value : values) words.emplace_back(name(value));
  return Join(std::move(words));
}

std::string JoinSets(const std::vector<ApproverSet>& sets) {
  std::vector<std::string> words;
  for (const ApproverSet& set : sets) words.push_back(ApproverSetName(set));
  return Join(std::move(words));
}

void WriteApprovals(Writer& out, const Approvals& approvals) {
  std::vector<const Requirement*> sorted;
  for (const Requirement& requirement : approvals.all_of) sorted.push_back(&requirement);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  for (const Requirement* requirement : sorted) {
    out.Line("requirement", requirement->id);
    out.Line("count", base::StrCat(requirement->count));
    out.Line("from", JoinSets(requirement->from));
  }
  out.Line("distinct", DistinctName(approvals.distinct));
  out.Line("exclude", JoinEnums(approvals.exclude, ExcludeName));
  out.Line("valid_for_ms", base::StrCat(approvals.valid_for.count()));
  out.Line("bind", JoinEnums(approvals.bind, BindName));
  if (approvals.remind_after) out.Line("remind_after_ms", base::StrCat(approvals.remind_after->count()));
  if (approvals.escalate_after) {
    out.Line("escalate_after_ms", base::StrCat(approvals.escalate_after->count()));
    out.Line("escalate_to", Join({approvals.escalate_to.begin(), approvals.escalate_to.end()}));
  }
}

void WriteWindow(Writer& out, const Window& window) {
  out.Line("window", window.clock == Window::Clock::kDestination ? "destination"
                     : window.clock == Window::Clock::kSource    ? "source"
                                                                 : window.zone);
  out.Line("days", window.days.to_string());
  out.Line("opens_minute", base::StrCat(window.opens));
  out.Line("closes_minute", base::StrCat(window.closes));
  // By content, so that a calendar's name decides nothing, and its text everything.
  const auto calendars = [&](std::string_view name, const std::vector<CalendarRef>& refs) {
    std::vector<std::string> digests;
    for (const CalendarRef& ref : refs) digests.push_back(ref.calendar->digest);
    if (!digests.empty()) out.Line(name, Join(std::move(digests)));
  };
  calendars("only", window.only);
  calendars("except", window.except);
}

void WriteObligations(Writer& out, const Obligations& obligations) {
  if (obligations.delete_staging_within) {
    out.Line("delete_staging_within_ms", base::StrCat(obligations.delete_staging_within->count()));
  }
  if (obligations.scan) out.Line("scan", "before_release");
  if (obligations.mhl) out.Line("mhl", "required");
  if (!obligations.record_formats.empty())
    out.Line("record_formats", Join({obligations.record_formats.begin(), obligations.record_formats.end()}));
  if (obligations.verify) out.Line("obliged_verify", VerifyName(*obligations.verify));
  if (!obligations.notify.empty()) out.Line("notify", Join({obligations.notify.begin(), obligations.notify.end()}));
}

void WriteRule(Writer& out, const Rule& rule) {
  out.Line("rule", rule.id);
  out.Line("effect", EffectName(rule.effect));
  out.Line("absolute", rule.absolute ? "true" : "false");
  out.Line("title", rule.title);
  out.Line("reason", rule.reason);
  // As written, not as resolved: the digest must not depend on a machine's time zone data.
  if (rule.until) {
    out.Line("until", rule.until->at);
    out.Line("zone", rule.until->zone);
  }
  for (const Clause& clause : rule.when) {  // already in the vocabulary's order, then the operators'
    const bool limit = clause.op == Operator::kAtMost || clause.op == Operator::kAtLeast;
    out.Line("when", base::StrCat(clause.fact->name, " ", OperatorName(clause.op)));
    out.Line("is", limit ? base::StrCat(clause.limit) : Join(clause.words));
  }
  if (!rule.require) return;
  if (!rule.replaces.empty()) out.Line("replaces", rule.replaces);
  WriteObligations(out, rule.obligations);
  if (rule.require->window) WriteWindow(out, *rule.require->window);
  out.Line("verify", VerifyName(rule.require->verify));
  out.Line("in_motion", rule.require->encrypt_in_motion ? "aes-256" : "-");
  if (rule.require->approvals) {
    WriteApprovals(out, *rule.require->approvals);
  } else {
    out.Line("approvals", "none");
  }
}

}  // namespace

std::string Canonical(const Policy& policy) {
  Writer out;
  out.Line("schema", "crossdock/policy/v1");
  if (policy.client.empty()) {
    out.Line("studio", "true");
  } else {
    out.Line("client", policy.client);
  }
  if (!policy.show.empty()) out.Line("show", policy.show);
  out.Line("id", policy.id);
  out.Line("title", policy.title);
  out.Line("valid_from", base::FormatSeconds(policy.valid_from));
  out.Line("review_by", base::FormatSeconds(policy.review_by));
  if (policy.break_glass) {
    out.Line("break_glass_from", JoinSets(policy.break_glass->from));
    out.Line("break_glass_notify", Join({policy.break_glass->notify.begin(), policy.break_glass->notify.end()}));
  }
  std::vector<const Rule*> sorted;
  for (const Rule& rule : policy.rules) sorted.push_back(&rule);
  std::sort(sorted.begin(), sorted.end(), [](const Rule* a, const Rule* b) { return a->id < b->id; });
  for (const Rule* rule : sorted) WriteRule(out, *rule);
  return out.Take();
}

std::string Digest(const Policy& policy) { return base::ToHex(base::Sha256(Canonical(policy))); }

}  // namespace crossdock::policy
