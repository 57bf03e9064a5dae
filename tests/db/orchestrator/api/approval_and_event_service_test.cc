#include "catch2/catch.hpp"
#include "lib/base/strings.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/inbox.h"
#include "orchestrator/store/manifests.h"
#include "orchestrator/store/objections.h"
#include "tests/support/api_server.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = studio::v1;
using Approvals = v1::ApprovalService;
using ApprovalStub = v1::ApprovalService::Stub;
using Events = v1::EventService;
using EventStub = v1::EventService::Stub;
using testing::ApiServer;
using testing::Ask;

const std::vector<Cause> kToApproval = {Cause::kAccepted, Cause::kManifestReady, Cause::kNeedsApprovals};

ApprovalSubject SubjectOf(const std::string& requirement) {
  ApprovalSubject subject;
  subject.requirement = {requirement, 1, {"group:prod"}, {}};
  subject.policy = "d1";
  subject.policy_title = "Northlight";
  subject.ready = true;
  subject.classification = "internal";
  subject.source = "lon/proj";
  subject.destination = "van/proj";
  subject.valid_for = std::chrono::hours(1);
  subject.clauses = {"production must approve"};
  return subject;
}

TEST_CASE("what waits for a signature is listed oldest first in pages, for the caller's client only") {
  ApiServer server;
  server.Insert("t-1", "northlight", kToApproval);
  server.Insert("t-2", "northlight", kToApproval);
  server.Insert("t-3", "otherclient", kToApproval);
  server.Insert("t-4", "northlight");
  server.commands.subjects = {SubjectOf("production"), SubjectOf("security")};
  const auto paula = server.WithToken(server.TokenFor("paula", {"approver"}, "northlight"));
  std::vector<std::string> seen;
  v1::ListApprovalsRequest request;
  request.set_page_size(3);
  do {
    v1::ListApprovalsResponse page;
    REQUIRE(Ask<Approvals>(paula, &ApprovalStub::ListApprovals, request, &page).ok());
    for (const auto& each : page.approvals()) {
      seen.push_back(each.transfer().transfer() + " " + each.requirement().requirement());
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(seen == std::vector<std::string>{"t-1 production", "t-1 security", "t-2 production", "t-2 security"});
}

TEST_CASE("one approval is shown with all that a person signs, and several open ones are told apart by name") {
  ApiServer server;
  const Transfer transfer = server.Insert("t-1", "northlight", kToApproval);
  server.Write([&](pg::Tx& tx) {
    store::PutFindings(tx, transfer, {{"FILE_EMPTY", "a.exr", "0 bytes"}});
    store::PutManifestChunk(tx, transfer, 0, std::string("a\0b", 3));
  });
  server.commands.subjects = {SubjectOf("production")};
  const auto paula = server.WithToken(server.TokenFor("paula", {"approver"}));
  v1::GetApprovalRequest get;
  get.set_transfer("t-1");
  v1::GetApprovalResponse got;
  REQUIRE(Ask<Approvals>(paula, &ApprovalStub::GetApproval, get, &got).ok());
  CHECK(got.approval().policy_digest() == "d1");
  CHECK(got.approval().source() == "lon/proj");
  CHECK(got.approval().valid_for_seconds() == 3600);
  CHECK(got.approval().clauses_size() == 1);
  REQUIRE(got.approval().findings_size() == 1);
  CHECK(got.approval().findings(0).code() == "FILE_EMPTY");

  server.commands.subjects.push_back(SubjectOf("security"));
  CHECK(rpc::FieldViolationsOf(Ask<Approvals>(paula, &ApprovalStub::GetApproval, get, &got)).at(0).field ==
        "requirement");
  get.set_requirement("security");
  REQUIRE(Ask<Approvals>(paula, &ApprovalStub::GetApproval, get, &got).ok());
  CHECK(got.approval().requirement().requirement() == "security");
  get.set_requirement("nobody");
  CHECK(base::ReasonOf(Ask<Approvals>(paula, &ApprovalStub::GetApproval, get, &got)) == "APPROVAL_NOT_ASKED");

  v1::GetManifestChunkRequest chunk;
  chunk.set_transfer("t-1");
  v1::GetManifestChunkResponse bytes;
  REQUIRE(Ask<Approvals>(paula, &ApprovalStub::GetManifestChunk, chunk, &bytes).ok());
  CHECK(bytes.chunk() == std::string("a\0b", 3));
  chunk.set_index(1);
  CHECK(base::ReasonOf(Ask<Approvals>(paula, &ApprovalStub::GetManifestChunk, chunk, &bytes)) == "CHUNK_UNKNOWN");
}

TEST_CASE("a signed approval goes to the engine as it is, from approvers only") {
  ApiServer server;
  server.Insert("t-1", "northlight", kToApproval);
  v1::SubmitApprovalRequest request;
  request.set_transfer("t-1");
  request.set_statement("signed");
  v1::SubmitApprovalResponse response;
  const auto paula = server.WithToken(server.TokenFor("paula", {"approver"}));
  REQUIRE(Ask<Approvals>(paula, &ApprovalStub::SubmitApproval, request, &response).ok());
  CHECK(response.transfer().state() == v1::TRANSFER_STATE_AWAITING_APPROVAL);
  CHECK(server.commands.last_call() == "SubmitApproval t-1 signed by token:paula");
  const auto operators = server.WithToken(server.TokenFor("ops", {"operator"}));
  CHECK(absl::IsPermissionDenied(Ask<Approvals>(operators, &ApprovalStub::SubmitApproval, request, &response)));
  const auto bound = server.WithToken(server.TokenFor("guest", {"approver"}, "otherclient"));
  CHECK(base::ReasonOf(Ask<Approvals>(bound, &ApprovalStub::SubmitApproval, request, &response)) == "TRANSFER_UNKNOWN");
  CHECK(server.commands.calls().size() == 1);
}

TEST_CASE("a withdrawal goes to the engine as it is, from approvers only, of what they may see") {
  ApiServer server;
  server.Insert("t-1", "northlight", kToApproval);
  v1::WithdrawApprovalRequest request;
  request.set_transfer("t-1");
  request.set_statement("signed");
  v1::WithdrawApprovalResponse response;
  const auto paula = server.WithToken(server.TokenFor("paula", {"approver"}));
  REQUIRE(Ask<Approvals>(paula, &ApprovalStub::WithdrawApproval, request, &response).ok());
  CHECK(response.transfer().transfer() == "t-1");
  CHECK(server.commands.last_call() == "WithdrawApproval t-1 signed by token:paula");
  const auto operators = server.WithToken(server.TokenFor("ops", {"operator"}));
  CHECK(absl::IsPermissionDenied(Ask<Approvals>(operators, &ApprovalStub::WithdrawApproval, request, &response)));
  const auto bound = server.WithToken(server.TokenFor("guest", {"approver"}, "otherclient"));
  CHECK(base::ReasonOf(Ask<Approvals>(bound, &ApprovalStub::WithdrawApproval, request, &response)) ==
        "TRANSFER_UNKNOWN");
  CHECK(server.commands.calls().size() == 1);
}

TEST_CASE("an end of a delegation goes to the engine as it is, from approvers only, of what they are bound to") {
  ApiServer server;
  base::SystemRandom random;
  const auto end = [&](const std::string& client) {
    const base::Instant now = std::chrono::floor<std::chrono::seconds>(server.clock.Now());
    const trust::DelegationEnd said{client, "raj", std::string(64, 'a'), now + std::chrono::hours(1), "", now, "paula"};
    v1::EndDelegationRequest request;
    request.set_statement(
        trust::SignedStatement::Sign(*trust::Encode(said), base::PrivateKey::Generate(random)).Format());
    return request;
  };
  v1::EndDelegationResponse response;
  const auto paula = server.WithToken(server.TokenFor("paula", {"approver"}));
  REQUIRE(Ask<Approvals>(paula, &ApprovalStub::EndDelegation, end(""), &response).ok());
  CHECK(server.commands.last_call().starts_with("EndDelegation crossdock/delegation-end/v1\n"));
  const auto operators = server.WithToken(server.TokenFor("ops", {"operator"}));
  CHECK(
      absl::IsPermissionDenied(Ask<Approvals>(operators, &ApprovalStub::EndDelegation, end("northlight"), &response)));
  const auto bound = server.WithToken(server.TokenFor("guest", {"approver"}, "otherclient"));
  for (const char* const client : {"", "northlight"})
    CHECK_FALSE(Ask<Approvals>(bound, &ApprovalStub::EndDelegation, end(client), &response).ok());
  CHECK(server.commands.calls().size() == 1);
  CHECK(Ask<Approvals>(bound, &ApprovalStub::EndDelegation, end("otherclient"), &response).ok());
  v1::EndDelegationRequest nonsense;
  nonsense.set_statement("signed");
  CHECK(base::ReasonOf(Ask<Approvals>(paula, &ApprovalStub::EndDelegation, nonsense, &response)) ==
        "STATEMENT_MALFORMED");
}

TEST_CASE("what was signed over a transfer is listed in pages, with what became of it") {
  ApiServer server;
  const Transfer transfer = server.Insert("t-1", "northlight", kToApproval);
  server.Write([&](pg::Tx& tx) {
    for (const char* nonce : {"n1", "n2", "n3"}) {
      store::InsertApproval(tx, "northlight", {0, "t-1", "production", nonce, "approve", "text", nonce, {}});
    }
    const auto words = store::SignedWords(tx, "t-1", 0, 10);
    REQUIRE(words.size() == 3);
    CHECK(store::WithdrawApproval(tx, "northlight", words[1].id,
                                  {"digest", "t-1", "production", "n2", "too early", "signed", {}, {}}));
    CHECK_FALSE(store::WithdrawApproval(tx, "northlight", words[1].id,
                                        {"digest", "t-1", "production", "n2", "too early", "signed", {}, {}}));
  });
  const auto viewer = server.WithToken(server.TokenFor("view", {"viewer"}));
  std::string seen;
  v1::ListSignedApprovalsRequest request;
  request.set_transfer("t-1");
  request.set_page_size(2);
  do {
    v1::ListSignedApprovalsResponse page;
    REQUIRE(Ask<Approvals>(viewer, &ApprovalStub::ListSignedApprovals, request, &page).ok());
    for (const auto& each : page.approvals()) {
      seen += base::StrCat(each.approver(), each.has_dismissed() ? " " : "", each.dismissed_reason(), ";");
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(seen == "n1;n2 APPROVAL_WITHDRAWN;n3;");
  v1::ListSignedApprovalsResponse page;
  const auto bound = server.WithToken(server.TokenFor("guest", {"viewer"}, "otherclient"));
  CHECK(base::ReasonOf(Ask<Approvals>(bound, &ApprovalStub::ListSignedApprovals, request, &page)) ==
        "TRANSFER_UNKNOWN");
}

TEST_CASE("an event is handed in once; the second time it is a duplicate") {
  ApiServer server;
  v1::PublishEventRequest request;
  request.mutable_event()->set_source("demo");
  request.mutable_event()->set_external_id("e-1");
  request.mutable_event()->set_kind("version.status_changed");
  request.mutable_event()->set_entity_id("7");
  v1::PublishEventResponse response;
  const auto hook = server.WithToken(server.TokenFor("hook", {"requester"}));
  REQUIRE(Ask<Events>(hook, &EventStub::PublishEvent, request, &response).ok());
  CHECK_FALSE(response.duplicate());
  CHECK(server.commands.last_event().entity_id == "7");
  // Nobody said when it happened: now.
  CHECK(server.commands.last_event().occurred > server.clock.Now() - std::chrono::minutes(1));
  server.commands.fresh = false;
  REQUIRE(Ask<Events>(hook, &EventStub::PublishEvent, request, &response).ok());
  CHECK(response.duplicate());
  const auto viewer = server.WithToken(server.TokenFor("view", {"viewer"}));
  CHECK(absl::IsPermissionDenied(Ask<Events>(viewer, &EventStub::PublishEvent, request, &response)));
}

TEST_CASE("the inbox is listed newest first in pages, by outcome, and not for whoever is bound to a client") {
  ApiServer server;
  server.Write([&](pg::Tx& tx) {
    for (int i = 1; i <= 3; ++i) {
      Event event{"demo", "e-" + std::to_string(i), "changed", "nl", "version", "7", server.clock.Now(), "{}"};
      REQUIRE(store::InsertEvent(tx, event, server.clock.Now()));
    }
    const auto newest = store::ListInbox(tx, "", 0, 1);
    store::FinishEvent(tx, newest.at(0).id, "northlight", "no_trigger", "nothing matches");
  });
  const auto viewer = server.WithToken(server.TokenFor("view", {"viewer"}));
  const auto ids = [&](v1::ListEventsRequest request) {
    std::string seen;
    do {
      v1::ListEventsResponse page;
      REQUIRE(Ask<Events>(viewer, &EventStub::ListEvents, request, &page).ok());
      for (const auto& entry : page.entries()) seen += entry.event().external_id() + " ";
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return seen;
  };
  v1::ListEventsRequest request;
  request.set_page_size(2);
  CHECK(ids(request) == "e-3 e-2 e-1 ");
  request.set_outcome(v1::EVENT_OUTCOME_NO_TRIGGER);
  CHECK(ids(request) == "e-3 ");
  request.set_outcome(v1::EVENT_OUTCOME_WAITING);
  CHECK(ids(request) == "e-2 e-1 ");
  v1::ListEventsResponse page;
  const auto bound = server.WithToken(server.TokenFor("guest", {"viewer"}, "northlight"));
  CHECK(base::ReasonOf(Ask<Events>(bound, &EventStub::ListEvents, request, &page)) == "CLIENT_MISMATCH");
}

}  // namespace
}  // namespace crossdock::orchestrator::api
