// What officers and administrators hand in: each is verified here before it is stored.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/trust/roster.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/store/rules.h"

namespace crossdock::orchestrator::engine {

// The roster in force; ROSTER_MISSING before the first was set.
absl::StatusOr<trust::Roster> CurrentRoster(pg::Tx& tx);

// The first roster must have the root `pinned_root` (from the configuration); later ones are signed by the officers of
// the one in force. Everything live is decided again.
absl::StatusOr<uint64_t> SetRoster(const Context& context, std::string_view pinned_root, std::string_view body,
                                   std::string_view statement, std::string_view actor);

absl::StatusOr<store::TriggerSet> ApplyTriggers(const Context& context, std::string_view name, std::string_view text,
                                                bool validate_only, std::string_view actor);

// Registers a relay by its signed statement; gives its id.
absl::StatusOr<std::string> AddRelay(const Context& context, std::string_view statement, std::string_view actor);
// The key bundle of one site's relays; it must name the key that signs our tickets.
absl::Status SetRelayKeys(const Context& context, std::string_view site, std::string_view bundle,
                          std::string_view actor);
// The signed deny list as it stands now, for the relays.
absl::StatusOr<std::string> RelayDenyBundle(const Context& context, pg::Tx& tx, base::Instant now);
// Registers a signed join grant, so that its token may enrol one agent; gives its digest.
absl::StatusOr<std::string> RegisterGrant(const Context& context, std::string_view grant, std::string_view actor);
absl::StatusOr<uint64_t> DenyKey(const Context& context, std::string_view spki, std::string_view reason,
                                 std::string_view actor);
// A repeated request_id changes nothing.
absl::Status SetLink(const Context& context, const store::Link& link, const Actor& actor);

}  // namespace crossdock::orchestrator::engine
