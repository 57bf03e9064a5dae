// Who had a transfer's content, where, from when until when: from its moves, its attempts, its receipts, and from what
// agents said of their staging. Where it is not known exactly, the longer time is given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"

namespace crossdock::orchestrator::store {

struct Custody {
  std::string transfer;
  std::string client;
  std::string site;
  bool source = false;
  // At the source: when its agent had listed it. At the destination: when the first attempt began.
  base::Instant since;
  std::optional<base::Instant> published;  // at the destination, on the volume since then
  // When the last agent had said that nothing is left; nothing while there is something, or may be. What became of a
  // published package is the site's affair.
  std::optional<base::Instant> until;
  std::string agents;  // that signed a receipt of it there, with a space between
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::string listing;
};
struct CustodyPage {
  std::vector<Custody> intervals;  // the source's before the destination's
  std::string last;                // transfer that was looked at last; empty: there are no more
};
// Of `limit` transfers after `after`, in the order of their ids. Empty fields do not filter.
CustodyPage ReadCustody(pg::Tx& tx, std::string_view client, std::string_view transfer, std::string_view after,
                        int limit);

}  // namespace crossdock::orchestrator::store
