// The policy's word over a transfer, with every input kept.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/core/transfer.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

enum class Verdict { kAllow, kNeedsApprovals, kHold, kDeny };

struct OpenRequirement {
  std::string id;
  int count = 0;
  int have = 0;
  std::vector<std::string> from;  // "group:show-production"
  std::vector<std::string> approved_by;
};

struct Ruling {
  Verdict verdict = Verdict::kDeny;
  std::string reason;                         // code
  std::string detail;                         // the sentence
  std::vector<std::string> lines;             // in English, one sentence each
  std::vector<OpenRequirement> requirements;  // all that are due, met or not
  bool bind_content = false;
  int64_t valid_for_seconds = 0;  // of an approval
  std::string policy;             // digest
  std::string policy_title;
};

// Evaluates the active policy of the transfer's client over its facts and approvals now, and stores the decision with
// its inputs. Moves nothing.
absl::StatusOr<Ruling> Decide(const Context& context, pg::Tx& tx, const Transfer& transfer, base::Instant now);
// The ruling that was stored last; nothing before the first.
absl::StatusOr<Ruling> LastRuling(pg::Tx& tx, const Transfer& transfer);

// Everything that waits for a decision gets one: deciding → queued, awaiting_approval, held or denied. Held ones are
// looked at again each time, because time alone may free them.
absl::Status DecideAll(const Context& context, base::Instant now);

// A policy or the roster changed: all live transfers of `client` (empty: of all) that are not publishing are decided
// again.
absl::Status ReconsiderAll(const Context& context, std::string_view client, std::string_view actor,
                           std::string_view reason);

}  // namespace crossdock::orchestrator::engine
