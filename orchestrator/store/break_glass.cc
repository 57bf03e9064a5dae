#include "orchestrator/store/break_glass.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kInsert{"break_glass_insert", R"sql(
  INSERT INTO break_glass (digest, transfer, client, first_person, second_person, reason, statement, not_before, not_after, asked)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ON CONSTRAINT a_break_glass_is_asked_once DO NOTHING)sql"};
constexpr pg::Query kBreak{"break_glass_break", R"sql(
  UPDATE break_glass SET statement = $2, broken = $3, review_due = $4 WHERE digest = $1 AND broken IS NULL)sql"};
constexpr pg::Query kReview{"break_glass_review", R"sql(
  UPDATE break_glass SET reviewed = $2, reviewer = $3, verdict = $4, review = $5, review_statement = $6
   WHERE digest = $1 AND broken IS NOT NULL AND reviewed IS NULL)sql"};
constexpr pg::Query kGet{"break_glass_get", R"sql(
  SELECT digest, transfer, client, first_person, second_person, reason, statement, not_before, not_after, asked, broken, review_due,
         reviewed, reviewer, verdict, review, review_statement
    FROM break_glass WHERE digest = $1)sql"};
// Of several the one that lasts longest.
constexpr pg::Query kLive{"break_glass_live", R"sql(
  SELECT statement FROM break_glass WHERE transfer = $1 AND broken IS NOT NULL AND reviewed IS NULL AND not_after > $2
   ORDER BY broken DESC, digest LIMIT 1)sql"};
constexpr pg::Query kOverdue{"break_glass_overdue", R"sql(
  SELECT digest, transfer, client, first_person, second_person, reason, statement, not_before, not_after, asked, broken, review_due,
         reviewed, reviewer, verdict, review, review_statement
    FROM break_glass WHERE client = $1 AND review_due <= $2 AND reviewed IS NULL
   ORDER BY review_due, digest LIMIT 1)sql"};
constexpr pg::Query kList{"break_glass_list", R"sql(
  SELECT digest, transfer, client, first_person, second_person, reason, statement, not_before, not_after, asked, broken, review_due,
         reviewed, reviewer, verdict, review, review_statement
    FROM break_glass
   WHERE ($1 = '' OR client = $1) AND ($2 = '' OR transfer = $2)
     AND (NOT $3 OR (broken IS NOT NULL AND reviewed IS NULL))
     AND ($5 = '' OR (asked, digest) < ($4, $5))
   ORDER BY asked DESC, digest DESC LIMIT $6)sql"};

BreakGlass Read(const pqxx::row& row) {
  return {row[0].as<std::string>(),         row[1].as<std::string>(),         row[2].as<std::string>(),
          row[3].as<std::string>(),         row[4].as<std::string>(),         row[5].as<std::string>(),
          row[6].as<std::string>(),         pg::ReadInstant(row[7]),          pg::ReadInstant(row[8]),
          pg::ReadInstant(row[9]),          pg::ReadOptionalInstant(row[10]), pg::ReadOptionalInstant(row[11]),
          pg::ReadOptionalInstant(row[12]), row[13].as<std::string>(),        row[14].as<std::string>(),
          row[15].as<std::string>(),        row[16].as<std::string>()};
}

std::optional<BreakGlass> ReadOne(const pqxx::result& result) {
  if (result.empty()) return std::nullopt;
  return Read(result[0]);
}

}  // namespace

bool InsertBreakGlass(pg::Tx& tx, const BreakGlass& a) {
  return tx.Run(kInsert, a.digest, a.transfer, a.client, a.first, a.second, a.reason, a.statement, a.not_before,
                a.not_after, a.asked)
             .affected_rows() > 0;
}

bool SetBroken(pg::Tx& tx, std::string_view digest, std::string_view statement, base::Instant now,
               base::Instant review_due) {
  return tx.Run(kBreak, digest, statement, now, review_due).affected_rows() > 0;
}

bool SetReviewed(pg::Tx& tx, const BreakGlass& r) {
  return tx.Run(kReview, r.digest, r.reviewed, r.reviewer, r.verdict, r.review, r.review_statement).affected_rows() > 0;
}

std::optional<BreakGlass> GetBreakGlass(pg::Tx& tx, std::string_view digest) { return ReadOne(tx.Run(kGet, digest)); }

std::string LiveBreakGlass(pg::Tx& tx, std::string_view transfer, base::Instant now) {
  const pqxx::result live = tx.Run(kLive, transfer, now);
  return live.empty() ? std::string() : live[0][0].as<std::string>();
}

std::optional<BreakGlass> OverdueReview(pg::Tx& tx, std::string_view client, base::Instant now) {
  return ReadOne(tx.Run(kOverdue, client, now));
}

std::vector<BreakGlass> ListBreakGlass(pg::Tx& tx, const BreakGlassFilter& f) {
  std::vector<BreakGlass> all;
  for (const pqxx::row& row :
       tx.Run(kList, f.client, f.transfer, f.unreviewed, f.before_asked, f.before_digest, f.limit)) {
    all.push_back(Read(row));
  }
  return all;
}

}  // namespace crossdock::orchestrator::store
