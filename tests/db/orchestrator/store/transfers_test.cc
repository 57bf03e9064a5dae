// What only a real server shows of the queries for transfers.
#include "orchestrator/store/transfers.h"

#include "catch2/catch.hpp"
#include "lib/pg/database.h"
#include "orchestrator/store/migrate.h"
#include "tests/support/postgres_server.h"

namespace crossdock::orchestrator::store {
namespace {

TEST_CASE("outgoing events come in the order of their transactions, also where the transaction's id gains a digit") {
  testing::PostgresServer server;
  pg::Database database(server.NewDatabase(), 1);
  REQUIRE(Migrate(database).ok());
  std::vector<std::string> read;
  const absl::Status status = database.Transact([&](pg::Tx& tx) {
    tx.RunScript(
        "INSERT INTO outgoing_event (xid, at, client, project, transfer, kind, state)"
        "SELECT xid::text::xid8, now(), 'c', 'p', xid::text, 'k', 's' FROM generate_series(98, 101) AS xid");
    OutgoingEvent position;
    for (position.xid = "0";;) {
      const std::vector<OutgoingEvent> page = OutgoingEventsAfter(tx, position.xid, position.id, 1);
      if (page.empty()) return absl::OkStatus();
      position = page.back();
      read.push_back(position.transfer);
    }
  });
  INFO(status);
  REQUIRE(status.ok());
  CHECK(read == std::vector<std::string>{"98", "99", "100", "101"});
}

}  // namespace
}  // namespace crossdock::orchestrator::store
