// A decision as it was made, with all that it was made of, and the same evaluation made again. Pure.
//
// What the machine's zone data made of hours and ends is kept as instants: a policy replays with those, whatever the
// zone data says by now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/policy/evaluate.h"
#include "lib/policy/policy.h"

namespace crossdock::policy {

// The end of a rule that is written on the clock of a zone.
struct RuleEnd {
  std::string rule;
  Instant at;
};

// What one policy said.
struct StoredLayer {
  std::string scope;  // "client:northlight"
  std::string digest;
  uint64_t number = 0;  // of its activation
  Verdict verdict = Verdict::kDeny;
  std::vector<std::string> reasons;  // ReasonKey of each, sorted
  std::vector<Decision::Hours> windows;
  std::vector<RuleEnd> ends;
};

struct StoredDecision {
  Instant now;
  uint64_t roster = 0;
  Facts facts;
  std::vector<Approval> approvals;  // those that counted, as the evaluation was given them
  std::vector<StoredLayer> layers;  // empty: no policy was asked, or it was stored before layers were
  Verdict verdict = Verdict::kDeny;
};

// "forbidden N-01", "no-rule-allows".
std::string ReasonKey(const Reason& reason);

// What is to be stored of what `policy` said (Decision::layers).
StoredLayer StoreLayer(const Policy& policy, std::string_view scope, uint64_t number, const LayerWord& word);

// What `policy` says of the stored case. The very version that was asked then is given the hours and ends that it had;
// any other is asked as it would have been asked then, with the approvals as if they had been given for it.
Decision Replay(const StoredDecision& stored, const Policy& policy);

// What differs between the stored layer and its decision now; empty when it replays exactly.
std::string Deviation(const StoredLayer& stored, const Decision& replayed);

// What a candidate for `scope` makes of the stored case, the other layers saying what they said.
struct Prospect {
  enum class Kind {
    kSame,
    kNewlyAllowed,
    kLooser,  // less strict, but not allowed
    kNewlyRefused,
    kStricter,     // was not allowed before, and is further from it
    kUndecidable,  // it rests on a fact that was not kept, or no policy was asked
  };
  Kind kind = Kind::kUndecidable;
  Verdict before = Verdict::kDeny;
  Verdict after = Verdict::kDeny;
  std::string why;  // the candidate's first reason, or what is not known; a sentence
};
std::string_view ProspectName(Prospect::Kind kind);  // "newly_allowed"
Prospect Foresee(const StoredDecision& stored, std::string_view scope, const Policy& candidate);

}  // namespace crossdock::policy
