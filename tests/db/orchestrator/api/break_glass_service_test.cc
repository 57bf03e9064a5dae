#include "catch2/catch.hpp"
#include "crossdock/studio/v1/break_glass.grpc.pb.h"
#include "lib/base/strings.h"
#include "orchestrator/store/break_glass.h"
#include "tests/support/api_server.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = studio::v1;
using Service = v1::BreakGlassService;
using Stub = v1::BreakGlassService::Stub;
using testing::ApiServer;
using testing::Ask;

const std::vector<Cause> kToDenied = {Cause::kAccepted, Cause::kManifestReady, Cause::kDenied};

TEST_CASE("signatures and reviews go to the engine as they are, from approvers only, of what they may see") {
  ApiServer server;
  server.Insert("t-1", "northlight", kToDenied);
  v1::SubmitBreakGlassRequest submit;
  submit.set_transfer("t-1");
  submit.set_statement("signed");
  v1::SubmitBreakGlassResponse submitted;
  v1::ReviewBreakGlassRequest review;
  review.set_transfer("t-1");
  review.set_statement("reviewed");
  v1::ReviewBreakGlassResponse nothing;
  const auto paula = server.WithToken(server.TokenFor("paula", {"approver"}));
  REQUIRE(Ask<Service>(paula, &Stub::SubmitBreakGlass, submit, &submitted).ok());
  CHECK(submitted.transfer().state() == v1::TRANSFER_STATE_DENIED);
  CHECK(server.commands.last_call() == "SubmitBreakGlass t-1 signed by token:paula");
  REQUIRE(Ask<Service>(paula, &Stub::ReviewBreakGlass, review, &nothing).ok());
  CHECK(server.commands.last_call() == "ReviewBreakGlass t-1 reviewed by token:paula");
  const auto operators = server.WithToken(server.TokenFor("ops", {"operator"}));
  CHECK(absl::IsPermissionDenied(Ask<Service>(operators, &Stub::SubmitBreakGlass, submit, &submitted)));
  CHECK(absl::IsPermissionDenied(Ask<Service>(operators, &Stub::ReviewBreakGlass, review, &nothing)));
  const auto bound = server.WithToken(server.TokenFor("guest", {"approver"}, "otherclient"));
  CHECK(base::ReasonOf(Ask<Service>(bound, &Stub::SubmitBreakGlass, submit, &submitted)) == "TRANSFER_UNKNOWN");
  CHECK(base::ReasonOf(Ask<Service>(bound, &Stub::ReviewBreakGlass, review, &nothing)) == "TRANSFER_UNKNOWN");
  v1::GetBreakGlassRequest get;
  get.set_transfer("t-1");
  v1::GetBreakGlassResponse got;
  CHECK(base::ReasonOf(Ask<Service>(bound, &Stub::GetBreakGlass, get, &got)) == "TRANSFER_UNKNOWN");
  CHECK(server.commands.calls().size() == 2);
}

TEST_CASE("what could be lifted is shown with all that a statement must name") {
  ApiServer server;
  server.Insert("t-1", "northlight", kToDenied);
  server.commands.glass = {"d1",
                           "internal",
                           "lon/proj",
                           "van/proj",
                           {"Rule N-02 forbids it: Embargo."},
                           {"group:emergency of client northlight"},
                           {"client:northlight/desk"},
                           "",
                           ""};
  const auto viewer = server.WithToken(server.TokenFor("viv", {"viewer"}));
  v1::GetBreakGlassRequest get;
  get.set_transfer("t-1");
  v1::GetBreakGlassResponse got;
  REQUIRE(Ask<Service>(viewer, &Stub::GetBreakGlass, get, &got).ok());
  CHECK(got.break_glass().policy_digest() == "d1");
  CHECK(got.break_glass().destination() == "van/proj");
  CHECK(got.break_glass().against(0) == "Rule N-02 forbids it: Embargo.");
  CHECK(got.break_glass().transfer().transfer() == "t-1");
}

TEST_CASE("emergencies are listed newest first in pages, for the caller's client only") {
  ApiServer server;
  const base::Instant now = std::chrono::floor<std::chrono::seconds>(server.clock.Now());
  const auto put = [&](const std::string& digest, const std::string& client, int minutes, bool broken) {
    store::BreakGlass glass;
    glass.digest = digest;
    glass.transfer = "t-" + digest;
    glass.client = client;
    glass.first = "paula";
    glass.second = "raj";
    glass.reason = "due\nat six";
    glass.statement = "signed";
    glass.not_before = now;
    glass.not_after = now + std::chrono::hours(2);
    glass.asked = now + std::chrono::minutes(minutes);
    server.Write([&](pg::Tx& tx) {
      REQUIRE(store::InsertBreakGlass(tx, glass));
      if (broken) REQUIRE(store::SetBroken(tx, digest, "signed twice", now, now));
    });
  };
  put("1", "northlight", 1, true);
  put("2", "northlight", 2, false);
  put("3", "otherclient", 3, true);
  put("4", "northlight", 4, true);
  const auto paula = server.WithToken(server.TokenFor("paula", {"approver"}, "northlight"));
  const auto listed = [&](bool unreviewed) {
    std::string seen;
    v1::ListBreakGlassRequest request;
    request.set_page_size(1);
    request.set_unreviewed(unreviewed);
    do {
      v1::ListBreakGlassResponse page;
      REQUIRE(Ask<Service>(paula, &Stub::ListBreakGlass, request, &page).ok());
      for (const v1::BreakGlass& glass : page.break_glass()) {
        seen += glass.digest() + (glass.has_broken() ? "!" : "?");
        CHECK(glass.reason() == "due%0Aat six");
        CHECK(glass.review_overdue() == glass.has_broken());
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return seen;
  };
  CHECK(listed(false) == "4!2?1!");
  CHECK(listed(true) == "4!1!");
  server.Write([&](pg::Tx& tx) {
    store::BreakGlass reviewed = *store::GetBreakGlass(tx, "4");
    reviewed.reviewed = now;
    reviewed.reviewer = "carla";
    reviewed.verdict = "justified";
    reviewed.review = "so it was";
    reviewed.review_statement = "signed";
    CHECK(store::SetReviewed(tx, reviewed));
    CHECK_FALSE(store::SetReviewed(tx, reviewed));
  });
  CHECK(listed(true) == "1!");
}

}  // namespace
}  // namespace crossdock::orchestrator::api
