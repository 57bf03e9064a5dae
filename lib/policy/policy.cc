#include "lib/policy/policy.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace crossdock::policy {

std::string_view OperatorName(Operator op) {
  switch (op) {
    case Operator::kIn:
      return "in";
    case Operator::kNotIn:
      return "not_in";
    case Operator::kAnyOf:
      return "any_of";
    case Operator::kHas:
      return "has";
    case Operator::kAtMost:
      return "at_most";
    case Operator::kAtLeast:
      return "at_least";
  }
  return "";
}

std::string_view ExcludeName(Exclude exclude) {
  switch (exclude) {
    case Exclude::kRequester:
      return "requester";
    case Exclude::kAssetPublisher:
      return "asset_publisher";
  }
  return "";
}

std::string_view BindName(Bind bind) {
  switch (bind) {
    case Bind::kListing:
      return "listing";
    case Bind::kContent:
      return "content";
    case Bind::kSource:
      return "source";
    case Bind::kDestination:
      return "destination";
    case Bind::kPolicy:
      return "policy";
  }
  return "";
}

std::string_view DistinctName(Distinct distinct) {
  switch (distinct) {
    case Distinct::kPerson:
      return "person";
    case Distinct::kTeam:
      return "team";
    case Distinct::kOrganisation:
      return "organisation";
  }
  return "";
}

std::string_view VerifyName(VerifyLevel level) {
  switch (level) {
    case VerifyLevel::kTransit:
      return "transit";
    case VerifyLevel::kLanded:
      return "landed";
    case VerifyLevel::kReadback:
      return "readback";
  }
  return "";
}

std::string ApproverSetName(const ApproverSet& set) {
  switch (set.kind) {
    case ApproverSet::Kind::kGroup:
      return base::StrCat("group:", set.name);
    case ApproverSet::Kind::kTeam:
      return base::StrCat("team:", set.name);
    case ApproverSet::Kind::kOrganisation:
      return base::StrCat("organisation:", set.name);
    case ApproverSet::Kind::kPerson:
      return base::StrCat("person:", set.name);
  }
  return "";
}

std::string_view EffectName(Effect effect) {
  switch (effect) {
    case Effect::kForbid:
      return "forbid";
    case Effect::kHold:
      return "hold";
    case Effect::kAllow:
      return "allow";
    case Effect::kRequire:
      return "require";
  }
  return "";
}

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return "allow";
    case Verdict::kNeedsApprovals:
      return "needs_approvals";
    case Verdict::kHold:
      return "hold";
    case Verdict::kDeny:
      return "deny";
  }
  return "";
}

void Unite(const Obligations& more, Obligations& all) {
  const auto& within = more.delete_staging_within;
  if (within) all.delete_staging_within = std::min(*within, all.delete_staging_within.value_or(*within));
  all.scan |= more.scan;
  all.mhl |= more.mhl;
  all.record_formats.insert(more.record_formats.begin(), more.record_formats.end());
  all.verify = std::max(all.verify, more.verify);  // nothing is below every level
  all.notify.insert(more.notify.begin(), more.notify.end());
}

std::string ScopeKey(const Scope& scope) {
  switch (scope.level()) {
    case Scope::Level::kStudio:
      return std::string(kStudioKey);
    case Scope::Level::kClient:
      return scope.client;
    case Scope::Level::kShow:
      return base::StrCat("show:", scope.client, "/", scope.show);
  }
  return "";
}

std::string ScopeName(const Scope& scope) {
  switch (scope.level()) {
    case Scope::Level::kStudio:
      return "the studio";
    case Scope::Level::kClient:
      return base::StrCat("client ", scope.client);
    case Scope::Level::kShow:
      return base::StrCat("show ", scope.show, " of client ", scope.client);
  }
  return "";
}

std::string_view ScopePrefix(const Scope& scope) {
  switch (scope.level()) {
    case Scope::Level::kStudio:
      return "studio/";
    case Scope::Level::kClient:
      return "";
    case Scope::Level::kShow:
      return "show/";
  }
  return "";
}

std::string ClientOfScope(std::string_view key) {
  if (key == kStudioKey) return "";
  constexpr std::string_view kShow = "show:";
  if (key.starts_with(kShow)) key.remove_prefix(kShow.size());
  return std::string(key.substr(0, key.find('/')));
}

std::vector<const Rule*> WithoutReplaced(const std::vector<const Rule*>& matched) {
  std::set<std::string_view> replaced;
  for (const Rule* rule : matched) replaced.insert(rule->replaces);
  std::vector<const Rule*> due;
  for (const Rule* rule : matched) {
    if (!replaced.contains(rule->id)) due.push_back(rule);
  }
  return due;
}

std::vector<std::string> RequirementsOf(const Policy& policy) {
  std::set<std::string> ids;
  for (const Rule& rule : policy.rules) {
    if (!rule.require || !rule.require->approvals) continue;
    for (const Requirement& requirement : rule.require->approvals->all_of) ids.insert(requirement.id);
  }
  return {ids.begin(), ids.end()};
}

}  // namespace crossdock::policy
