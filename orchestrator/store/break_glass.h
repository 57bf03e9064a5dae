// Emergencies: what two persons let through, and what a third said of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"

namespace crossdock::orchestrator::store {

struct BreakGlass {
  std::string digest;  // trust::StatementDigest
  std::string transfer;
  std::string client;
  std::string first;
  std::string second;
  std::string reason;
  std::string statement;  // the signed text, with the signatures that there are
  base::Instant not_before;
  base::Instant not_after;
  base::Instant asked;
  std::optional<base::Instant> broken;  // nothing: the second has not signed
  std::optional<base::Instant> review_due;
  std::optional<base::Instant> reviewed;
  std::string reviewer;
  std::string verdict;  // justified, unjustified
  std::string review;   // in the reviewer's words
  std::string review_statement;
};

// What was asked; false when it is there already.
bool InsertBreakGlass(pg::Tx& tx, const BreakGlass& asked);
// Both have signed: `statement` is the text with both signatures. False when it was broken before, or never asked.
bool SetBroken(pg::Tx& tx, std::string_view digest, std::string_view statement, base::Instant now,
               base::Instant review_due);
// False when it was reviewed before, or never broken.
bool SetReviewed(pg::Tx& tx, const BreakGlass& reviewed);

std::optional<BreakGlass> GetBreakGlass(pg::Tx& tx, std::string_view digest);
// The signed text by which `transfer` may go at `now`; empty: none.
std::string LiveBreakGlass(pg::Tx& tx, std::string_view transfer, base::Instant now);
// The one of `client` whose review has been due for longest.
std::optional<BreakGlass> OverdueReview(pg::Tx& tx, std::string_view client, base::Instant now);

struct BreakGlassFilter {
  std::string client;    // empty: of all clients
  std::string transfer;  // empty: of all transfers
  bool unreviewed = false;
  // The last of the page before; an empty digest: from the start.
  base::Instant before_asked = {};
  std::string before_digest = "";
  int limit = 100;
};
// Newest first.
std::vector<BreakGlass> ListBreakGlass(pg::Tx& tx, const BreakGlassFilter& filter);

}  // namespace crossdock::orchestrator::store
