// One roster, its officers' signature, and the credentials of two agents: what most tests of trust and clearance need.
#pragma once

#include <array>
#include <string>

#include "lib/trust/roster.h"
#include "lib/trust/signed_statement.h"
#include "tests/unit/trust/examples.h"

namespace crossdock::trust {

inline std::string KeyText(std::string_view holder) { return TestKey(holder).Public().ToText(); }

inline std::string ExampleRosterBody() {
  return base::StrCat(
      "schema: crossdock/roster/v1\nnumber: 7\nexpires: \"2027-11-20T00:00:00Z\"\n",
      "trust_domain: demo.studio\nthreshold: 1\nofficers: [{name: olga, key: \"", KeyText("olga"),
      "\"}]\nsite_admins: [{name: sam, key: \"", KeyText("sam"), "\", sites: [lon, van]}]\n",
      "sites:\n  - {id: lon, country: GB, certifications: [{id: tpn-gold, valid_until: \"2027-06-30\"}]}\n",
      "  - {id: van, country: CA, certifications: [{id: tpn-gold, valid_until: \"2027-06-30\"}]}\n",
      "approvers:\n  - {person: paula, name: \"Paula P\", team: production, organisation: northlight, ",
      "groups: [show-production], keys: [\"", KeyText("paula"), "\"]}\n",
      "  - {person: raj, team: security, organisation: studio, groups: [content-security], keys: [\"", KeyText("raj"),
      "\"]}\n",
      "paths:\n  - {volume: proj, prefix: \"northlight/\", client: northlight, project: nl, "
      "classification: internal}\n",
      "  - {volume: proj, prefix: \"northlight/ep08/\", client: northlight, project: nl, "
      "classification: secret}\n",
      "  - {volume: proj, prefix: \"shared/\", client: studio, project: lib, classification: public}\n",
      "  - {volume: proj, prefix: \"shared/other/\", client: otherclient, project: oc, classification: "
      "internal}\ndenied: []\n");
}

inline std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? "nothing to replace" : text.replace(at, from.size(), to);
}

// A signed statement over `body`, which must be a valid roster.
inline std::string SignRoster(const std::string& body, std::initializer_list<std::string_view> officers,
                              std::string_view issued = "2026-11-20T10:00:00Z") {
  const Roster roster = *Roster::Parse(body, "test");
  std::vector<base::PrivateKey> keys;
  for (const std::string_view officer : officers) keys.push_back(TestKey(officer));
  const RosterStatement statement{roster.number(), At(issued), roster.expires(), roster.body_sha256()};
  return SignedStatement::Sign(*Encode(statement), keys).Format();
}

inline Roster ExampleRoster() { return *Roster::Parse(ExampleRosterBody(), "test"); }

struct Credential {
  std::string grant;
  std::string identity;
};

inline Credential SignCredential(JoinGrant grant, AgentIdentity identity, std::string_view admin = "sam",
                                 std::string_view agent = "lon-1") {
  grant.enrolment_key = TestKey("enrolment").Public();
  const std::string grant_text = SignedStatement::Sign(*Encode(grant), TestKey(admin)).Format();
  identity.grant_sha256 = base::ToHex(base::Sha256(grant_text));
  const std::array keys{TestKey("enrolment"), TestKey(agent)};
  return {grant_text, SignedStatement::Sign(*Encode(identity), keys).Format()};
}

}  // namespace crossdock::trust
