// The connector against a studio's asset database on a real server.
#include "orchestrator/intake/postgres/source.h"

#include <set>

#include "absl/strings/str_replace.h"
#include "lib/base/file.h"
#include "orchestrator/store/inbox.h"
#include "tests/db/orchestrator/engine/engine_studio.h"

namespace crossdock::orchestrator::intake {
namespace {

TEST_CASE("every row of the outbox is read, also where the id of its transaction gains a digit between two pages") {
  engine::Studio studio;
  const std::string assets = engine::NewDatabase();
  pg::Database owner(assets, 1);
  const absl::StatusOr<std::string> contract = base::ReadFile(CROSSDOCK_SOURCE_DIR "/deploy/asset_db/crossdock.sql");
  REQUIRE(contract.ok());
  const absl::Status written = owner.Transact([&](pg::Tx& tx) {
    // The file has a transaction of its own, as its DBA needs it.
    tx.RunScript(absl::StrReplaceAll(*contract, {{"\nbegin;\n", "\n"}, {"\ncommit;\n", "\n"}}));
    tx.RunScript(
        "INSERT INTO crossdock.outbox (xid, kind, project, entity_type, entity_id) "
        "SELECT xid::text::xid8, 'k', 'p', 'Version', xid || '.' || row "
        "  FROM generate_series(8, 12) AS xid, generate_series(1, 300) AS row");
    return absl::OkStatus();
  });
  INFO(written);
  REQUIRE(written.ok());
  PostgresSource source("assets", assets);
  REQUIRE(source.Poll(studio.context, studio.clock.Now()).ok());
  std::set<std::string> entities;
  studio.Write([&](pg::Tx& tx) {
    for (const InboxEntry& entry : store::ListInbox(tx, "", 0, 10'000)) entities.insert(entry.event.entity_id);
  });
  CHECK(entities.size() == 1'500);
}

}  // namespace
}  // namespace crossdock::orchestrator::intake
