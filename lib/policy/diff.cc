#include "lib/policy/diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "lib/base/status.h"
#include "lib/policy/compare.h"
#include "lib/policy/evaluate.h"

namespace crossdock::policy {
namespace {

constexpr size_t kDimensionsMax = 2'000;

bool SameMeaning(const Clause& a, const Clause& b) {
  return a.fact == b.fact && a.op == b.op && a.words == b.words && a.limit == b.limit;
}

bool SameMeaning(const Requirement& a, const Requirement& b) {
  return a.id == b.id && a.count == b.count && a.from == b.from;
}

bool SameMeaning(const Approvals& a, const Approvals& b) {
  return std::equal(a.all_of.begin(), a.all_of.end(), b.all_of.begin(), b.all_of.end(),
                    [](const Requirement& x, const Requirement& y) { return SameMeaning(x, y); }) &&
         std::tie(a.distinct, a.exclude, a.valid_for, a.bind, a.remind_after, a.escalate_after, a.escalate_to) ==
             std::tie(b.distinct, b.exclude, b.valid_for, b.bind, b.remind_after, b.escalate_after, b.escalate_to);
}

bool SameMeaning(const std::optional<Require>& a, const std::optional<Require>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  if (a->verify != b->verify || a->window != b->window || a->approvals.has_value() != b->approvals.has_value())
    return false;
  return !a->approvals || SameMeaning(*a->approvals, *b->approvals);
}

bool SameMeaning(const Rule& a, const Rule& b) {
  const auto end = [](const Rule& rule) { return rule.until ? rule.until->instant : std::nullopt; };
  return std::tie(a.id, a.effect, a.absolute, a.replaces) == std::tie(b.id, b.effect, b.absolute, b.replaces) &&
         end(a) == end(b) &&
         std::equal(a.when.begin(), a.when.end(), b.when.begin(), b.when.end(),
                    [](const Clause& x, const Clause& y) { return SameMeaning(x, y); }) &&
         a.obligations == b.obligations && SameMeaning(a.require, b.require);
}

// A rule of either version or of both.
struct Candidate {
  const Rule* before = nullptr;
  const Rule* after = nullptr;
  size_t last = 0;  // the dimension after which it is known whether it matches

  const Rule& rule() const { return before != nullptr ? *before : *after; }
  bool changed() const { return before == nullptr || after == nullptr; }
};

// 4 forbids absolutely, 3 forbids, 2 holds, 1 neither.
int Strictness(const Rule& rule) {
  if (rule.effect == Effect::kForbid) return rule.absolute ? 4 : 3;
  return rule.effect == Effect::kHold ? 2 : 1;
}

// Half way through the dimensions: what can still match, and how strict it is at least in both versions.
struct State {
  std::vector<bool> active;     // candidates
  std::vector<bool> satisfied;  // list conditions that an element has satisfied already
  int floor = 1;

  auto Key() const { return std::tie(active, satisfied, floor); }
  bool operator<(const State& other) const { return Key() < other.Key(); }
  bool operator==(const State& other) const { return Key() == other.Key(); }
  template <typename H>
  friend H AbslHashValue(H h, const State& state) {
    return H::combine(std::move(h), state.active, state.satisfied, state.floor);
  }
};

// What one dimension decides of a candidate.
struct Test {
  size_t candidate;
  const Clause* clause;  // null: its end
  int list = -1;         // its number among the list conditions
  bool last_of_list = false;
};

// The versions' difference as a decision diagram: a node asks for the atom of one dimension, equal nodes are one.
// Whatever no changed rule can influence any more is no difference, which keeps the diagram as small as the change.
class Diagram {
 public:
  Diagram(const Policy& before, const Policy& after, Instant now) : now_(now) {
    Gather(before, after);
    std::vector<const Rule*> rules;
    for (const Candidate& candidate : candidates_) rules.push_back(&candidate.rule());
    dimensions_ = DimensionsOf(rules, now);
    for (Dimension& dimension : dimensions_) {
      if (dimension.fact == nullptr) continue;
      const Scope& scope = before.scope();
      if (dimension.fact->name == "asset.client" && !scope.client.empty()) dimension.texts = {scope.client};
      if (dimension.fact->name == "asset.project" && !scope.show.empty()) dimension.texts = {scope.show};
    }
    PlanTests();
  }

  // Its root; 0 is no difference, what is below 0 an ending.
  int Build() {
    if (dimensions_.size() > kDimensionsMax) {
      complete_ = false;
      return kSame;
    }
    State state;
    state.active.assign(candidates_.size(), true);
    state.satisfied.assign(lists_, false);
    return Build(0, std::move(state));
  }

  struct Node {
    size_t dimension;
    std::vector<std::pair<int, std::vector<size_t>>> children;  // and the atoms that lead there
  };
  struct Ending {
    Change change;
    std::string how;
    std::optional<Instant> when;
    bool operator==(const Ending&) const = default;
  };
  static constexpr int kSame = 0;

  const Node& node(int id) const { return nodes_[static_cast<size_t>(id) - 1]; }
  const Ending& ending(int id) const { return endings_[static_cast<size_t>(-id) - 1]; }
  bool complete() const { return complete_; }
  std::vector<Dimension> TakeDimensions() { return std::move(dimensions_); }

 private:
  void Gather(const Policy& before, const Policy& after) {
    std::map<std::string, const Rule*> later;
    const auto counts = [&](const Rule& rule) {
      // An end that this machine cannot compute compares with nothing.
      if (rule.until && !rule.until->instant) complete_ = false;
      return !rule.until || (rule.until->instant && *rule.until->instant > now_);
    };
    for (const Rule& rule : after.rules) {
      if (counts(rule)) later[rule.id] = &rule;
    }
    for (const Rule& rule : before.rules) {
      if (!counts(rule)) continue;
      Candidate candidate{&rule};
      const auto same = later.find(rule.id);
      if (same != later.end() && SameMeaning(rule, *same->second)) {
        candidate.after = same->second;
        later.erase(same);
      }
      candidates_.push_back(candidate);
    }
    for (const auto& [id, rule] : later) candidates_.push_back({nullptr, rule});
  }

  void PlanTests() {
    tests_.resize(dimensions_.size());
    for (size_t c = 0; c < candidates_.size(); ++c) {
      for (const Clause& clause : candidates_[c].rule().when) PlanTest(c, clause);
      if (!candidates_[c].rule().until) continue;
      tests_.back().push_back({c, nullptr});
      candidates_[c].last = dimensions_.size() - 1;
    }
  }

  void PlanTest(size_t candidate, const Clause& clause) {
    const bool list = clause.op == Operator::kAnyOf || clause.op == Operator::kHas;
    Test* last = nullptr;
    for (size_t d = 0; d < dimensions_.size(); ++d) {
      const Dimension& dimension = dimensions_[d];
      if (dimension.fact != clause.fact) continue;
      if (list && !std::binary_search(clause.words.begin(), clause.words.end(), dimension.element)) continue;
      tests_[d].push_back({candidate, &clause, list ? lists_ : -1});
      last = &tests_[d].back();
      candidates_[candidate].last = std::max(candidates_[candidate].last, d);
    }
    if (list && last != nullptr) last->last_of_list = true;
    lists_ += list ? 1 : 0;
  }

  State Step(const State& state, size_t d, size_t atom) const {
    State next = state;
    for (const Test& test : tests_[d]) {
      if (!next.active[test.candidate]) continue;
      if (test.clause == nullptr) {
        next.active[test.candidate] = dimensions_[d].times[atom] < *candidates_[test.candidate].rule().until->instant;
      } else if (test.list < 0) {
        next.active[test.candidate] = dimensions_[d].Holds(*test.clause, atom);
      } else if (dimensions_[d].Holds(*test.clause, atom)) {
        next.satisfied[static_cast<size_t>(test.list)] = true;
      } else if (test.last_of_list && !next.satisfied[static_cast<size_t>(test.list)]) {
        next.active[test.candidate] = false;
      }
    }
    Simplify(next, d);
    return next;
  }

  // Forgets what can make no difference any more, so that states which mean the same are the same.
  void Simplify(State& state, size_t d) const {
    for (size_t c = 0; c < candidates_.size(); ++c) {
      const Candidate& candidate = candidates_[c];
      if (state.active[c] && !candidate.changed() && candidate.last <= d) {
        state.floor = std::max(state.floor, Strictness(candidate.rule()));
      }
    }
    for (size_t c = 0; c < candidates_.size(); ++c) {
      // What is held goes on to be denied when no rule allows it, so the rules that allow stay.
      const int strictness = Strictness(candidates_[c].rule());
      if (state.floor > strictness ? state.floor > 2 : strictness > 1 && state.floor == strictness) {
        state.active[c] = false;
      }
    }
    for (size_t next = 0; next < tests_.size(); ++next) {
      for (const Test& test : tests_[next]) {
        if (test.list >= 0 && (!state.active[test.candidate] || (test.last_of_list && next <= d))) {
          state.satisfied[static_cast<size_t>(test.list)] = false;
        }
      }
    }
  }

  bool CanDiffer(const State& state) const {
    for (size_t c = 0; c < candidates_.size(); ++c) {
      if (state.active[c] && candidates_[c].changed()) return true;
    }
    return false;
  }

  bool Asks(const State& state, size_t d) const {
    return std::any_of(tests_[d].begin(), tests_[d].end(),
                       [&](const Test& test) { return state.active[test.candidate]; });
  }

  int Build(size_t d, State state) {
    if (!CanDiffer(state)) return kSame;
    while (d < dimensions_.size() && !Asks(state, d)) ++d;
    if (d == dimensions_.size()) return End(state);
    const auto known = built_.find(std::pair(d, state));
    if (known != built_.end()) return known->second;
    if (built_.size() >= kStatesMax) {
      complete_ = false;
      return kSame;
    }
    std::map<State, std::vector<size_t>> groups;
    for (size_t atom = 0; atom < dimensions_[d].size(); ++atom) groups[Step(state, d, atom)].push_back(atom);
    std::map<int, std::vector<size_t>> children;
    for (auto& [next, atoms] : groups) {
      std::vector<size_t>& joined = children[Build(d + 1, next)];
      joined.insert(joined.end(), atoms.begin(), atoms.end());
    }
    const int id = children.size() == 1 ? children.begin()->first : Intern(d, std::move(children));
    built_.emplace(std::pair(d, std::move(state)), id);
    return id;
  }

  int Intern(size_t d, std::map<int, std::vector<size_t>> children) {
    Node node{d, {}};
    for (auto& [child, atoms] : children) {
      std::sort(atoms.begin(), atoms.end());
      node.children.emplace_back(child, std::move(atoms));
    }
    const auto [entry, is_new] = interned_.emplace(std::pair(d, node.children), static_cast<int>(nodes_.size()) + 1);
    if (is_new) nodes_.push_back(std::move(node));
    return entry->second;
  }

  Outcome OutcomeOf(const State& state, const Rule* Candidate::*version) const {
    Outcome outcome;
    int strictness = state.floor;
    bool allowed = false;
    std::vector<const Rule*> matched;
    for (size_t c = 0; c < candidates_.size(); ++c) {
      const Rule* rule = state.active[c] ? candidates_[c].*version : nullptr;
      if (rule == nullptr) continue;
      strictness = std::max(strictness, Strictness(*rule));
      allowed |= rule->effect == Effect::kAllow;
      if (rule->require) matched.push_back(rule);
    }
    for (const Rule* rule : WithoutReplaced(matched)) {
      outcome.verify =
          std::max({outcome.verify, rule->require->verify, rule->obligations.verify.value_or(VerifyLevel::kTransit)});
      Unite(rule->obligations, outcome.obligations);
      if (rule->require->approvals) outcome.due.push_back(&*rule->require->approvals);
      if (rule->require->window) outcome.windows.push_back(&*rule->require->window);
    }
    outcome.verdict = strictness > 2 || !allowed ? Verdict::kDeny : strictness == 2 ? Verdict::kHold : Verdict::kAllow;
    outcome.absolute = strictness == 4;
    return outcome;
  }

  int End(const State& state) {
    const Outcome before = OutcomeOf(state, &Candidate::before), after = OutcomeOf(state, &Candidate::after);
    const auto weaker = FindLoosening(before, after, now_), stronger = FindLoosening(after, before, now_);
    if (!weaker && !stronger) return kSame;
    Ending ending{Change::kStronger, "",
                  weaker && weaker->when ? weaker->when
                  : stronger             ? stronger->when
                                         : std::nullopt};
    if ((weaker && !weaker->certain) || (stronger && !stronger->certain)) {
      ending.change = Change::kUncertain;
      ending.how = weaker ? weaker->how : stronger->how;
    } else if (!stronger) {
      ending.change = Change::kWeaker;
      ending.how = weaker->how;
    } else {
      const std::string shift = DescribeShift(before, after);
      ending.how = shift.empty() ? base::StrCat("before, ", stronger->how) : shift;
      if (weaker) {
        ending.change = Change::kBoth;
        ending.how = base::StrCat("now, ", weaker->how, "; ", ending.how);
      }
    }
    auto found = std::find(endings_.begin(), endings_.end(), ending);
    if (found == endings_.end()) found = endings_.insert(endings_.end(), std::move(ending));
    return -static_cast<int>(found - endings_.begin()) - 1;
  }

  const Instant now_;
  bool complete_ = true;
  std::vector<Candidate> candidates_;
  std::vector<Dimension> dimensions_;
  std::vector<std::vector<Test>> tests_;  // by dimension
  int lists_ = 0;
  std::vector<Node> nodes_;
  std::vector<Ending> endings_;
  std::map<std::pair<size_t, std::vector<std::pair<int, std::vector<size_t>>>>, int> interned_;
  absl::flat_hash_map<std::pair<size_t, State>, int> built_;
};

// Walks the diagram's paths that end in a difference.
class Walk {
 public:
  Walk(const Diagram& diagram, Instant now, Difference& difference)
      : diagram_(diagram), now_(now), difference_(difference) {}

  void Run(int id) {
    if (id == Diagram::kSame || difference_.regions.size() > kRegionsMax) return;
    if (id < 0) {
      const Diagram::Ending& ending = diagram_.ending(id);
      Region region;
      region.change = ending.change;
      region.how = ending.how;
      // Hours that differ have an instant of their own.
      region.when = ending.when.value_or(now_);
      region.box = path_;
      difference_.regions.push_back(std::move(region));
      return;
    }
    const Diagram::Node& node = diagram_.node(id);
    for (const auto& [child, atoms] : node.children) {
      path_.push_back({node.dimension, atoms});
      Run(child);
      path_.pop_back();
    }
  }

 private:
  const Diagram& diagram_;
  const Instant now_;
  Difference& difference_;
  std::vector<Extent> path_;
};

std::set<std::string> FactsOf(const Policy& policy) {
  std::set<std::string> names;
  for (const Rule& rule : policy.rules) {
    for (const Clause& clause : rule.when) names.emplace(clause.fact->name);
    if (!rule.require || !rule.require->window) continue;
    if (rule.require->window->clock == Window::Clock::kSource) names.emplace("source.zone");
    if (rule.require->window->clock == Window::Clock::kDestination) names.emplace("destination.zone");
  }
  return names;
}

std::vector<std::string> Without(const std::set<std::string>& names, const std::set<std::string>& others) {
  std::vector<std::string> rest;
  std::set_difference(names.begin(), names.end(), others.begin(), others.end(), std::back_inserter(rest));
  return rest;
}

// A transfer in `region`; where the region leaves a choice, what no rule names.
void AddWitness(const Difference& difference, const Scope& scope, Region& region) {
  region.witness.values = {{"asset.client", Fact(scope.client.empty() ? "client" : scope.client)},
                           {"source.zone", Fact("UTC")},
                           {"destination.zone", Fact("UTC")},
                           {"requester", Fact("requester")},
                           {"asset.publisher", Fact("publisher")}};
  if (!scope.show.empty()) region.witness.values["asset.project"] = Fact(scope.show);
  std::vector<const Extent*> extents(difference.dimensions.size(), nullptr);
  for (const Extent& extent : region.box) extents[extent.dimension] = &extent;
  for (size_t d = 0; d < difference.dimensions.size(); ++d) {
    const Dimension& dimension = difference.dimensions[d];
    const bool last = !dimension.element.empty() || (!dimension.texts.empty() && dimension.lows.empty());
    if (dimension.fact == nullptr && extents[d] == nullptr) continue;
    const size_t atom = extents[d] != nullptr ? extents[d]->atoms.front() : last ? dimension.size() - 1 : 0;
    Set(dimension, atom, region.witness, region.when);
  }
}

// Who gains and who loses by another `break_glass`: whatever moves, so a region of all transfers. Nothing when neither.
std::optional<Region> GlassRegion(const Policy& before, const Policy& after, Instant now) {
  const auto from = [](const Policy& policy) {
    return policy.break_glass ? policy.break_glass->from : std::vector<ApproverSet>();
  };
  const auto told = [](const Policy& policy) {
    return policy.break_glass ? policy.break_glass->notify : std::set<std::string>();
  };
  const auto all_of = [](const auto& some, const auto& others) {
    return std::includes(others.begin(), others.end(), some.begin(), some.end());
  };
  // Fewer who may, and more who are told, is stricter; who is told means nothing where nobody may.
  const bool looser = !all_of(from(after), from(before)) ||
                      (before.break_glass && after.break_glass && !all_of(told(before), told(after)));
  const bool stricter = !all_of(from(before), from(after)) ||
                        (before.break_glass && after.break_glass && !all_of(told(after), told(before)));
  if (!looser && !stricter) return std::nullopt;
  Region region;
  region.change = looser && stricter ? Change::kBoth : looser ? Change::kWeaker : Change::kStronger;
  region.how = !before.break_glass  ? "two persons may break the glass, and nobody could"
               : !after.break_glass ? "nobody may break the glass any more"
                                    : "others may break the glass, or others are told of it";
  region.when = now;
  return region;
}

}  // namespace

std::string_view ChangeName(Change change) {
  switch (change) {
    case Change::kWeaker:
      return "weaker";
    case Change::kStronger:
      return "stronger";
    case Change::kBoth:
      return "different";
    case Change::kUncertain:
      return "uncertain";
  }
  return "";
}

absl::StatusOr<Difference> Diff(const Policy& before, const Policy& after, Instant now) {
  if (before.scope() != after.scope()) {
    return base::InvalidArgument("the policies are those of ", ScopeName(before.scope()), " and of ",
                                 ScopeName(after.scope()), "; compare versions of one's");
  }
  Difference difference;
  Diagram diagram(before, after, now);
  const int root = diagram.Build();
  Walk(diagram, now, difference).Run(root);
  difference.complete = diagram.complete() && difference.regions.size() <= kRegionsMax;
  difference.dimensions = diagram.TakeDimensions();
  if (difference.regions.size() > kRegionsMax) difference.regions.resize(kRegionsMax);
  if (std::optional<Region> glass = GlassRegion(before, after, now)) difference.regions.push_back(*std::move(glass));
  std::stable_sort(difference.regions.begin(), difference.regions.end(), [](const Region& a, const Region& b) {
    return (a.change == Change::kStronger) < (b.change == Change::kStronger);
  });
  Policy old_in_force = before, new_in_force = after;
  old_in_force.valid_from = new_in_force.valid_from = now;
  for (Region& region : difference.regions) {
    AddWitness(difference, before.scope(), region);
    region.before = Evaluate(old_in_force, region.witness, {}, region.when).matched;
    region.after = Evaluate(new_in_force, region.witness, {}, region.when).matched;
  }
  const std::set<std::string> old_facts = FactsOf(before), new_facts = FactsOf(after);
  difference.asked_before = Without(old_facts, new_facts);
  difference.asked_after = Without(new_facts, old_facts);
  return difference;
}

std::vector<std::string> DescribeBox(const Difference& difference, const Region& region) {
  std::vector<std::string> conditions;
  for (const Extent& extent : region.box) {
    conditions.push_back(difference.dimensions[extent.dimension].Describe(extent.atoms));
  }
  return conditions;
}

bool Contains(const Difference& difference, const Region& region, const Facts& facts, Instant when) {
  return std::all_of(region.box.begin(), region.box.end(), [&](const Extent& extent) {
    const auto atom = AtomOf(difference.dimensions[extent.dimension], facts, when);
    return atom && std::binary_search(extent.atoms.begin(), extent.atoms.end(), *atom);
  });
}

}  // namespace crossdock::policy
