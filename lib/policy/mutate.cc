#include "lib/policy/mutate.h"

#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/str_join.h"
#include "lib/base/strings.h"
#include "lib/policy/english.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/run_tests.h"

namespace crossdock::policy {
namespace {

// Longer than any approval can be good for.
constexpr std::chrono::hours kForEver{24 * 365 * 1000};

std::string Describe(const Clause& clause) {
  const bool limit = clause.op == Operator::kAtMost || clause.op == Operator::kAtLeast;
  return base::StrCat(clause.fact->name, " ", OperatorName(clause.op), " ",
                      limit ? LimitOf(clause) : base::StrCat("[", absl::StrJoin(clause.words, ", "), "]"));
}

// Whether a condition has an opposite that the language can say; `clause` becomes it.
bool Oppose(Clause& clause) {
  switch (clause.op) {
    case Operator::kIn:
      clause.op = Operator::kNotIn;
      return true;
    case Operator::kNotIn:
      clause.op = Operator::kIn;
      return true;
    case Operator::kAtMost:
      clause.op = Operator::kAtLeast;
      ++clause.limit;
      return true;
    case Operator::kAtLeast:
      clause.op = Operator::kAtMost;
      --clause.limit;
      return true;
    case Operator::kAnyOf:
    case Operator::kHas:
      return false;
  }
  return false;
}

class Mutation {
 public:
  explicit Mutation(const Policy& policy) : policy_(policy), mutated_(policy) {}

  std::vector<Mutant> Run() {
    for (size_t i = 0; i < policy_.rules.size(); ++i) {
      at_ = i;
      const Rule& rule = policy_.rules[i];
      Try(rule.place, "without the rule", nullptr);
      for (size_t c = 0; c < rule.when.size(); ++c) Condition(rule.when[c], c);
      if (rule.until) Try(rule.place, "without its end", [](Rule& mutated) { mutated.until.reset(); });
      if (rule.require && rule.require->verify == VerifyLevel::kReadback) {
        Try(rule.place, "verified no further than landed",
            [](Rule& mutated) { mutated.require->verify = VerifyLevel::kLanded; });
      }
      if (rule.require && rule.require->window) {
        Try(rule.place, "without its hours", [](Rule& mutated) { mutated.require->window.reset(); });
      }
      if (rule.require && rule.require->window) Calendars(rule);
      if (rule.obligations.verify) {
        Try(rule.place, "without the verification that it is obliged to",
            [](Rule& mutated) { mutated.obligations.verify.reset(); });
      }
      if (!rule.replaces.empty()) {
        Try(rule.place, base::StrCat("without replacing ", rule.replaces),
            [](Rule& mutated) { mutated.replaces.clear(); });
      }
      if (rule.require && rule.require->approvals) Asked(*rule.require->approvals);
    }
    return std::move(mutants_);
  }

 private:
  void Condition(const Clause& clause, size_t c) {
    Try(clause.place, base::StrCat("without ", Describe(clause)),
        [&](Rule& rule) { rule.when.erase(rule.when.begin() + static_cast<std::ptrdiff_t>(c)); });
    Clause opposite = clause;
    if (!Oppose(opposite)) return;
    Try(clause.place, base::StrCat("with ", Describe(opposite), " for ", Describe(clause)),
        [&](Rule& rule) { rule.when[c] = opposite; });
  }

  void Calendars(const Rule& rule) {
    for (auto list : {&Window::only, &Window::except}) {
      const std::vector<CalendarRef>& refs = (*rule.require->window).*list;
      for (size_t i = 0; i < refs.size(); ++i) {
        Try(rule.place, base::StrCat("without calendar ", refs[i].calendar->name), [&](Rule& mutated) {
          auto& changed = (*mutated.require->window).*list;
          changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        });
      }
    }
  }

  void Asked(const Approvals& approvals) {
    for (size_t r = 0; r < approvals.all_of.size(); ++r) {
      const Requirement& requirement = approvals.all_of[r];
      Try(requirement.place, base::StrCat("without requirement ", requirement.id), [&](Rule& rule) {
        auto& all_of = rule.require->approvals->all_of;
        all_of.erase(all_of.begin() + static_cast<std::ptrdiff_t>(r));
        if (all_of.empty()) rule.require->approvals.reset();
      });
      if (requirement.count == 1) continue;
      Try(requirement.place, base::StrCat("with one person fewer for requirement ", requirement.id),
          [&](Rule& rule) { --rule.require->approvals->all_of[r].count; });
    }
    const Place place = approvals.all_of.front().place;
    if (approvals.distinct != Distinct::kPerson) {
      Try(place, base::StrCat("with approvals of one ", DistinctName(approvals.distinct)),
          [](Rule& rule) { rule.require->approvals->distinct = Distinct::kPerson; });
    }
    for (const Exclude exclude : approvals.exclude) {
      Try(place, base::StrCat("without excluding ", ExcludeName(exclude)),
          [&](Rule& rule) { rule.require->approvals->exclude.erase(exclude); });
    }
    Try(place, "with approvals that never expire", [](Rule& rule) { rule.require->approvals->valid_for = kForEver; });
  }

  // Runs the tests with the rule changed by `change`, or taken away.
  void Try(Place place, std::string what, const std::function<void(Rule&)>& change) {
    const auto position = mutated_.rules.begin() + static_cast<std::ptrdiff_t>(at_);
    if (change) {
      change(*position);
    } else {
      mutated_.rules.erase(position);
    }
    Mutant mutant{policy_.rules[at_].id, place, std::move(what), ""};
    for (const PolicyTest& test : policy_.tests) {
      if (RunTest(mutated_, test).passed) continue;
      mutant.killed_by = test.name;
      break;
    }
    if (change) {
      mutated_.rules[at_] = policy_.rules[at_];
    } else {
      mutated_.rules.insert(mutated_.rules.begin() + static_cast<std::ptrdiff_t>(at_), policy_.rules[at_]);
    }
    mutants_.push_back(std::move(mutant));
  }

  const Policy& policy_;
  Policy mutated_;
  size_t at_ = 0;
  std::vector<Mutant> mutants_;
};

}  // namespace

TestStrength MeasureTests(const Policy& policy) {
  TestStrength strength;
  std::set<std::string> reached;
  for (const PolicyTest& test : policy.tests) {
    const Decision decision = Evaluate(policy, test.facts, test.approvals, test.now);
    reached.insert(decision.matched.begin(), decision.matched.end());
  }
  for (const Rule& rule : policy.rules) {
    if (!reached.contains(rule.id)) strength.unreached.push_back(&rule);
  }
  strength.mutants = Mutation(policy).Run();
  strength.killed = static_cast<size_t>(std::count_if(strength.mutants.begin(), strength.mutants.end(),
                                                      [](const Mutant& mutant) { return !mutant.killed_by.empty(); }));
  return strength;
}

}  // namespace crossdock::policy
