#include "lib/trust/roster.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/trust/reasons.h"
#include "lib/trust/verify_roster.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::trust {
namespace {

const base::Instant kNow = At("2026-11-20T10:30:00Z");

std::string ReasonOfBody(std::string_view from, std::string_view to) {
  return base::ReasonOf(Roster::Parse(Replaced(ExampleRosterBody(), from, to), "roster.yaml").status());
}

TEST_CASE("a roster says who belongs where") {
  const Roster roster = ExampleRoster();
  CHECK(roster.number() == 7);
  CHECK(roster.FindSite("lon")->country == "GB");
  CHECK(roster.FindSite("xxx") == nullptr);
  CHECK(roster.FindApproverKey(base::KeyId(TestKey("paula").Public()))->approver->team == "production");
  CHECK_FALSE(roster.FindApproverKey(base::KeyId(TestKey("sam").Public())).has_value());
  CHECK(roster.FindSiteAdmin("sam", "van", kNow).ok());
  CHECK(base::ReasonOf(roster.FindSiteAdmin("olga", "van", kNow).status()) == kSiteAdminUnknown);
  CHECK(base::ReasonOf(roster.FindSiteAdmin("sam", "mtl", kNow).status()) == kSiteUnknown);
}

TEST_CASE("a certification holds to the end of its last day") {
  const Roster roster = ExampleRoster();
  CHECK(roster.FindSite("lon")->CertificationsAt(At("2027-06-30T23:59:59Z")) == std::vector<std::string>{"tpn-gold"});
  CHECK(roster.FindSite("lon")->CertificationsAt(At("2027-07-01T00:00:00Z")).empty());
}

TEST_CASE("a roster that breaks a rule is refused with its place") {
  CHECK(ReasonOfBody("country: GB", "country: gb") == kRosterInvalid);
  CHECK(ReasonOfBody("country: GB", "country: GB, zone: +01:00") == kRosterInvalid);
  CHECK(ReasonOfBody("country: GB", "country: GB, zone: London") == kRosterInvalid);
  CHECK(ReasonOfBody("threshold: 1", "threshold: 2") == kRosterInvalid);
  CHECK(ReasonOfBody("sites: [lon, van]", "sites: [lon, mtl]") == kRosterInvalid);
  CHECK(ReasonOfBody("id: van", "id: lon") == kRosterInvalid);
  CHECK(ReasonOfBody("prefix: \"northlight/\"", "prefix: northlight") == kRosterInvalid);
  CHECK(ReasonOfBody("prefix: \"northlight/\"", "prefix: \"a/../\"") == kRosterInvalid);
  CHECK(ReasonOfBody("prefix: \"northlight/ep08/\"", "prefix: \"northlight/\"") == kRosterInvalid);
  CHECK(ReasonOfBody("2027-06-30", "2027-02-30") == kRosterInvalid);
  CHECK(ReasonOfBody("2027-11-20T00:00:00Z", "2027-11-20T00:00:00+02:00") == kRosterInvalid);
  CHECK(ReasonOfBody("denied: []", "denied: [abc]") == kRosterInvalid);
  CHECK(ReasonOfBody("trust_domain: demo.studio", "trust_domain: \"demo/studio\"") == kRosterInvalid);
  CHECK_FALSE(Roster::Parse(Replaced(ExampleRosterBody(), "denied:", "dennied:"), "r").ok());
  CHECK_FALSE(Roster::Parse(Replaced(ExampleRosterBody(), "classification: secret", "classification: top"), "r").ok());
}

TEST_CASE("a key has one holder and one role, so that nobody counts twice") {
  CHECK(ReasonOfBody(KeyText("raj"), KeyText("paula")) == kRosterInvalid);
  CHECK(ReasonOfBody(KeyText("raj"), KeyText("olga")) == kRosterInvalid);
  CHECK(ReasonOfBody("person: raj", "person: paula") == kRosterInvalid);
}

// The example with these people in it.
absl::StatusOr<Roster> WithPeople(std::string_view people) {
  return Roster::Parse(base::StrCat(ExampleRosterBody(), "people: [", people, "]\n"), "roster.yaml");
}

TEST_CASE("T-23: one person is one, as officer, in a certificate, by two accounts and in the asset database") {
  const auto roster = WithPeople(
      "{person: paula, names: [Paula P, paula-laptop, OLGA], sign_in: [{issuer: \"https://id.example\", user: pp}, "
      "{issuer: \"https://other.example\", user: paula}]}, {person: ana}");
  INFO(roster.status().ToString());
  REQUIRE(roster.ok());
  for (const char* subject : {"user:paula", "user:PAULA", "user:paula-laptop", "user:olga",
                              "user:https://id.example#pp", "user:https://other.example#paula"}) {
    INFO(subject);
    CHECK(roster->PersonOfSubject(subject) == "paula");
  }
  CHECK(roster->FindPerson("paula p") == "paula");
  CHECK(roster->PersonOfSubject("user:ana") == "ana");
  CHECK(roster->PersonOfSubject("user:raj") == "raj");  // an approver
  CHECK(roster->PersonOfSubject("user:sam") == "sam");  // a site admin
}

TEST_CASE("T-23: an account that no officer has tied to a person is nobody's, whatever it is called") {
  const auto roster = WithPeople("{person: ana, sign_in: [{issuer: \"https://id.example\", user: ana}]}");
  REQUIRE(roster.ok());
  CHECK(roster->PersonOfSubject("user:https://id.example#ana") == "ana");
  for (const char* subject :
       {"user:https://id.example#paula", "user:https://id.example#Ana", "user:https://other.example#ana",
        "user:mallory", "token:ana", "agent:lon/ana", "ana", ""}) {
    INFO(subject);
    CHECK_FALSE(roster->PersonOfSubject(subject).has_value());
  }
}

TEST_CASE("T-23: a roster in which somebody would count as two is refused") {
  const auto reason = [](std::string_view people) { return base::ReasonOf(WithPeople(people).status()); };
  CHECK(reason("{person: ana, names: [a.k]}, {person: ben, names: [A.K]}") == kRosterInvalid);
  CHECK(reason("{person: ana}, {person: Ana}") == kRosterInvalid);
  CHECK(reason("{person: ana, names: [ben]}, {person: ben}") == kRosterInvalid);
  const std::string account = "sign_in: [{issuer: \"https://id.example\", user: ana}]}";
  CHECK(reason("{person: ana, " + account + ", {person: ben, " + account) == kRosterInvalid);
  CHECK(reason("{person: ana, sign_in: [{issuer: \"http://id.example\", user: ana}]}") == kRosterInvalid);
  CHECK(reason("{person: ana, sign_in: [{issuer: \"https://id.example#x\", user: ana}]}") == kRosterInvalid);
  // Two approvers who are one; an approver who stands under another name than the person's.
  CHECK(reason("{person: paula, names: [raj]}") == kRosterInvalid);
  CHECK(reason("{person: p.peters, names: [paula]}") == kRosterInvalid);
  const std::string two = Replaced(ExampleRosterBody(), "officers: [",
                                   base::StrCat("officers: [{name: pete, key: \"", KeyText("pete"), "\"}, "));
  CHECK(Roster::Parse(two, "r").ok());
  CHECK(base::ReasonOf(Roster::Parse(two + "people: [{person: olga, names: [pete]}]\n", "r").status()) ==
        kRosterInvalid);
}

TEST_CASE("the longest prefix of the path map says whose a path is") {
  const Roster roster = ExampleRoster();
  CHECK(roster.MapPath("proj", "northlight/ep07/shot")->classification == "internal");
  CHECK(roster.MapPath("proj", "northlight/ep08/shot")->classification == "secret");
  CHECK(roster.MapPath("proj", "northlight/ep08")->classification == "secret");
  CHECK(roster.MapPath("proj", "shared/lut")->client == "studio");
  for (const std::string_view path : {"northlight2/x", "northligh", "", "/northlight/x", "northlight/../x",
                                      "northlight//x", "northlight/./x", "northlight/"}) {
    INFO(path);
    CHECK(base::ReasonOf(roster.MapPath("proj", path).status()) == kPathNotMapped);
  }
  CHECK(base::ReasonOf(roster.MapPath("other", "northlight/x").status()) == kPathNotMapped);
}

TEST_CASE("a directory is as confidential as the strictest rule below it, and never two clients'") {
  const Roster roster = ExampleRoster();
  CHECK(roster.MapPath("proj", "northlight")->classification == "secret");
  CHECK(base::ReasonOf(roster.MapPath("proj", "shared").status()) == kPathSpansClients);
}

TEST_CASE("a newcomer believes the roster whose officers it pinned") {
  const std::string body = ExampleRosterBody();
  const std::string root = ExampleRoster().Root();
  const auto verify = [&](const std::string& b, const std::string& statement, std::string_view pinned) {
    return base::ReasonOf(VerifyRoster(b, statement, {nullptr, pinned}, kNow).status());
  };
  CHECK(VerifyRoster(body, SignRoster(body, {"olga"}), {nullptr, root}, kNow).ok());
  CHECK(verify(body, SignRoster(body, {"olga"}), TestDigest("x")) == kRosterRootMismatch);
  CHECK(verify(body, SignRoster(body, {"sam"}), root) == kRosterUnsigned);
  CHECK(verify(body + "\n", SignRoster(body, {"olga"}), root) == kRosterBodyChanged);
  CHECK(verify(body, SignRoster(body, {"olga"}, "2026-11-20T10:31:00Z"), root) == kTimeInFuture);
  CHECK(base::ReasonOf(
            VerifyRoster(body, SignRoster(body, {"olga"}), {nullptr, root}, At("2027-11-20T00:00:00Z")).status()) ==
        kRosterExpired);
  const std::string eve = Replaced(body, KeyText("olga"), KeyText("eve"));
  CHECK(verify(eve, SignRoster(eve, {"eve"}), root) == kRosterRootMismatch);
}

TEST_CASE("the root changes with the officers and the threshold alone") {
  const std::string body = ExampleRosterBody();
  CHECK(Roster::Parse(Replaced(body, "country: GB", "country: FR"), "r")->Root() == ExampleRoster().Root());
  CHECK(Roster::Parse(Replaced(body, KeyText("olga"), KeyText("eve")), "r")->Root() != ExampleRoster().Root());
}

TEST_CASE("a roster's number only goes up, and one number has one body") {
  const Roster held = ExampleRoster();
  const auto verify = [&](const std::string& body) {
    return base::ReasonOf(VerifyRoster(body, SignRoster(body, {"olga"}), {&held, ""}, kNow).status());
  };
  const std::string body = ExampleRosterBody();
  CHECK(verify(body).empty());
  CHECK(verify(Replaced(body, "number: 7", "number: 8")).empty());
  CHECK(verify(Replaced(body, "number: 7", "number: 6")) == kRosterTooOld);
  CHECK(verify(Replaced(body, "country: GB", "country: FR")) == kRosterForked);
}

TEST_CASE("the officers held now and the new ones must both sign a change of officers") {
  const Roster held = ExampleRoster();
  const std::string body =
      Replaced(Replaced(ExampleRosterBody(), KeyText("olga"), KeyText("omar")), "number: 7", "number: 8");
  const auto verify = [&](std::initializer_list<std::string_view> signers) {
    return base::ReasonOf(VerifyRoster(body, SignRoster(body, signers), {&held, ""}, kNow).status());
  };
  CHECK(verify({"olga", "omar"}).empty());
  CHECK(verify({"omar"}) == kRosterUnsigned);
  CHECK(verify({"olga"}) == kRosterUnsigned);
}

TEST_CASE("a denied officer's signature does not count") {
  const std::string denied = base::StrCat("denied: [\"", base::KeyId(TestKey("olga").Public()), "\"]");
  const std::string body = Replaced(ExampleRosterBody(), "denied: []", denied);
  const Roster held = *Roster::Parse(body, "held");
  const std::string next = Replaced(ExampleRosterBody(), "number: 7", "number: 8");
  CHECK(base::ReasonOf(VerifyRoster(next, SignRoster(next, {"olga"}), {&held, ""}, kNow).status()) == kRosterUnsigned);
}

TEST_CASE("a policy is in force when an officer activated exactly it") {
  const Roster roster = ExampleRoster();
  const PolicyActivation example = ExampleActivation();
  const auto verify = [&](const PolicyActivation& activation, std::string_view signer,
                          const std::optional<Seen>& seen = std::nullopt) {
    const std::string text = SignedStatement::Sign(*Encode(activation), TestKey(signer)).Format();
    return base::ReasonOf(
        VerifyPolicyActivation(text, roster, "northlight", TestDigest("policy"), seen, kNow).status());
  };
  CHECK(verify(example, "olga").empty());
  CHECK(verify(example, "sam") == kSignatureInvalid);
  CHECK(verify(example, "olga", Seen{4, TestDigest("later")}) == kPolicyTooOld);
  CHECK(verify(example, "olga", Seen{3, TestDigest("twin")}) == kPolicyForked);
  CHECK(verify(example, "olga", Seen{3, TestDigest("policy")}).empty());
  PolicyActivation changed = example;
  changed.officer = "sam";
  CHECK(verify(changed, "sam") == kOfficerUnknown);
  changed = example;
  changed.client = "otherclient";
  CHECK(verify(changed, "olga") == kPolicyNotActive);
  changed = example;
  changed.digest = TestDigest("weaker");
  CHECK(verify(changed, "olga") == kPolicyNotActive);
  changed = example;
  changed.activated = kNow + std::chrono::seconds(31);
  CHECK(verify(changed, "olga") == kTimeInFuture);
}

}  // namespace
}  // namespace crossdock::trust
