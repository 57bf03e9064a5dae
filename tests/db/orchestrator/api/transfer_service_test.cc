#include "catch2/catch.hpp"
#include "tests/support/api_server.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = studio::v1;
using Stub = v1::TransferService::Stub;
using testing::ApiServer;

template <typename Request, typename Response>
absl::Status Ask(const rpc::ChannelOptions& options,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request,
                 Response* response) {
  return testing::Ask<v1::TransferService>(options, method, request, response);
}

v1::CreateTransferRequest CreateRequest() {
  v1::CreateTransferRequest request;
  request.set_request_id("r-1");
  request.set_project("nl");
  request.mutable_entity()->set_client("northlight");
  request.set_source_site("lon");
  request.set_destination_site("van");
  request.set_volume("proj");
  request.set_path("northlight/sh010");
  request.set_purpose("review");
  return request;
}

TEST_CASE("a transfer that was asked for is shown as it stands in the database") {
  ApiServer server;
  server.Insert("t-1", "northlight");
  const auto operators = server.WithToken(server.TokenFor("ops", {"operator"}));
  v1::CreateTransferResponse response;
  REQUIRE(Ask(operators, &Stub::CreateTransfer, CreateRequest(), &response).ok());
  CHECK(response.transfer().transfer() == "t-1");
  CHECK(response.transfer().state() == v1::TRANSFER_STATE_RECEIVED);
  CHECK(server.commands.last_call() ==
        "CreateTransfer northlight/nl lon>van proj/northlight/sh010 review by token:ops r-1");

  SECTION("validating makes nothing and needs no request_id") {
    v1::CreateTransferRequest request = CreateRequest();
    request.clear_request_id();
    request.set_validate_only(true);
    v1::CreateTransferResponse nothing;
    REQUIRE(Ask(operators, &Stub::CreateTransfer, request, &nothing).ok());
    CHECK_FALSE(nothing.has_transfer());
    CHECK(server.commands.last_call().find(" validate by token:ops") != std::string::npos);
  }
  SECTION("without a request_id it is refused before anything is asked of the engine") {
    v1::CreateTransferRequest request = CreateRequest();
    request.clear_request_id();
    const absl::Status status = Ask(operators, &Stub::CreateTransfer, request, &response);
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(rpc::FieldViolationsOf(status).size() == 1);
    CHECK(rpc::FieldViolationsOf(status)[0].field == "request_id");
    CHECK(server.commands.calls().size() == 1);
  }
  SECTION("an entity of another project is refused") {
    v1::CreateTransferRequest request = CreateRequest();
    request.mutable_entity()->set_project("other");
    CHECK(Ask(operators, &Stub::CreateTransfer, request, &response).code() == absl::StatusCode::kInvalidArgument);
  }
  SECTION("when a package is whole is said in known words") {
    v1::CreateTransferRequest request = CreateRequest();
    request.set_ready("soon");
    const absl::Status status = Ask(operators, &Stub::CreateTransfer, request, &response);
    REQUIRE(rpc::FieldViolationsOf(status).size() == 1);
    CHECK(rpc::FieldViolationsOf(status)[0].field == "ready");
    request.set_ready("stable 30s");
    CHECK(Ask(operators, &Stub::CreateTransfer, request, &response).ok());
  }
  SECTION("what may become of the destination is one of three words") {
    v1::CreateTransferRequest request = CreateRequest();
    request.set_merge("always");
    const absl::Status status = Ask(operators, &Stub::CreateTransfer, request, &response);
    REQUIRE(rpc::FieldViolationsOf(status).size() == 1);
    CHECK(rpc::FieldViolationsOf(status)[0].field == "merge");
    request.set_merge("visible");
    CHECK(Ask(operators, &Stub::CreateTransfer, request, &response).ok());
  }
  SECTION("what the engine refuses arrives with its reason") {
    server.commands.Fail(base::WithReason(base::FailedPrecondition("no"), "PATH_SPANS_CLIENTS"));
    const absl::Status status = Ask(operators, &Stub::CreateTransfer, CreateRequest(), &response);
    CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
    CHECK(base::ReasonOf(status) == "PATH_SPANS_CLIENTS");
  }
}

TEST_CASE("whoever is bound to a client asks for nothing of another, and sees nothing of it") {
  ApiServer server;
  server.Insert("t-1", "northlight");
  server.Insert("t-2", "otherclient");
  const auto bound = server.WithToken(server.TokenFor("guest", {"operator"}, "northlight"));

  v1::CreateTransferRequest create = CreateRequest();
  create.mutable_entity()->set_client("otherclient");
  v1::CreateTransferResponse created;
  CHECK(base::ReasonOf(Ask(bound, &Stub::CreateTransfer, create, &created)) == "CLIENT_MISMATCH");

  v1::ListTransfersResponse list;
  REQUIRE(Ask(bound, &Stub::ListTransfers, v1::ListTransfersRequest(), &list).ok());
  REQUIRE(list.transfers_size() == 1);
  CHECK(list.transfers(0).transfer() == "t-1");

  v1::GetTransferRequest get;
  get.set_transfer("t-2");
  v1::GetTransferResponse got;
  CHECK(base::ReasonOf(Ask(bound, &Stub::GetTransfer, get, &got)) == "TRANSFER_UNKNOWN");
  v1::CancelTransferRequest cancel;
  cancel.set_transfer("t-2");
  v1::CancelTransferResponse cancelled;
  CHECK(base::ReasonOf(Ask(bound, &Stub::CancelTransfer, cancel, &cancelled)) == "TRANSFER_UNKNOWN");
  CHECK(server.commands.calls().empty());
}

TEST_CASE("pages list every transfer once, newest first") {
  ApiServer server;
  for (int i = 0; i < 5; ++i) server.Insert("t-" + std::to_string(i), "northlight");
  server.Insert("t-over", "northlight", {Cause::kCancelled});
  const auto viewer = server.WithToken(server.TokenFor("view", {"viewer"}));
  v1::ListTransfersRequest request;
  request.set_page_size(2);
  request.set_live_only(true);
  std::vector<std::string> seen;
  do {
    v1::ListTransfersResponse page;
    REQUIRE(Ask(viewer, &Stub::ListTransfers, request, &page).ok());
    for (const auto& transfer : page.transfers()) seen.push_back(transfer.transfer());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(seen == std::vector<std::string>{"t-4", "t-3", "t-2", "t-1", "t-0"});

  SECTION("a page token of another question is refused") {
    request.set_live_only(true);
    v1::ListTransfersResponse page;
    REQUIRE(Ask(viewer, &Stub::ListTransfers, request, &page).ok());
    request.set_page_token(page.next_page_token());
    request.set_project("other");
    CHECK(base::ReasonOf(Ask(viewer, &Stub::ListTransfers, request, &page)) == "PAGE_TOKEN_INVALID");
  }
  SECTION("states filter") {
    v1::ListTransfersRequest ended;
    ended.add_states(v1::TRANSFER_STATE_CANCELLED);
    v1::ListTransfersResponse page;
    REQUIRE(Ask(viewer, &Stub::ListTransfers, ended, &page).ok());
    REQUIRE(page.transfers_size() == 1);
    CHECK(page.transfers(0).transfer() == "t-over");
  }
}

TEST_CASE("one transfer is shown with its history and what the policy said, and is explained") {
  ApiServer server;
  server.Insert("t-1", "northlight", {Cause::kAccepted, Cause::kManifestReady});
  server.commands.decision = {"the client's production must approve"};
  server.commands.explanation = {"POLICY", {"waits for an approval"}, {{"production", 2, {"group:prod"}, {"paula"}}}};
  const auto viewer = server.WithToken(server.TokenFor("view", {"viewer"}));
  v1::GetTransferRequest get;
  get.set_transfer("t-1");
  v1::GetTransferResponse got;
  REQUIRE(Ask(viewer, &Stub::GetTransfer, get, &got).ok());
  CHECK(got.transfer().entity().client() == "northlight");
  CHECK(got.transfer().path() == "northlight/sh010/t-1");
  REQUIRE(got.history_size() == 3);
  CHECK(got.history(2).from() == v1::TRANSFER_STATE_SCANNING);
  CHECK(got.history(2).to() == v1::TRANSFER_STATE_DECIDING);
  REQUIRE(got.decision_size() == 1);
  CHECK(got.decision(0) == "the client's production must approve");

  v1::ExplainTransferRequest explain;
  explain.set_transfer("t-1");
  v1::ExplainTransferResponse explained;
  REQUIRE(Ask(viewer, &Stub::ExplainTransfer, explain, &explained).ok());
  CHECK(explained.reason() == "POLICY");
  REQUIRE(explained.requirements_size() == 1);
  CHECK(explained.requirements(0).count() == 2);
  CHECK(explained.requirements(0).have() == 1);
}

// Calls `method` for t-1 and gives what the engine was asked.
template <typename Request, typename Response>
std::string AskedBy(ApiServer& server, const rpc::ChannelOptions& options,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
  Request request;
  request.set_transfer("t-1");
  request.set_request_id("r-9");
  if constexpr (requires { request.set_reason(""); }) request.set_reason("why");
  Response response;
  const absl::Status status = Ask(options, method, request, &response);
  if (!status.ok()) return base::ReasonOf(status);
  return response.transfer().transfer() == "t-1" ? server.commands.last_call() : "not shown";
}

TEST_CASE("operators cancel, pause, resume and retry, each under its request_id; viewers do not") {
  ApiServer server;
  server.Insert("t-1", "northlight");
  const auto operators = server.WithToken(server.TokenFor("ops", {"operator"}));
  CHECK(AskedBy(server, operators, &Stub::CancelTransfer) == "CancelTransfer t-1 why by token:ops r-9");
  CHECK(AskedBy(server, operators, &Stub::PauseTransfer) == "PauseTransfer t-1 why by token:ops r-9");
  CHECK(AskedBy(server, operators, &Stub::ResumeTransfer) == "ResumeTransfer t-1 by token:ops r-9");
  CHECK(AskedBy(server, operators, &Stub::RetryTransfer) == "RetryTransfer t-1 by token:ops r-9");
  const auto viewer = server.WithToken(server.TokenFor("view", {"viewer"}));
  for (const std::string& refused :
       {AskedBy(server, viewer, &Stub::CancelTransfer), AskedBy(server, viewer, &Stub::PauseTransfer),
        AskedBy(server, viewer, &Stub::ResumeTransfer), AskedBy(server, viewer, &Stub::RetryTransfer)}) {
    CHECK(refused == "PERMISSION_MISSING");
  }
  CHECK(server.commands.calls().size() == 4);
}

// The next change of `stream` that is no bookmark; the last token that was seen goes to `token`.
std::string NextChange(grpc::ClientReader<v1::WatchTransfersResponse>& stream, std::string* token = nullptr) {
  v1::WatchTransfersResponse message;
  while (stream.Read(&message)) {
    if (token != nullptr && !message.resume_token().empty()) *token = message.resume_token();
    if (message.has_transfer()) {
      return message.transfer().transfer() + " " + v1::TransferState_Name(message.transfer().state());
    }
  }
  return "ended: " + base::ReasonOf(rpc::FromGrpc(stream.Finish()));
}

TEST_CASE("a watch shows what is there, then what changes, and goes on from its token") {
  ApiServer server;
  server.Insert("t-1", "northlight");
  server.Insert("t-2", "otherclient");
  const auto channel = rpc::MakeChannel(server.WithToken(server.TokenFor("view", {"viewer"}, "northlight")));
  REQUIRE(channel.ok());
  const auto stub = v1::TransferService::NewStub(*channel);
  std::string token;
  {
    const auto context = rpc::CallWithin(std::chrono::seconds(20), true);
    const auto stream = stub->WatchTransfers(context.get(), v1::WatchTransfersRequest());
    CHECK(NextChange(*stream) == "t-1 TRANSFER_STATE_RECEIVED");
    server.Insert("t-3", "otherclient");
    server.Insert("t-4", "northlight");
    CHECK(NextChange(*stream, &token) == "t-4 TRANSFER_STATE_RECEIVED");
    context->TryCancel();
    while (NextChange(*stream).find("ended") == std::string::npos) continue;
  }
  server.Insert("t-5", "northlight");
  v1::WatchTransfersRequest request;
  request.set_resume_token(token);
  const auto context = rpc::CallWithin(std::chrono::seconds(20), true);
  const auto stream = stub->WatchTransfers(context.get(), request);
  CHECK(NextChange(*stream) == "t-5 TRANSFER_STATE_RECEIVED");
  context->TryCancel();
}

TEST_CASE("a watch that cannot be ends with its reason") {
  ApiServer server;
  server.Insert("t-2", "otherclient");
  const auto channel = rpc::MakeChannel(server.WithToken(server.TokenFor("view", {"viewer"}, "northlight")));
  REQUIRE(channel.ok());
  const auto stub = v1::TransferService::NewStub(*channel);
  const auto context = rpc::CallWithin(std::chrono::seconds(20), true);
  v1::WatchTransfersRequest request;
  SECTION("a token that nobody gave") {
    request.set_resume_token("w1.one.two");
    CHECK(NextChange(*stub->WatchTransfers(context.get(), request)) == "ended: WATCH_TOKEN_INVALID");
  }
  SECTION("another client's transfer") {
    request.set_transfer("t-2");
    CHECK(NextChange(*stub->WatchTransfers(context.get(), request)) == "ended: TRANSFER_UNKNOWN");
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::api
