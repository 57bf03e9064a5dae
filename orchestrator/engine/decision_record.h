// A decision as JSON, for its row: exact both ways, so that it replays. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/policy/replay.h"
#include "orchestrator/store/evidence.h"

namespace crossdock::orchestrator::engine {

// {"asset.client": {"text": "northlight", "provenance": "rostered"}, …}; texts are percent-escaped.
std::string FactsJson(const policy::Facts& facts);
std::string VoicesJson(const std::vector<policy::Approval>& approvals);
std::string LayersJson(const std::vector<policy::StoredLayer>& layers);

// What was stored. Without layers when no policy was asked, or the row is from before they were kept.
absl::StatusOr<policy::StoredDecision> ReadStored(const store::Decision& row);

// SHA-256 over everything that the row says but its time and its occasion: the same outcome has the same.
std::string OutcomeOf(const store::Decision& row);

// What made a transfer that is in `deciding` be decided, by the reason that its state has: event, approval, resume,
// activation, revocation, roster, time.
std::string_view OccasionOf(std::string_view reason);

}  // namespace crossdock::orchestrator::engine
