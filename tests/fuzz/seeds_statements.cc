#include "lib/pki/join_token.h"
#include "lib/trust/signed_statement.h"
#include "tests/fuzz/seeds.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::fuzz {

void AddStatementSeeds(Seeds& seeds) {
  using namespace trust;
  PolicyActivation activation = ExampleActivation();
  const Credential credential = SignCredential(ExampleGrant(), ExampleIdentity());
  RelayStatement relay = ExampleRelay();
  const std::map<std::string, std::string> texts = {
      {"activation", *Encode(activation)},
      {"grant", *Encode(ExampleGrant())},
      {"identity", SignedStatement::Parse(credential.identity)->statement()},
      {"relay", *Encode(relay)},
      {"relay_keys", *Encode(ExampleRelayKeys())},
      {"relay_deny", *Encode(ExampleRelayDeny())},
      {"approval", *Encode(ExampleApproval())},
      {"denial", *Encode(ExampleDenial())},
      {"withdrawal", *Encode(ExampleWithdrawal())},
      {"delegation", *Encode(ExampleDelegation())},
      {"delegation-end", *Encode(ExampleDelegationEnd())},
      {"break_glass", *Encode(ExampleBreakGlass())},
      {"break_glass_review", *Encode(ExampleReview())},
      {"receipt", *Encode(ExampleReceipt())},
      {"roster", SignedStatement::Parse(SignRoster(ExampleRosterBody(), {"olga"}))->statement()},
  };
  seeds["credential"] = texts;
  seeds["statement"] = texts;
  seeds["statement"]["signed_once"] = SignedStatement::Sign(texts.at("relay"), TestKey("sam")).Format();
  seeds["statement"]["signed_twice"] = credential.identity;
  seeds["roster"]["example"] = ExampleRosterBody();
  seeds["join_token"]["example"] =
      pki::EncodeJoinToken({"orchestrator.lon.example:7400", TestDigest("ca"), credential.grant, TestKey("enrolment")});
}

}  // namespace crossdock::fuzz
