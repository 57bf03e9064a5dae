#include "lib/policy/dimension.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_join.h"
#include "lib/base/strings.h"
#include "lib/policy/english.h"
#include "lib/yaml/quantity.h"

namespace crossdock::policy {
namespace {

bool IsElement(FactType type) { return type == FactType::kTextList || type == FactType::kCertifications; }
bool IsText(FactType type) { return type == FactType::kText || type == FactType::kCountry; }

// A value that none of `named` is.
std::string Unnamed(FactType type, const std::set<std::string>& named) {
  if (type == FactType::kCountry) {
    for (char a = 'Z'; a >= 'A'; --a) {
      for (char b = 'Z'; b >= 'A'; --b) {
        if (std::string country{a, b}; !named.contains(country)) return country;
      }
    }
  }
  std::string other = "other";
  while (named.contains(other)) other += "-1";
  return other;
}

std::vector<const Clause*> ClausesOn(std::span<const Rule* const> rules, const FactSpec& fact) {
  std::vector<const Clause*> clauses;
  for (const Rule* rule : rules) {
    for (const Clause& clause : rule->when) {
      if (clause.fact == &fact) clauses.push_back(&clause);
    }
  }
  return clauses;
}

std::set<std::string> Named(const std::vector<const Clause*>& clauses) {
  std::set<std::string> named;
  for (const Clause* clause : clauses) named.insert(clause->words.begin(), clause->words.end());
  return named;
}

Dimension TextDimension(const FactSpec& fact, const std::vector<const Clause*>& clauses) {
  const std::set<std::string> named = Named(clauses);
  Dimension dimension;
  dimension.fact = &fact;
  dimension.texts.assign(named.begin(), named.end());
  dimension.texts.push_back(Unnamed(fact.type, named));
  return dimension;
}

Dimension NumberDimension(const FactSpec& fact, const std::vector<const Clause*>& clauses) {
  std::set<int64_t> lows{0};
  for (const Clause* clause : clauses) {
    if (clause->op == Operator::kAtLeast) lows.insert(clause->limit);
    if (clause->op == Operator::kAtMost && clause->limit < INT64_MAX) lows.insert(clause->limit + 1);
  }
  Dimension dimension;
  dimension.fact = &fact;
  dimension.lows.assign(lows.begin(), lows.end());
  return dimension;
}

Dimension RankDimension(const FactSpec& fact) {
  Dimension dimension;
  dimension.fact = &fact;
  for (int rank = 0; rank < kClassifications; ++rank) {
    dimension.texts.emplace_back(ClassificationName(rank));
    dimension.lows.push_back(rank);
  }
  return dimension;
}

std::string FormatNumber(const FactSpec& fact, int64_t number) {
  return fact.type == FactType::kBytes ? yaml::FormatByteSize(number) : base::StrCat(number);
}

// Neighbours as one interval: {first, one past last}.
std::vector<std::pair<size_t, size_t>> Runs(std::span<const size_t> atoms) {
  std::vector<std::pair<size_t, size_t>> runs;
  for (const size_t atom : atoms) {
    if (runs.empty() || runs.back().second != atom) runs.emplace_back(atom, atom);
    runs.back().second = atom + 1;
  }
  return runs;
}

// Of the two ways to say the same, the one with the rounder number: "more than 5TiB", not "at least 5497558138881B".
std::string From(const FactSpec& fact, int64_t low) {
  const std::string at_least = FormatNumber(fact, low), more_than = FormatNumber(fact, low - 1);
  return at_least.size() <= more_than.size() ? "at least " + at_least : "more than " + more_than;
}
std::string Below(const FactSpec& fact, int64_t end) {
  const std::string at_most = FormatNumber(fact, end - 1), less_than = FormatNumber(fact, end);
  return at_most.size() <= less_than.size() ? "at most " + at_most : "less than " + less_than;
}

std::string DescribeNumbers(const Dimension& dimension, std::span<const size_t> atoms) {
  std::vector<std::string> parts;
  for (const auto& [first, end] : Runs(atoms)) {
    std::vector<std::string> bounds;
    if (first > 0) bounds.push_back(From(*dimension.fact, dimension.lows[first]));
    if (end < dimension.size()) bounds.push_back(Below(*dimension.fact, dimension.lows[end]));
    parts.push_back(absl::StrJoin(bounds, " and "));
  }
  return Series(parts, "or");
}

std::string DescribeTimes(const Dimension& dimension, std::span<const size_t> atoms) {
  std::vector<std::string> parts;
  for (const auto& [first, end] : Runs(atoms)) {
    std::vector<std::string> bounds;
    if (first > 0) bounds.push_back(base::StrCat("from ", base::FormatSeconds(dimension.times[first])));
    if (end < dimension.size()) bounds.push_back(base::StrCat("before ", base::FormatSeconds(dimension.times[end])));
    parts.push_back(absl::StrJoin(bounds, " and "));
  }
  return Series(parts, "or");
}

std::string DescribeTexts(const Dimension& dimension, std::span<const size_t> atoms) {
  std::vector<std::string> words;
  const bool ranks = !dimension.lows.empty();
  if (ranks || std::find(atoms.begin(), atoms.end(), dimension.size() - 1) == atoms.end()) {
    for (const size_t atom : atoms) words.push_back(Word(dimension.texts[atom]));
    return base::StrCat("is ", Series(words, "or"));
  }
  for (size_t atom = 0; atom + 1 < dimension.size(); ++atom) {
    if (std::find(atoms.begin(), atoms.end(), atom) == atoms.end()) words.push_back(Word(dimension.texts[atom]));
  }
  return base::StrCat("is not ", Series(words, "or"));
}

}  // namespace

size_t Dimension::size() const {
  if (fact == nullptr) return times.size();
  if (!element.empty()) return 2;
  return texts.empty() ? lows.size() : texts.size();
}

bool Dimension::Holds(const Clause& clause, size_t atom) const {
  switch (clause.op) {
    case Operator::kIn:
      return std::binary_search(clause.words.begin(), clause.words.end(), texts[atom]);
    case Operator::kNotIn:
      return !std::binary_search(clause.words.begin(), clause.words.end(), texts[atom]);
    case Operator::kAnyOf:
    case Operator::kHas:
      return atom == 0 && std::binary_search(clause.words.begin(), clause.words.end(), element);
    case Operator::kAtMost:
      return lows[atom] <= clause.limit;
    case Operator::kAtLeast:
      return lows[atom] >= clause.limit;
  }
  return false;
}

std::string Dimension::Describe(std::span<const size_t> atoms) const {
  if (fact == nullptr) return base::StrCat("it is decided ", DescribeTimes(*this, atoms));
  if (!element.empty()) {
    const bool there = atoms.front() == 0;
    if (fact->type == FactType::kTextList) {
      return base::StrCat(fact->english, there ? " is tagged " : " is not tagged ", Word(element));
    }
    return base::StrCat(fact->english, there ? " holds the certification " : " does not hold the certification ",
                        Word(element));
  }
  if (!texts.empty()) return base::StrCat(fact->english, " ", DescribeTexts(*this, atoms));
  return base::StrCat(fact->english, " is ", DescribeNumbers(*this, atoms));
}

std::vector<Dimension> DimensionsOf(std::span<const Rule* const> rules, Instant now) {
  std::vector<Dimension> dimensions;
  for (const FactSpec& fact : Vocabulary()) {
    const std::vector<const Clause*> clauses = ClausesOn(rules, fact);
    if (clauses.empty()) continue;
    if (IsText(fact.type)) {
      dimensions.push_back(TextDimension(fact, clauses));
    } else if (fact.type == FactType::kClassification) {
      dimensions.push_back(RankDimension(fact));
    } else if (IsElement(fact.type)) {
      for (const std::string& element : Named(clauses)) {
        dimensions.emplace_back();
        dimensions.back().fact = &fact;
        dimensions.back().element = element;
      }
    } else {
      dimensions.push_back(NumberDimension(fact, clauses));
    }
  }
  std::set<Instant> times{now};
  for (const Rule* rule : rules) {
    if (rule->until && rule->until->instant && *rule->until->instant > now) times.insert(*rule->until->instant);
  }
  if (times.size() > 1) {
    dimensions.emplace_back();
    dimensions.back().times.assign(times.begin(), times.end());
  }
  return dimensions;
}

std::optional<size_t> AtomOf(const Dimension& dimension, const Facts& facts, Instant when) {
  const auto below = [](const auto& lows, const auto& value) -> std::optional<size_t> {
    const auto after = std::upper_bound(lows.begin(), lows.end(), value);
    if (after == lows.begin()) return std::nullopt;
    return static_cast<size_t>(after - lows.begin()) - 1;
  };
  if (dimension.fact == nullptr) return below(dimension.times, when);
  const Fact* fact = facts.Find(dimension.fact->name);
  if (fact == nullptr || !HasType(*dimension.fact, fact->value)) return std::nullopt;
  if (const auto* list = std::get_if<std::vector<std::string>>(&fact->value)) {
    return std::find(list->begin(), list->end(), dimension.element) == list->end() ? 1 : 0;
  }
  if (const auto* list = std::get_if<std::vector<Certification>>(&fact->value)) {
    return std::none_of(list->begin(), list->end(), [&](const Certification& certification) {
      return certification.id == dimension.element && (!certification.valid_until || when < *certification.valid_until);
    });
  }
  if (const auto* number = std::get_if<int64_t>(&fact->value)) return below(dimension.lows, *number);
  const auto& texts = dimension.texts;
  const auto found = std::find(texts.begin(), texts.end(), std::get<std::string>(fact->value));
  return static_cast<size_t>((found == texts.end() ? texts.end() - 1 : found) - texts.begin());
}

void Set(const Dimension& dimension, size_t atom, Facts& facts, Instant& when) {
  if (dimension.fact == nullptr) {
    when = dimension.times[atom];
    return;
  }
  Fact& fact = facts.values[std::string(dimension.fact->name)];
  if (dimension.element.empty()) {
    fact = dimension.texts.empty() ? Fact(dimension.lows[atom]) : Fact(dimension.texts[atom]);
  } else if (dimension.fact->type == FactType::kTextList) {
    if (!std::holds_alternative<std::vector<std::string>>(fact.value)) fact.value = std::vector<std::string>();
    if (atom == 0) std::get<std::vector<std::string>>(fact.value).push_back(dimension.element);
  } else {
    if (!std::holds_alternative<std::vector<Certification>>(fact.value)) fact.value = std::vector<Certification>();
    if (atom == 0) std::get<std::vector<Certification>>(fact.value).push_back({dimension.element, std::nullopt});
  }
}

}  // namespace crossdock::policy
