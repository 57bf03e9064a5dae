#include "lib/policy/parse.h"

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/policy/canonical.h"
#include "lib/policy/parse_parts.h"
#include "lib/yaml/parse.h"

namespace crossdock::policy {
namespace internal {

bool IsId(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !text.empty() && text.size() <= 64 && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

absl::StatusOr<std::string> ReadId(yaml::Map& map, std::string_view key) {
  ASSIGN_OR_RETURN(std::string id, map.String(key));
  if (IsId(id)) return id;
  return map.Error(key, "'", id, "' is no identifier; write up to 64 letters, digits, '.', '_' and '-'");
}

absl::Status RefuseUnsupported(yaml::Map& map, std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys) {
    if (map.node().Find(key) != nullptr) {
      return map.Error(key, "'", key, "' is not supported yet; remove it, or keep to a version that has it");
    }
  }
  return absl::OkStatus();
}

}  // namespace internal

namespace {

using internal::PlaceOf;
using internal::RefuseUnsupported;

absl::StatusOr<Effect> ReadEffect(yaml::Map& map) {
  ASSIGN_OR_RETURN(std::string word, map.OneOf("effect", {"forbid", "hold", "allow", "require"}));
  for (Effect effect : {Effect::kForbid, Effect::kHold, Effect::kAllow}) {
    if (word == EffectName(effect)) return effect;
  }
  return Effect::kRequire;
}

absl::StatusOr<Rule> ReadRule(yaml::Map map, internal::Names& names) {
  RETURN_IF_ERROR(RefuseUnsupported(map, {"shadow"}));
  Rule rule;
  rule.place = PlaceOf(map.node());
  ASSIGN_OR_RETURN(rule.id, internal::ReadId(map, "id"));
  ASSIGN_OR_RETURN(rule.effect, ReadEffect(map));
  ASSIGN_OR_RETURN(rule.title, map.StringOr("title", "", 200));
  const bool stops = rule.effect == Effect::kForbid || rule.effect == Effect::kHold;
  if (stops) {
    ASSIGN_OR_RETURN(rule.reason, map.String("reason", 200));
  } else if (map.Has("reason")) {
    return map.Error("reason", "'reason' belongs to forbid and hold; write 'title' here");
  }
  if (rule.effect == Effect::kForbid) {
    ASSIGN_OR_RETURN(std::string strength, map.OneOfOr("strength", "", {"absolute"}));
    rule.absolute = strength == "absolute";
  } else if (map.Has("strength")) {
    return map.Error("strength", "'strength' belongs to forbid; remove it");
  }
  if (map.Has("until")) {
    ASSIGN_OR_RETURN(rule.until, internal::ReadDeadline(map, rule.effect));
  }
  ASSIGN_OR_RETURN(yaml::Map when, map.SubMap("when"));
  ASSIGN_OR_RETURN(rule.when, internal::ReadWhen(std::move(when)));
  if (!stops) {
    ASSIGN_OR_RETURN(yaml::Map require, map.SubMap("require"));
    ASSIGN_OR_RETURN(rule.require, internal::ReadRequire(std::move(require), names));
  } else if (map.Has("require")) {
    return map.Error("require", "'require' belongs to allow and require; a ", EffectName(rule.effect),
                     " stops everything, so remove it");
  }
  if (map.Has("obligations")) {
    if (stops) return map.Error("obligations", "'obligations' belong to allow and require; remove them");
    ASSIGN_OR_RETURN(yaml::Map obligations, map.SubMap("obligations"));
    ASSIGN_OR_RETURN(rule.obligations, internal::ReadObligations(std::move(obligations), names.scope));
  }
  if (map.Has("replaces")) {
    if (stops) return map.Error("replaces", "'replaces' belongs to allow and require; remove it");
    ASSIGN_OR_RETURN(rule.replaces, internal::ReadId(map, "replaces"));
  }
  RETURN_IF_ERROR(map.Finish());
  return rule;
}

// What a rule replaces must be there and of its kind, and nothing may replace itself by a detour.
absl::Status CheckReplaces(const yaml::Map& map, const Policy& policy, const Rule& rule) {
  std::set<std::string> seen;
  for (const Rule* at = &rule; !at->replaces.empty();) {
    if (!seen.insert(at->id).second) {
      return map.Error("replaces", "rule '", rule.id, "' ends up replacing itself; remove one of them");
    }
    const auto found = std::find_if(policy.rules.begin(), policy.rules.end(),
                                    [&](const Rule& other) { return other.id == at->replaces; });
    if (found == policy.rules.end()) {
      return map.Error("replaces", "no rule '", at->replaces, "'; write the id of one that is in the file");
    }
    if (!found->require) {
      return map.Error("replaces", "rule '", found->id, "' is a ", EffectName(found->effect),
                       ", which nothing replaces; narrow that rule instead");
    }
    at = &*found;
  }
  return absl::OkStatus();
}

absl::Status ReadRules(yaml::Map& map, std::span<const std::string> calendars, Policy& policy) {
  ASSIGN_OR_RETURN(std::vector<yaml::Map> rules, map.SubMaps("rules"));
  if (rules.empty()) return map.Error("rules", "no rules; write at least one, or everything is denied");
  if (rules.size() > kRulesMax) return map.Error("rules", "more than ", kRulesMax, " rules; merge some");
  internal::Names names;
  names.scope = policy.scope();
  for (const std::string& file : calendars) names.calendar_files.emplace(base::ToHex(base::Sha256(file)), file);
  RETURN_IF_ERROR(internal::ReadCalendars(map, policy, names));
  std::set<std::string> ids;
  for (const yaml::Map& each : rules) {
    ASSIGN_OR_RETURN(Rule rule, ReadRule(each, names));
    if (!ids.insert(rule.id).second) {
      return each.Error("id", "rule '", rule.id, "' stands twice; give each rule an id of its own");
    }
    policy.rules.push_back(std::move(rule));
  }
  for (const auto& [name, calendar] : names.calendars) {
    if (!names.used_calendars.contains(name)) {
      return map.Error("calendars", "calendar '", name, "' stands in no window; remove it, or name it in one");
    }
  }
  for (size_t i = 0; i < rules.size(); ++i) RETURN_IF_ERROR(CheckReplaces(rules[i], policy, policy.rules[i]));
  return absl::OkStatus();
}

// `{studio: true}`, `{client: ID}` or `{client: ID, show: ID}`.
absl::StatusOr<Scope> ReadScope(yaml::Map applies) {
  Scope scope;
  if (applies.Has("studio")) {
    RETURN_IF_ERROR(applies.OneOf("studio", {"true"}).status());
    if (applies.Has("client") || applies.Has("show")) {
      return applies.Error("studio",
                           "the studio's rules apply to all clients; remove 'client' and 'show', or 'studio'");
    }
    RETURN_IF_ERROR(applies.Finish());
    return scope;
  }
  ASSIGN_OR_RETURN(scope.client, internal::ReadId(applies, "client"));
  if (applies.Has("show")) {
    ASSIGN_OR_RETURN(scope.show, internal::ReadId(applies, "show"));
  }
  RETURN_IF_ERROR(applies.Finish());
  return scope;
}

absl::Status ReadHead(yaml::Map& map, Policy& policy) {
  RETURN_IF_ERROR(RefuseUnsupported(map, {"layer", "layers", "windows", "obligations", "shadow"}));
  ASSIGN_OR_RETURN(std::string schema, map.String("schema"));
  if (schema != "crossdock/policy/v1") {
    return map.Error("schema", "schema '", schema, "' is unknown; write crossdock/policy/v1");
  }
  ASSIGN_OR_RETURN(policy.id, internal::ReadId(map, "id"));
  ASSIGN_OR_RETURN(policy.title, map.String("title", 200));

  ASSIGN_OR_RETURN(yaml::Map applies, map.SubMap("applies_to"));
  ASSIGN_OR_RETURN(Scope scope, ReadScope(std::move(applies)));
  policy.client = std::move(scope.client);
  policy.show = std::move(scope.show);

  ASSIGN_OR_RETURN(yaml::Map valid, map.SubMap("valid"));
  const auto day = [&](std::string_view key) -> absl::StatusOr<Instant> {
    ASSIGN_OR_RETURN(std::string text, valid.String(key));
    auto instant = ParseDay(text);
    if (!instant.ok()) return valid.Error(key, base::ToStd(instant.status().message()));
    return instant;
  };
  ASSIGN_OR_RETURN(policy.valid_from, day("from"));
  ASSIGN_OR_RETURN(Instant review, day("review_by"));
  policy.review_by = review + std::chrono::days(1);
  policy.review_place = PlaceOf(*valid.Find("review_by"));
  if (policy.review_by <= policy.valid_from) {
    return valid.Error("review_by", "'review_by' lies before 'from'; write a later day");
  }
  return valid.Finish();
}

}  // namespace

absl::StatusOr<Policy> Parse(std::string_view text, std::string_view file, std::span<const std::string> calendars) {
  ASSIGN_OR_RETURN(yaml::Map map, yaml::Parse(text, file));
  Policy policy;
  policy.file = std::string(file);
  RETURN_IF_ERROR(ReadHead(map, policy));
  ASSIGN_OR_RETURN(auto break_glass, map.OptionalSubMap("break_glass"));
  if (break_glass) {
    ASSIGN_OR_RETURN(policy.break_glass, internal::ReadBreakGlass(*std::move(break_glass), policy.scope()));
  }
  RETURN_IF_ERROR(ReadRules(map, calendars, policy));
  ASSIGN_OR_RETURN(policy.tests, internal::ReadTests(map, policy));
  RETURN_IF_ERROR(map.Finish());
  policy.digest = Digest(policy);
  return policy;
}

}  // namespace crossdock::policy
