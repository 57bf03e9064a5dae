// Whether one outcome lets through what another stops. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/policy/policy.h"

namespace crossdock::policy {

// What a policy says of a transfer before anybody has approved it.
struct Outcome {
  Verdict verdict = Verdict::kDeny;
  bool absolute = false;              // denied, and an emergency does not lift it
  std::vector<const Approvals*> due;  // of the rules that matched, unless it is held or denied
  VerifyLevel verify = VerifyLevel::kTransit;
  std::vector<const Window*> windows;
  Obligations obligations;  // what they want of `verify` is in that already
};

struct Loosening {
  std::string how;  // a clause without full stop: "two persons of group production are enough"
  // False: the ways to approve were too many to try them all, or hours go by several clocks or by a calendar that is
  // not known; nothing else was found.
  bool certain = true;
  std::optional<Instant> when;  // of hours: an instant at which it shows
};

// A way in which `to` lets a transfer through that `from` stops; nothing: whoever satisfies `to` satisfies `from`.
//
// The ways to approve are tried with persons who are no more than they must be: members of one group, of as few teams
// and organisations as `to` accepts, requester or publisher where it does not exclude them, with approvals as old and
// bound to as little as it takes. Nothing is assumed of a roster. At most kWaysMax are tried.
inline constexpr int kWaysMax = 20'000;
//
// Hours are compared over the 400 days from `now`; those that go by a site's clock as if it were in UTC.
std::optional<Loosening> FindLoosening(const Outcome& from, const Outcome& to, Instant now);

// What changed that has nothing to do with who approves: "it was denied and is allowed"; empty: nothing.
std::string DescribeShift(const Outcome& before, const Outcome& after);

}  // namespace crossdock::policy
