#include <algorithm>
#include <set>

#include "absl/time/civil_time.h"
#include "lib/base/status.h"
#include "lib/policy/parse_parts.h"
#include "lib/yaml/quantity.h"

namespace crossdock::policy::internal {
namespace {

constexpr size_t kWordsMax = 1000;

// The operators that a type of fact has, in the order of the reference.
std::vector<Operator> OperatorsOf(FactType type) {
  switch (type) {
    case FactType::kText:
    case FactType::kCountry:
      return {Operator::kIn, Operator::kNotIn};
    case FactType::kClassification:
      return {Operator::kIn, Operator::kNotIn, Operator::kAtMost, Operator::kAtLeast};
    case FactType::kTextList:
      return {Operator::kAnyOf, Operator::kHas};
    case FactType::kCertifications:
      return {Operator::kHas};
    case FactType::kBytes:
    case FactType::kCount:
      return {Operator::kAtMost, Operator::kAtLeast};
  }
  return {};
}

absl::Status CheckWord(const yaml::Map& map, const yaml::Node& node, const FactSpec& spec, const std::string& word) {
  const bool is_text = spec.type != FactType::kTextList && spec.type != FactType::kCertifications;
  if (!is_text) return absl::OkStatus();
  const auto value = ParseFactValue(spec.name, word);
  return value.ok() ? absl::OkStatus() : map.ErrorAtNode(node, base::ToStd(value.status().message()));
}

absl::Status ReadWords(yaml::Map& map, std::string_view key, Clause& clause) {
  ASSIGN_OR_RETURN(clause.words, map.StringList(key));
  const yaml::Node& node = *map.Find(key);
  if (clause.words.empty()) return map.ErrorAtNode(node, "'", key, "' is an empty list; name at least one value");
  if (clause.words.size() > kWordsMax) return map.ErrorAtNode(node, "more than ", kWordsMax, " values; shorten it");
  for (size_t i = 0; i < clause.words.size(); ++i) {
    RETURN_IF_ERROR(CheckWord(map, node.items[i], *clause.fact, clause.words[i]));
  }
  std::sort(clause.words.begin(), clause.words.end());
  return absl::OkStatus();
}

absl::Status ReadLimit(yaml::Map& map, std::string_view key, Clause& clause) {
  if (clause.fact->type == FactType::kBytes) {
    ASSIGN_OR_RETURN(clause.limit, map.ByteSize(key));
  } else if (clause.fact->type == FactType::kCount) {
    ASSIGN_OR_RETURN(clause.limit, map.Int(key, 0, INT64_MAX));
  } else {
    ASSIGN_OR_RETURN(std::string word, map.String(key));
    RETURN_IF_ERROR(CheckWord(map, *map.Find(key), *clause.fact, word));
    clause.limit = *ClassificationRank(word);
  }
  return absl::OkStatus();
}

absl::Status ReadHas(yaml::Map& map, Clause& clause) {
  ASSIGN_OR_RETURN(std::string word, map.String("has"));
  clause.words = {word};
  if (clause.fact->type != FactType::kCertifications) return absl::OkStatus();
  // Written out although there is one choice, because "has" alone leaves open when.
  ASSIGN_OR_RETURN(std::string when, map.String("valid_on"));
  if (when != "decision") {
    return map.Error("valid_on", "'", when,
                     "' is not supported yet; write 'decision': the certification must be valid "
                     "whenever the transfer is decided, also while it runs");
  }
  return absl::OkStatus();
}

absl::Status ReadFactClauses(yaml::Map map, const FactSpec& spec, std::vector<Clause>& clauses) {
  const size_t before = clauses.size();
  for (Operator op : OperatorsOf(spec.type)) {
    const std::string_view key = OperatorName(op);
    if (!map.Has(key)) continue;
    Clause clause;
    clause.fact = &spec;
    clause.op = op;
    clause.place = PlaceOf(*map.Find(key));
    if (op == Operator::kAtMost || op == Operator::kAtLeast) {
      RETURN_IF_ERROR(ReadLimit(map, key, clause));
    } else if (op == Operator::kHas) {
      RETURN_IF_ERROR(ReadHas(map, clause));
    } else {
      RETURN_IF_ERROR(ReadWords(map, key, clause));
    }
    clauses.push_back(std::move(clause));
  }
  RETURN_IF_ERROR(map.Finish());
  if (clauses.size() > before) return absl::OkStatus();
  return map.ErrorAtNode(map.node(), "'", spec.name, "' has no condition; write one, as in {",
                         OperatorName(OperatorsOf(spec.type).front()), ": …}");
}

}  // namespace

absl::StatusOr<std::vector<Clause>> ReadWhen(yaml::Map when) {
  std::vector<Clause> clauses;
  for (const FactSpec& spec : Vocabulary()) {
    if (!when.Has(spec.name)) continue;
    ASSIGN_OR_RETURN(yaml::Map fact, when.SubMap(spec.name));
    RETURN_IF_ERROR(ReadFactClauses(std::move(fact), spec, clauses));
  }
  RETURN_IF_ERROR(when.Finish());
  return clauses;
}

absl::StatusOr<Deadline> ReadDeadline(yaml::Map& rule, Effect effect) {
  Deadline deadline;
  if (rule.Find("until")->IsScalar()) {
    ASSIGN_OR_RETURN(deadline.at, rule.String("until"));
    const auto instant = base::ParseInstant(deadline.at);
    if (!instant.ok()) {
      return rule.Error("until", "'", deadline.at,
                        "' is no instant; write \"2026-12-01T08:00:00Z\", or {at: …, zone: …}");
    }
    deadline.instant = *instant;
    return deadline;
  }
  ASSIGN_OR_RETURN(yaml::Map map, rule.SubMap("until"));
  ASSIGN_OR_RETURN(deadline.at, map.String("at"));
  ASSIGN_OR_RETURN(deadline.zone, map.String("zone", 64));
  RETURN_IF_ERROR(map.Finish());
  absl::CivilSecond civil;
  if (deadline.at.size() != 19 || !absl::ParseCivilTime(deadline.at, &civil)) {
    return map.Error("at", "'", deadline.at, "' is no civil time; write it as in \"2026-12-01T00:00:00\"");
  }
  if (!base::IsZoneName(deadline.zone)) {
    return map.Error("zone", "'", deadline.zone, "' is no time zone; write one as in America/Los_Angeles, or UTC");
  }
  deadline.instant = InstantOf(civil, deadline.zone, effect != Effect::kAllow);
  return deadline;
}

}  // namespace crossdock::policy::internal
