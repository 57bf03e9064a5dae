// The verdict of policies over one transfer. A pure function of its arguments, so that it replays exactly.
//
// - The verdict is the strictest of everything that matched; what no rule allows is denied.
// - A rule whose facts are not all known, fresh and of their type is never skipped and never guessed: the verdict is at
//   least hold, with the reason `cannot-decide: <fact>`. That goes for every fact that the rule names, even when
//   another of its conditions fails already.
// - Several allow rules that match: the requirements of all of them are due. A require rule adds its own.
// - Of several layers (the studio's, the client's, the show's) each must allow it by itself. Their requirements are due
//   together, so that one more layer can only tighten.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/policy/approvals.h"
#include "lib/policy/policy.h"

namespace crossdock::policy {

// Codes are stored and compared: `no-rule-allows`, `cannot-decide: <fact>`, `cannot-decide: zone <name>`,
// `cannot-decide: calendar <name>`, `forbidden`, `held`,
// `outside-window`, `needs-approval: <requirement>`, `denied-by-approver: <requirement>`, `not-yet-valid`,
// `policy-of-another-client`, `policy-of-another-show`, `no-policy`, `layer-twice`.
struct Reason {
  Verdict verdict;  // what this reason alone leads to
  std::string code;
  std::string rule;  // the rule's id, or empty
  std::string text;  // an English sentence; printable
};

// The hours of a matched rule, resolved: the interval that is open now, or opens next.
struct ResolvedHours {
  std::string rule;
  bool open = false;
  std::optional<Instant> edge;  // when that changes; nothing: not within a year
};

// What one layer says by itself, with its own approvals alone; ids as it writes them.
struct LayerWord {
  std::string digest;
  Verdict verdict = Verdict::kDeny;
  std::vector<Reason> reasons;
  std::vector<ResolvedHours> windows;
};

struct Decision {
  using Hours = ResolvedHours;
  Verdict verdict = Verdict::kDeny;
  std::string policy_digest;         // DigestOf the layers
  std::vector<std::string> matched;  // ids of the rules that matched, in the file's order
  std::vector<Reason> reasons;       // the strictest first; empty when the verdict is allow
  std::vector<Reason> lifted = {};   // by break-glass (break_glass.h), the strictest first; no longer among `reasons`
  std::vector<RequirementStatus> open, satisfied;
  bool bind_content = false;  // some due requirement binds the content root, not only the listing
  bool absolute = false;      // a forbid that nothing can lift matched
  bool encrypt_in_motion = false;
  VerifyLevel verify = VerifyLevel::kLanded;  // with what `obligations` want of it
  Obligations obligations;                    // of all rules that are due, united
  std::vector<Hours> windows;
  // The first instant at which time alone may change this decision: decide again then.
  std::optional<Instant> until;
  std::optional<ApprovalOutcome::Denial> denied;  // by whose no it ends
  std::vector<LayerWord> layers;                  // of those that were asked, the studio's first
};

// Which layers a decision rests on, in one digest: that of the client's policy when there is no other, else the SHA-256
// of a line `scope-key: digest` for each, the studio's first. Approvals are bound to it.
std::string DigestOf(std::span<const Policy* const> layers);

// Layers, asked once over the facts of one transfer at `now`. What is due is known then, before anybody's approvals are
// counted. Layers and facts outlive it.
//
// The client's layer must be among them (else deny, `no-policy`); the studio's and the show's abstain when they are not
// there. Ids of their rules and requirements get the layer's prefix (ScopePrefix), so that no layer's approvals fill
// another's requirements.
class Inquiry {
 public:
  Inquiry(std::span<const Policy* const> layers, const Facts& facts, Instant now);
  ~Inquiry();
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;

  // Some due requirement binds the content root, not only the listing.
  bool binds_content() const;
  // The verdict, with the approvals that were given to all layers. No rule is asked again.
  Decision With(std::span<const Approval> approvals) const;

 private:
  struct Asked;
  std::unique_ptr<const Asked> asked_;
};

// The verdict of all layers that exist: an Inquiry with one answer.
Decision EvaluateLayers(std::span<const Policy* const> layers, const Facts& facts, std::span<const Approval> approvals,
                        Instant now);

// Of approvals that were given to all layers those of one, their requirements without its prefix: as Evaluate takes
// them.
std::vector<Approval> ApprovalsFor(const Scope& scope, std::span<const Approval> approvals);

// The verdict of one file alone, its ids as it writes them. Requester and publisher come from the facts `requester`
// and `asset.publisher`.
Decision Evaluate(const Policy& policy, const Facts& facts, std::span<const Approval> approvals, Instant now);

}  // namespace crossdock::policy
