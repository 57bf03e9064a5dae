// An engine on a database of its own, with a roster of two sites and nobody online.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "orchestrator/engine/control.h"
#include "orchestrator/engine/requests.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/migrate.h"
#include "orchestrator/store/transfers.h"
#include "tests/support/postgres_server.h"

namespace crossdock::orchestrator::engine {

inline std::string NewDatabase() {
  static testing::PostgresServer server;
  return server.NewDatabase();
}

struct Studio {
  Studio() {
    REQUIRE(store::Migrate(database).ok());
    const std::string body = base::StrCat(
        "schema: crossdock/roster/v1\nnumber: 1\nexpires: \"2035-01-01T00:00:00Z\"\ntrust_domain: test.studio\n",
        "threshold: 1\nofficers: [{name: olga, key: \"", officer.Public().ToText(), "\"}]\nsite_admins: []\n",
        "sites: [{id: lon, country: GB}, {id: van, country: CA}]\napprovers: []\n",
        "paths: [{volume: proj, prefix: \"northlight/\", client: northlight, project: nl, classification: internal}]\n",
        "denied: []\n");
    Write([&](pg::Tx& tx) { store::InsertRoster(tx, {1, body, "signed"}, clock.Now()); });
  }
  void Write(const std::function<void(pg::Tx&)>& body) {
    REQUIRE(database
                .Transact([&](pg::Tx& tx) {
                  body(tx);
                  return absl::OkStatus();
                })
                .ok());
  }
  absl::StatusOr<Transfer> Create(const std::string& request_id, const std::string& path = "northlight/a",
                                  const std::string& merge = "never", bool replace = false,
                                  const std::string& ready = "none") {
    PlannedDelivery planned;
    planned.source_site = "lon";
    planned.destination_site = "van";
    planned.volume = "proj";
    planned.path = planned.destination_path = path;
    planned.purpose = "review";
    planned.merge = merge;
    planned.replace = replace;
    planned.ready = ready;
    Entity entity;
    entity.project = "nl";
    return CreateTransfer(context, entity, planned, false, {"ops", request_id});
  }
  size_t transfers() {
    size_t count = 0;
    Write([&](pg::Tx& tx) { count = store::ListTransfers(tx, {}).size(); });
    return count;
  }

  base::SystemClock clock;
  base::SystemRandom random;
  base::PrivateKey officer = base::PrivateKey::Generate(random);
  pg::Database database{NewDatabase(), 2};
  Wakes wakes;
  base::PrivateKey ticket_key = base::PrivateKey::Generate(random);
  const Context context{database,
                        clock,
                        random,
                        wakes,
                        ticket_key,
                        [] { return std::vector<AgentView>(); },
                        std::chrono::milliseconds(20'000),
                        8};
};

}  // namespace crossdock::orchestrator::engine
