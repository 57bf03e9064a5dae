// The dimensions of the space in which rules are boxes: one for each fact that is compared as a whole, one for each
// element that a list may have, and one for time. Each is divided into atoms, within which no rule can tell two values
// apart. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/policy/policy.h"

namespace crossdock::policy {

struct Dimension {
  const FactSpec* fact = nullptr;  // null: time
  std::string element;             // of a list; its atoms are: there (0), not there (1)
  // One value of each atom, in order; of text the last one stands for all that no rule names.
  std::vector<std::string> texts;
  std::vector<int64_t> lows;   // numbers: each atom from here to below the next
  std::vector<Instant> times;  // likewise

  size_t size() const;
  // Whether `clause`, which is about this dimension's fact, holds at `atom`. Of a list: by this element alone.
  bool Holds(const Clause& clause, size_t atom) const;
  // In English, with the fact's name: "the size is more than 5TiB".
  std::string Describe(std::span<const size_t> atoms) const;
};

// All that the rules name, in the vocabulary's order, time last. Rules' ends at or before `now` divide nothing.
std::vector<Dimension> DimensionsOf(std::span<const Rule* const> rules, Instant now);

// The atom in which a transfer lies; nothing: the fact is not known, or of another type.
std::optional<size_t> AtomOf(const Dimension& dimension, const Facts& facts, Instant when);

// Lays the value of `atom` into `facts`, or `when`.
void Set(const Dimension& dimension, size_t atom, Facts& facts, Instant& when);

}  // namespace crossdock::policy
