// Who may approve in whose place.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"

namespace crossdock::orchestrator::store {

struct Delegation {
  std::string digest;    // of the statement
  std::string client;    // empty: of all clients
  std::string approver;  // whose place it is
  std::string delegate;
  std::string reason;
  std::string statement;  // the signed text
  base::Instant not_before;
  base::Instant not_after;
  base::Instant received;
};
// False when it is there already.
bool InsertDelegation(pg::Tx& tx, const Delegation& delegation);
// Whether it has ended early or not; nothing: there is none of this digest.
std::optional<Delegation> GetDelegation(pg::Tx& tx, std::string_view digest);
// Keeps that it ends now. False when it had ended early before.
bool EndDelegation(pg::Tx& tx, std::string_view digest, std::string_view statement, base::Instant now);
// Those that have not ended at `now`, by themselves or early, of `client`'s transfers (empty: of any), the first to end
// first; after (ends, digest), at most `limit`.
std::vector<Delegation> Delegations(pg::Tx& tx, std::string_view client, base::Instant now, base::Instant after_end,
                                    std::string_view after_digest, int limit);

}  // namespace crossdock::orchestrator::store
