#include "lib/policy/box.h"

#include <algorithm>
#include <cstdint>
#include <set>

namespace crossdock::policy {
namespace {

std::vector<const Clause*> On(const Rule& rule, const FactSpec& fact) {
  std::vector<const Clause*> clauses;
  for (const Clause& clause : rule.when) {
    if (clause.fact == &fact) clauses.push_back(&clause);
  }
  return clauses;
}

// One text fact: either the listed values, or all but the listed.
struct Texts {
  bool all_but = true;
  std::set<std::string> values;

  bool IsEmpty() const { return !all_but && values.empty(); }
  bool Contains(const Texts& inner) const {
    const auto has = [](const Texts& set, const std::string& value) {
      return set.values.contains(value) != set.all_but;
    };
    if (inner.all_but && !all_but) return false;  // infinitely many values in finitely many
    if (inner.all_but) {
      return std::all_of(values.begin(), values.end(), [&](const auto& value) { return !has(inner, value); });
    }
    return std::all_of(inner.values.begin(), inner.values.end(), [&](const auto& value) { return has(*this, value); });
  }
};

Texts TextsOf(const std::vector<const Clause*>& clauses) {
  Texts texts;
  for (const Clause* clause : clauses) {
    if (clause->op != Operator::kIn) continue;
    const std::set<std::string> words(clause->words.begin(), clause->words.end());
    if (texts.all_but) {
      texts = {false, words};
    } else {
      std::erase_if(texts.values, [&](const std::string& value) { return !words.contains(value); });
    }
  }
  for (const Clause* clause : clauses) {
    if (clause->op != Operator::kNotIn) continue;
    for (const std::string& word : clause->words) {
      if (texts.all_but) {
        texts.values.insert(word);
      } else {
        texts.values.erase(word);
      }
    }
  }
  return texts;
}

struct Range {
  int64_t low = 0, high = INT64_MAX;
  bool IsEmpty() const { return low > high; }
  bool Contains(const Range& inner) const { return low <= inner.low && inner.high <= high; }
};

Range RangeOf(const std::vector<const Clause*>& clauses) {
  Range range;
  for (const Clause* clause : clauses) {
    if (clause->op == Operator::kAtLeast) range.low = std::max(range.low, clause->limit);
    if (clause->op == Operator::kAtMost) range.high = std::min(range.high, clause->limit);
  }
  return range;
}

unsigned Ranks(const std::vector<const Clause*>& clauses) {
  const Range range = RangeOf(clauses);
  const Texts texts = TextsOf(clauses);
  unsigned ranks = 0;
  for (int rank = 0; rank < kClassifications; ++rank) {
    const Texts one{false, {std::string(ClassificationName(rank))}};
    if (range.Contains({rank, rank}) && texts.Contains(one)) ranks |= 1u << rank;
  }
  return ranks;
}

// Lists: each outer condition must follow from one inner condition.
bool ListContains(const std::vector<const Clause*>& outer, const std::vector<const Clause*>& inner) {
  return std::all_of(outer.begin(), outer.end(), [&](const Clause* wide) {
    return std::any_of(inner.begin(), inner.end(), [&](const Clause* narrow) {
      return std::includes(wide->words.begin(), wide->words.end(), narrow->words.begin(), narrow->words.end());
    });
  });
}

bool FactContains(const FactSpec& fact, const Rule& outer, const Rule& inner) {
  const std::vector<const Clause*> wide = On(outer, fact), narrow = On(inner, fact);
  switch (fact.type) {
    case FactType::kText:
    case FactType::kCountry:
      return TextsOf(wide).Contains(TextsOf(narrow));
    case FactType::kClassification:
      return (Ranks(narrow) & ~Ranks(wide)) == 0;
    case FactType::kTextList:
    case FactType::kCertifications:
      return ListContains(wide, narrow);
    case FactType::kBytes:
    case FactType::kCount:
      return RangeOf(wide).Contains(RangeOf(narrow));
  }
  return false;
}

}  // namespace

bool Contains(const Rule& outer, const Rule& inner) {
  return IsEmpty(inner) || std::all_of(Vocabulary().begin(), Vocabulary().end(),
                                       [&](const FactSpec& fact) { return FactContains(fact, outer, inner); });
}

bool IsEmpty(const Rule& rule) {
  return std::any_of(Vocabulary().begin(), Vocabulary().end(), [&](const FactSpec& fact) {
    const std::vector<const Clause*> clauses = On(rule, fact);
    if (clauses.empty()) return false;
    if (fact.type == FactType::kClassification) return Ranks(clauses) == 0;
    return TextsOf(clauses).IsEmpty() || RangeOf(clauses).IsEmpty();
  });
}

unsigned ClassificationsOf(const Rule& rule) { return Ranks(On(rule, *FindFact("asset.classification"))); }

}  // namespace crossdock::policy
