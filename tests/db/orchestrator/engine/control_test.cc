// What people do to transfers, and what a repeated call does: nothing.
#include "orchestrator/engine/control.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "orchestrator/engine/requests.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/migrate.h"
#include "orchestrator/store/transfers.h"
#include "tests/support/postgres_server.h"

namespace crossdock::orchestrator::engine {
namespace {

std::string NewDatabase() {
  static testing::PostgresServer server;
  return server.NewDatabase();
}

struct Studio {
  Studio() {
    REQUIRE(store::Migrate(database).ok());
    const std::string officer = base::PrivateKey::Generate(random).Public().ToText();
    const std::string body = base::StrCat(
        "schema: crossdock/roster/v1\nnumber: 1\nexpires: \"2035-01-01T00:00:00Z\"\ntrust_domain: test.studio\n",
        "threshold: 1\nofficers: [{name: olga, key: \"", officer, "\"}]\nsite_admins: []\n",
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
  absl::StatusOr<Transfer> Create(const std::string& request_id, const std::string& path = "northlight/a") {
    PlannedDelivery planned;
    planned.source_site = "lon";
    planned.destination_site = "van";
    planned.volume = "proj";
    planned.path = planned.destination_path = path;
    planned.purpose = "review";
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

TEST_CASE("a creation that is repeated gives the same transfer; another id makes another one") {
  Studio studio;
  const auto first = studio.Create("r-1");
  INFO(first.status().ToString());
  REQUIRE(first.ok());
  CHECK(first->entity.client == "northlight");
  const auto again = studio.Create("r-1");
  REQUIRE(again.ok());
  CHECK(again->id == first->id);
  const auto other = studio.Create("r-2");
  REQUIRE(other.ok());
  CHECK(other->id != first->id);
  CHECK(studio.transfers() == 2);
}

TEST_CASE("a request_id that was used for something else is refused, and nothing is made") {
  Studio studio;
  const auto first = studio.Create("r-1");
  REQUIRE(first.ok());
  CHECK(base::ReasonOf(studio.Create("r-1", "northlight/b").status()) == "REQUEST_ID_REUSED");
  CHECK(base::ReasonOf(Cancel(studio.context, first->id, "", {"ops", "r-1"}).status()) == "REQUEST_ID_REUSED");
  CHECK(base::ReasonOf(studio.Create("").status()) == "REQUEST_ID_MISSING");
  CHECK(base::ReasonOf(studio.Create(std::string(129, 'r')).status()) == "REQUEST_ID_INVALID");
  CHECK(studio.transfers() == 1);
  // Ids are each caller's own.
  CHECK(Cancel(studio.context, first->id, "", {"somebody else", "r-1"}).ok());
}

TEST_CASE("a pause that arrives a second time, late, does not stop what was resumed in between") {
  Studio studio;
  const auto made = studio.Create("r-1");
  REQUIRE(made.ok());
  const Actor late{"ops", "r-2"};
  REQUIRE(Pause(studio.context, made->id, "lunch", late).ok());
  CHECK(Resume(studio.context, made->id, {"ops", "r-3"})->paused_by.empty());
  CHECK(Pause(studio.context, made->id, "lunch", late)->paused_by.empty());
  CHECK(Pause(studio.context, made->id, "tea", {"ops", "r-4"})->paused_by == "ops");
}

TEST_CASE("a cancel that arrives a second time, late, does not end what was retried in between") {
  Studio studio;
  const auto made = studio.Create("r-1");
  REQUIRE(made.ok());
  CHECK(Cancel(studio.context, made->id, "", {"ops", "r-2"})->state == State::kCancelled);
  CHECK(Retry(studio.context, made->id, {"ops", "r-3"})->state == State::kScanning);
  CHECK(Cancel(studio.context, made->id, "", {"ops", "r-2"})->state == State::kScanning);
}

TEST_CASE("a call that was refused may be made again under the same id") {
  Studio studio;
  const auto made = studio.Create("r-1");
  REQUIRE(made.ok());
  REQUIRE(Cancel(studio.context, made->id, "", {"ops", "r-2"}).ok());
  const Actor actor{"ops", "r-3"};
  CHECK(base::ReasonOf(Pause(studio.context, made->id, "", actor).status()) == "STATE_CONFLICT");
  REQUIRE(Retry(studio.context, made->id, {"ops", "r-4"}).ok());
  CHECK(Pause(studio.context, made->id, "", actor)->paused_by == "ops");
}

TEST_CASE("what was asked long ago is forgotten, what was asked today is not") {
  Studio studio;
  const auto made = studio.Create("r-1");
  REQUIRE(made.ok());
  const Actor actor{"ops", "r-2"};
  REQUIRE(Pause(studio.context, made->id, "", actor).ok());
  REQUIRE(Resume(studio.context, made->id, {"ops", "r-3"}).ok());
  REQUIRE(ForgetRequests(studio.context, studio.clock.Now() + kRequestsKeptFor - std::chrono::hours(1)).ok());
  CHECK(Pause(studio.context, made->id, "", actor)->paused_by.empty());
  REQUIRE(ForgetRequests(studio.context, studio.clock.Now() + kRequestsKeptFor + std::chrono::hours(1)).ok());
  CHECK(Pause(studio.context, made->id, "", actor)->paused_by == "ops");
}

TEST_CASE("a link that is set twice under one id is set once") {
  Studio studio;
  store::Link link;
  link.source_site = "lon";
  link.destination_site = "van";
  link.held_reason = "night";
  const Actor late{"ops", "r-1"};
  REQUIRE(SetLink(studio.context, link, late).ok());
  link.held_reason.clear();
  REQUIRE(SetLink(studio.context, link, {"ops", "r-2"}).ok());
  link.held_reason = "night";
  REQUIRE(SetLink(studio.context, link, late).ok());
  studio.Write([](pg::Tx& tx) {
    const auto links = store::ListLinks(tx);
    REQUIRE(links.size() == 1);
    CHECK(links[0].held_reason.empty());
  });
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
