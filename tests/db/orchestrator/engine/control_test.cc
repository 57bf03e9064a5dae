// What people do to transfers, and what a repeated call does: nothing.
#include "orchestrator/engine/control.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "orchestrator/engine/requests.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/transfers.h"
#include "tests/db/orchestrator/engine/engine_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

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

TEST_CASE("what a transfer may do to its destination is kept with it, and is nothing unless it was asked for") {
  Studio studio;
  const auto usual = studio.Create("r-1");
  REQUIRE(usual.ok());
  CHECK(usual->merge == "never");
  CHECK_FALSE(usual->replace);
  const auto asked = studio.Create("r-2", "northlight/a", "visible", true);
  REQUIRE(asked.ok());
  studio.Write([&](pg::Tx& tx) {
    const auto read = store::GetTransfer(tx, asked->id);
    CHECK(read->merge == "visible");
    CHECK(read->replace);
  });
  CHECK(base::ReasonOf(studio.Create("r-2").status()) == "REQUEST_ID_REUSED");
}

TEST_CASE("when a transfer's package is whole is kept with it, and is at once unless something else was asked for") {
  Studio studio;
  const auto usual = studio.Create("r-1");
  REQUIRE(usual.ok());
  CHECK(usual->ready == "none");
  const auto asked = studio.Create("r-2", "northlight/a", "never", false, "marker .done");
  REQUIRE(asked.ok());
  studio.Write([&](pg::Tx& tx) { CHECK(store::GetTransfer(tx, asked->id)->ready == "marker .done"); });
  CHECK(base::ReasonOf(studio.Create("r-2").status()) == "REQUEST_ID_REUSED");
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
