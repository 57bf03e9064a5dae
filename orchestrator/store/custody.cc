#include "orchestrator/store/custody.h"

namespace crossdock::orchestrator::store {
namespace {

// A staging row speaks of its agent's last attempt alone, so the first attempt is looked for in the history.
constexpr pg::Query kCustody{"custody", R"sql(
  WITH page AS (SELECT id, client, source_site, destination_site, files, bytes, listing FROM transfer
                 WHERE ($1 = '' OR client = $1) AND ($2 = '' OR id = $2) AND id > $3 ORDER BY id LIMIT $4)
  SELECT id, client, source_site, true AS source,
         (SELECT min(at) FROM transfer_history WHERE transfer = page.id AND cause = 'manifest_ready'),
         NULL::timestamptz, NULL::timestamptz,
         (SELECT string_agg(DISTINCT agent, ' ') FROM receipt WHERE transfer = page.id AND role = 'sent'),
         files, bytes, listing
    FROM page
  UNION ALL
  SELECT id, client, destination_site, false AS source,
         (SELECT min(at) FROM transfer_history WHERE transfer = page.id AND cause = 'assigned'),
         published.at,
         CASE WHEN published.at IS NULL
              THEN (SELECT CASE WHEN bool_and(cleaned IS NOT NULL) THEN max(cleaned) END
                      FROM staging WHERE transfer = page.id) END,
         (SELECT string_agg(DISTINCT agent, ' ') FROM receipt WHERE transfer = page.id AND role = 'landed'),
         files, bytes, listing
    FROM page CROSS JOIN LATERAL (SELECT min(at) AS at FROM transfer_history
                                   WHERE transfer = page.id AND cause = 'published') AS published
   ORDER BY id, source DESC)sql"};

}  // namespace

CustodyPage ReadCustody(pg::Tx& tx, std::string_view client, std::string_view transfer, std::string_view after,
                        int limit) {
  CustodyPage page;
  const pqxx::result rows = tx.Run(kCustody, client, transfer, after, limit);
  for (const pqxx::row& row : rows) {
    if (row[4].is_null()) continue;  // nothing was seen there yet
    page.intervals.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
                              row[3].as<bool>(), pg::ReadInstant(row[4]), pg::ReadOptionalInstant(row[5]),
                              pg::ReadOptionalInstant(row[6]), pg::ReadText(row[7]), row[8].as<uint64_t>(),
                              row[9].as<uint64_t>(), row[10].as<std::string>()});
  }
  // Two rows a transfer.
  if (!rows.empty() && rows.size() >= 2 * static_cast<size_t>(limit)) page.last = rows.back()[0].as<std::string>();
  return page;
}

}  // namespace crossdock::orchestrator::store
