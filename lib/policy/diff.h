// What changes from one version of a policy to the next: the regions of transfers for which it decides otherwise, each
// with a transfer that shows it. Pure.
//
// Exact over transfers of which everything is known that either version asks for, both versions being in force: each
// value that either names is told from each other and from all that neither names, each list element is there or not,
// each limit divides the numbers. Rules with an end are compared before and after it. Titles and reasons decide
// nothing and are not compared. Another `break_glass` is a region of all transfers: what an emergency then lets
// through is not compared.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/policy/dimension.h"
#include "lib/policy/policy.h"

namespace crossdock::policy {

enum class Change {
  kWeaker,     // somebody gets through now who did not before
  kStronger,   // the other way round
  kBoth,       // one group of approvers gained, another lost
  kUncertain,  // the ways to approve are too many to compare
};
std::string_view ChangeName(Change change);

// One dimension's part of a region's box.
struct Extent {
  size_t dimension = 0;  // of Difference::dimensions
  std::vector<size_t> atoms;
};

// The transfers that lie in all extents of `box`, and for which the versions differ in the same way.
struct Region {
  Change change = Change::kWeaker;
  std::vector<Extent> box;                 // empty: all transfers
  std::string how;                         // what has changed
  std::vector<std::string> before, after;  // ids of the rules that match
  Facts witness;                           // a transfer in the region
  Instant when;                            // at which it is decided
};

struct Difference {
  std::vector<Dimension> dimensions;
  std::vector<Region> regions;  // weaker ones first
  // False: there are more regions than `kRegionsMax`, or more to compare than `kStatesMax`; those listed are true.
  bool complete = true;
  // Facts that only one version asks for: it holds what comes without them.
  std::vector<std::string> asked_before, asked_after;
};

inline constexpr size_t kRegionsMax = 10'000;
inline constexpr size_t kStatesMax = 200'000;

// Both of one client; kInvalidArgument otherwise. Rules that end before `now` are not compared.
absl::StatusOr<Difference> Diff(const Policy& before, const Policy& after, Instant now);

// In English: "the destination's country is CA or GB".
std::vector<std::string> DescribeBox(const Difference& difference, const Region& region);
// Whether a transfer of which `facts` are known lies in `region` at `when`.
bool Contains(const Difference& difference, const Region& region, const Facts& facts, Instant when);

}  // namespace crossdock::policy
