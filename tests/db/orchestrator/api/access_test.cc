// Who gets in, and what is written down: tokens, certificates, the audit log.
#include "catch2/catch.hpp"
#include "orchestrator/store/evidence.h"
#include "tests/support/api_server.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = admin::v1;
using Audit = v1::AuditService;
using AuditStub = v1::AuditService::Stub;
using Tokens = v1::TokenService;
using TokenStub = v1::TokenService::Stub;
using testing::ApiServer;
using testing::Ask;

absl::Status ListTransfers(const rpc::ChannelOptions& options) {
  studio::v1::ListTransfersResponse response;
  return Ask<studio::v1::TransferService>(options, &studio::v1::TransferService::Stub::ListTransfers,
                                          studio::v1::ListTransfersRequest(), &response);
}

v1::CreateTokenRequest TokenRequest() {
  v1::CreateTokenRequest request;
  request.set_subject("hook");
  request.add_roles("requester");
  request.set_valid_seconds(3600);
  return request;
}

TEST_CASE("a token that was made opens the door, its secret is nowhere in the database, and revoked it does not") {
  ApiServer server;
  const auto admin = server.WithToken(server.TokenFor("ida", {"identity-admin"}));
  v1::CreateTokenResponse created;
  REQUIRE(Ask<Tokens>(admin, &TokenStub::CreateToken, TokenRequest(), &created).ok());
  CHECK(created.secret().substr(0, 4) == "cdt_");
  CHECK(created.secret().size() == 47);
  CHECK(ListTransfers(server.WithToken(created.secret())).ok());
  server.Write([&](pg::Tx& tx) {
    for (const store::ApiToken& token : store::ListTokens(tx))
      CHECK(token.hash.find(created.secret()) == token.hash.npos);
    CHECK(store::TokenOfHash(tx, TokenHash(created.secret())).has_value());
  });
  v1::ListTokensResponse list;
  REQUIRE(Ask<Tokens>(admin, &TokenStub::ListTokens, v1::ListTokensRequest(), &list).ok());
  CHECK(list.tokens_size() == 2);

  v1::CreateTokenResponse second;
  REQUIRE(Ask<Tokens>(admin, &TokenStub::CreateToken, TokenRequest(), &second).ok());
  v1::RevokeTokenRequest revoke;
  revoke.set_token(second.token().token());
  v1::RevokeTokenResponse revoked;
  REQUIRE(Ask<Tokens>(admin, &TokenStub::RevokeToken, revoke, &revoked).ok());
  CHECK(absl::IsUnauthenticated(ListTransfers(server.WithToken(second.secret()))));
  CHECK(base::ReasonOf(Ask<Tokens>(admin, &TokenStub::RevokeToken, revoke, &revoked)) == "TOKEN_UNKNOWN");

  SECTION("both are in the audit log, without the secret") {
    const auto auditor = server.WithToken(server.TokenFor("aud", {"auditor"}));
    v1::ListAuditRecordsResponse records;
    REQUIRE(Ask<Audit>(auditor, &AuditStub::ListAuditRecords, v1::ListAuditRecordsRequest(), &records).ok());
    REQUIRE(records.records_size() == 3);
    CHECK(records.records(2).action() == "token.revoked");
    CHECK(records.records(2).actor() == "token:ida");
    CHECK(records.SerializeAsString().find(second.secret()) == std::string::npos);
  }
}

TEST_CASE("a token is not made without an end, a name and known roles, nor by whoever is bound to a client") {
  ApiServer server;
  const auto admin = server.WithToken(server.TokenFor("ida", {"identity-admin"}));
  v1::CreateTokenResponse created;
  const auto refused = [&](const v1::CreateTokenRequest& request) {
    const absl::Status status = Ask<Tokens>(admin, &TokenStub::CreateToken, request, &created);
    const auto fields = rpc::FieldViolationsOf(status);
    return fields.empty() ? status.ToString() : fields[0].field;
  };
  v1::CreateTokenRequest request = TokenRequest();
  request.set_valid_seconds(0);
  CHECK(refused(request) == "valid_seconds");
  request.set_valid_seconds(int64_t{3600} * 24 * 400);
  CHECK(refused(request) == "valid_seconds");
  request = TokenRequest();
  request.clear_subject();
  CHECK(refused(request) == "subject");
  request = TokenRequest();
  request.add_roles("root");
  CHECK(refused(request) == "roles");
  request = TokenRequest();
  request.clear_roles();
  CHECK(refused(request) == "roles");
  const auto bound = server.WithToken(server.TokenFor("guest", {"identity-admin"}, "northlight"));
  CHECK(base::ReasonOf(Ask<Tokens>(bound, &TokenStub::CreateToken, TokenRequest(), &created)) == "CLIENT_MISMATCH");
}

TEST_CASE("certificates: a person has the configured roles, a stranger none, a denied key does not get in") {
  ApiServer server;
  CHECK(ListTransfers(server.WithCertificate("user")).ok());
  CHECK(absl::IsPermissionDenied(ListTransfers(server.WithCertificate("stranger"))));
  // Agents' certificates open the agents' port and nothing of people.
  CHECK(absl::IsPermissionDenied(ListTransfers(server.WithCertificate("agent"))));
  CHECK(absl::IsUnauthenticated(ListTransfers(server.WithToken(""))));
  CHECK(absl::IsUnauthenticated(ListTransfers(server.WithToken("cdt_guessed"))));
  CHECK(absl::IsUnauthenticated(ListTransfers(server.WithToken("another kind of secret"))));
}

TEST_CASE("a key that was denied before its first call never gets in") {
  ApiServer server;
  const auto leaf = server.ca.Issue({{"spiffe://test.studio/user/ada"}});
  server.ca.WriteTo(server.directory, "lost", leaf);
  const auto certificate = rpc::ReadPeerCertificate(leaf.chain_pem);
  REQUIRE(certificate.ok());
  server.Write([&](pg::Tx& tx) { store::DenyKey(tx, certificate->spki_sha256, "lost", "test", server.clock.Now()); });
  CHECK(absl::IsUnauthenticated(ListTransfers(server.WithCertificate("lost"))));
  CHECK(ListTransfers(server.WithCertificate("user")).ok());
}

TEST_CASE("the audit log gives the newest records, or all of them from the first in pages, each client its own") {
  ApiServer server;
  server.Write([&](pg::Tx& tx) {
    for (int i = 1; i <= 5; ++i) {
      store::Audit(tx, {0, server.clock.Now(), i % 2 == 1 ? "northlight" : "otherclient", "token:ops",
                        "action." + std::to_string(i), i == 3 ? "t-3" : "", "", "{}"});
    }
  });
  const auto auditor = server.WithToken(server.TokenFor("aud", {"auditor"}));
  const auto actions = [&](v1::ListAuditRecordsRequest request, const rpc::ChannelOptions& options) {
    std::string seen;
    do {
      v1::ListAuditRecordsResponse page;
      const absl::Status status = Ask<Audit>(options, &AuditStub::ListAuditRecords, request, &page);
      if (!status.ok()) return base::ReasonOf(status);
      for (const auto& record : page.records()) seen += record.action().substr(7);
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return seen;
  };
  v1::ListAuditRecordsRequest request;
  request.set_page_size(2);
  CHECK(actions(request, auditor) == "45");
  request.set_after_number(0);
  CHECK(actions(request, auditor) == "12345");
  request.set_transfer("t-3");
  CHECK(actions(request, auditor) == "3");
  request.clear_transfer();
  const auto bound = server.WithToken(server.TokenFor("guest", {"auditor"}, "northlight"));
  CHECK(actions(request, bound) == "135");
  request.set_client("otherclient");
  CHECK(actions(request, bound) == "CLIENT_MISMATCH");
  const auto operators = server.WithToken(server.TokenFor("ops", {"operator"}));
  CHECK(actions(request, operators) == "PERMISSION_MISSING");
}

}  // namespace
}  // namespace crossdock::orchestrator::api
