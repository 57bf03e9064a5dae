#include <sys/stat.h>

#include "cli/roster_text.h"
#include "lib/base/ed25519.h"
#include "lib/trust/roster.h"
#include "lib/yaml/parse.h"
#include "tests/unit/cli/desk.h"

namespace crossdock::cli {
namespace {

using Catch::Contains;
using Words = std::vector<std::string>;

// Olga's desk, with a roster that has two sites, an admin, an approver and a path.
class Officer : public Desk {
 public:
  Officer() {
    REQUIRE(InitOfficer().code == 0);
    sam = Key("sam.key");
    Done({"add-site", "lon", "--country", "GB", "--certification", "tpn-gold=2027-06-30"});
    Done({"add-site", "van", "--country", "CA", "--zone", "America/Vancouver"});
    Done({"add-admin", "sam", "--key", sam, "--site", "lon", "--site", "van"});
    Key("paula.key");
    paula = Register("Paula P");
    Done({"add-approver", paula});
    Done({"add-path", "proj", "northlight/", "--client", "northlight", "--project", "nl", "--classification",
          "internal"});
  }
  std::string Register(const std::string& name) {
    const Result line = Desk::Run({"key", "register", At("paula.key"), "--person", "paula", "--name", name, "--team",
                                   "production", "--organisation", "northlight", "--group", "show-production"});
    REQUIRE(line.code == 0);
    return line.out.substr(0, line.out.size() - 1);
  }
  // {"deny", KEY} runs `roster deny FILE KEY`.
  Result Edit(Words words, const std::string& typed = "") {
    words.insert(words.begin() + 1, At("roster.yaml"));
    words.insert(words.begin(), "roster");
    return Run(words, typed);
  }
  std::string Done(const Words& words) {
    const Result result = Edit(words);
    INFO(result.err);
    REQUIRE(result.code == 0);
    return result.out;
  }
  std::string Body() const { return *base::ReadFile(At("roster.yaml")); }
  trust::Roster Roster() const { return *trust::Roster::Parse(Body(), "test"); }
  // The reason of a refusal that left the file as it was.
  std::string Refused(const Words& words, int code) {
    const std::string before = Body();
    const Result result = Edit(words);
    CHECK(result.code == code);
    CHECK(Body() == before);
    const size_t bracket = result.err.rfind('[');
    return bracket == std::string::npos ? result.err
                                        : result.err.substr(bracket + 1, result.err.rfind(']') - bracket - 1);
  }

  std::string sam, paula;
};

TEST_CASE("an officer fills in a roster without an editor, and signs it", "[cli][roster]") {
  Officer olga;
  const trust::Roster roster = olga.Roster();
  CHECK(roster.number() == 6);
  REQUIRE(roster.sites().size() == 2);
  CHECK(roster.sites()[0].certifications.at(0).valid_until == "2027-06-30");
  CHECK(roster.sites()[0].zone.empty());
  CHECK(roster.sites()[1].zone == "America/Vancouver");
  REQUIRE(roster.site_admins().size() == 1);
  CHECK(roster.site_admins()[0].key.ToText() == olga.sam);
  CHECK(roster.site_admins()[0].sites == Words{"lon", "van"});
  REQUIRE(roster.approvers().size() == 1);
  CHECK(roster.approvers()[0].name == "Paula P");
  CHECK(roster.MapPath("proj", "northlight/a")->client == "northlight");
  CHECK(olga.SignRoster().code == 0);
}

TEST_CASE("each change raises the number, says what changed, and what comes next", "[cli][roster]") {
  Officer olga;
  const std::string said = olga.Done({"add-site", "ber", "--country", "DE"});
  CHECK_THAT(said, Contains("roster.yaml: number 6 → 7\n+ sites: {id: ber, country: DE, certifications: []}\n"));
  CHECK_THAT(said, Contains("next: crossdock roster sign ") && Contains("roster-7.signed"));
  CHECK_THAT(olga.Done({"remove-site", "ber"}), Contains("number 7 → 8\n- sites: {id: ber, "));
  CHECK(olga.Roster().sites().size() == 2);
}

TEST_CASE("a person's names and accounts are tied to them, once, and untied", "[cli][roster]") {
  Officer olga;
  const std::string added = olga.Done(
      {"add-person", "paula", "--name", "Paula P", "--name", "p.p", "--sign-in", "https://id.example/film#pp"});
  CHECK_THAT(added, Contains("+ people: {person: paula"));
  CHECK(olga.Roster().PersonOfSubject("user:https://id.example/film#pp") == "paula");
  CHECK(olga.Roster().FindPerson("PAULA P") == "paula");
  CHECK(olga.Refused({"add-person", "paula"}, 6) == "PERSON_EXISTS");
  CHECK(olga.Refused({"add-person", "ana", "--name", "P.P"}, 6) == "ROSTER_INVALID");
  CHECK(olga.Refused({"add-person", "ana", "--sign-in", "https://id.example/film#pp"}, 6) == "ROSTER_INVALID");
  // An approver stands under the person's own name.
  CHECK(olga.Refused({"add-person", "p.peters", "--name", "paula"}, 6) == "ROSTER_INVALID");
  olga.Done({"remove-person", "paula"});
  CHECK_FALSE(olga.Roster().FindPerson("Paula P").has_value());
  CHECK(olga.Refused({"remove-person", "paula"}, 3) == "PERSON_UNKNOWN");
}

TEST_CASE("what an approver's key register prints is what add-approver takes, whatever the name", "[cli][roster]") {
  Officer olga;
  for (const std::string name : {"Paula \"P\" O'Neil", "null", "Zoë: {x}, [y] # z", "100", "yes", "\\"}) {
    olga.Done({"remove-approver", "paula"});
    const std::string line = olga.Register(name);
    INFO(line);
    REQUIRE(olga.Edit({"add-approver", "-"}, line + "\n").code == 0);
    CHECK(olga.Roster().approvers().at(0).name == name);
    CHECK_THAT(olga.Body(), Contains("  - " + line + "\n"));
  }
  const Result no_id = olga.Run({"key", "register", olga.At("paula.key"), "--person", "paula p", "--name", "P",
                                 "--team", "t", "--organisation", "o"});
  CHECK(no_id.code == 6);
  CHECK(no_id.out.empty());
}

TEST_CASE("what conflicts with the roster is refused with its reason, and the file stays", "[cli][roster]") {
  Officer olga;
  const std::string other = olga.Key("other.key");
  CHECK(olga.Refused({"add-site", "lon", "--country", "GB"}, 6) == "SITE_EXISTS");
  CHECK(olga.Refused({"remove-site", "lon"}, 6) == "SITE_IN_USE");
  CHECK(olga.Refused({"remove-site", "ber"}, 3) == "SITE_UNKNOWN");
  CHECK(olga.Refused({"add-admin", "sam", "--key", other, "--site", "lon"}, 6) == "SITE_ADMIN_EXISTS");
  CHECK(olga.Refused({"add-admin", "tom", "--key", olga.sam, "--site", "lon"}, 6) == "KEY_EXISTS");
  CHECK(olga.Refused({"add-admin", "tom", "--key", other, "--site", "ber"}, 3) == "SITE_UNKNOWN");
  CHECK(olga.Refused({"remove-admin", "tom"}, 3) == "SITE_ADMIN_UNKNOWN");
  CHECK(olga.Refused({"add-approver", olga.paula}, 6) == "APPROVER_EXISTS");
  CHECK(olga.Refused(
            {"add-approver", "{person: raj, team: t, organisation: o, groups: [], keys: [\"" + olga.sam + "\"]}"}, 6) ==
        "KEY_EXISTS");
  CHECK(olga.Refused({"remove-approver", "raj"}, 3) == "APPROVER_UNKNOWN");
  CHECK(olga.Refused(
            {"add-path", "proj", "northlight/", "--client", "c", "--project", "p", "--classification", "internal"},
            6) == "PATH_EXISTS");
  CHECK(olga.Refused({"remove-path", "proj", "else/"}, 3) == "PATH_UNKNOWN");
  CHECK(olga.Refused({"remove-denied", std::string(64, 'a')}, 3) == "KEY_NOT_DENIED");
}

TEST_CASE("what roster check would refuse is not written", "[cli][roster]") {
  Officer olga;
  CHECK(olga.Refused({"add-site", "ber", "--country", "Germany"}, 6) == "ROSTER_INVALID");
  CHECK(olga.Refused({"deny", "not-a-key"}, 6) == "ROSTER_INVALID");
  CHECK(olga.Refused({"end-admin", "sam", "--until", "tomorrow"}, 6) == "ROSTER_INVALID");
  CHECK(olga.Refused({"add-path", "proj", "/abs/", "--client", "c", "--project", "p", "--classification", "public"},
                     6) == "ROSTER_INVALID");
  CHECK(olga.Refused({"add-approver", "{person: raj, teem: t}"}, 6) == "YAML_INVALID");
}

TEST_CASE("a key that was denied is denied by its id, and does not come back", "[cli][roster]") {
  Officer olga;
  olga.Done({"deny", olga.sam});
  const std::string id = base::KeyId(*base::PublicKey::FromText(olga.sam));
  CHECK(olga.Roster().denied() == std::set<std::string>{id});
  CHECK(olga.Refused({"deny", id}, 6) == "KEY_DENIED_ALREADY");
  olga.Done({"remove-admin", "sam"});
  CHECK(olga.Refused({"add-admin", "sam", "--key", olga.sam, "--site", "lon"}, 6) == "KEY_DENIED");
  olga.Done({"remove-denied", olga.sam});
  CHECK(olga.Roster().denied().empty());
}

TEST_CASE("officers cannot lock themselves out by a denial", "[cli][roster]") {
  Officer olga;
  const std::string key = olga.Roster().officers().at(0).key.ToText();
  CHECK(olga.Refused({"deny", key}, 6) == "THRESHOLD_UNREACHABLE");
}

TEST_CASE("officers come and go, and those before and after are told to sign", "[cli][roster]") {
  Officer olga;
  CHECK(olga.Refused({"threshold", "2"}, 6) == "THRESHOLD_UNREACHABLE");
  CHECK(olga.Refused({"threshold", "1"}, 6) == "THRESHOLD_EXISTS");
  CHECK(olga.Refused({"remove-officer", "olga"}, 6) == "THRESHOLD_UNREACHABLE");
  CHECK(olga.Refused({"remove-officer", "pete"}, 3) == "OFFICER_UNKNOWN");
  CHECK(olga.Refused({"add-officer", "pete", "--key", olga.sam}, 6) == "KEY_EXISTS");
  const std::string held = olga.At("held.yaml");
  REQUIRE(base::WriteFileAtomic(held, olga.Body()).ok());
  CHECK_THAT(olga.Done({"add-officer", "pete", "--key", olga.Key("pete.key")}),
             Contains("the officers change: 1 of those before must sign, and 1 of those now\n"));
  CHECK(olga.Refused({"add-officer", "pete", "--key", olga.Key("other.key")}, 6) == "OFFICER_EXISTS");
  CHECK_THAT(olga.Done({"threshold", "2"}), Contains("and 2 of those now\n"));
  CHECK_THAT(olga.Done({"extend", "--days", "30"}), !Contains("the officers change"));

  const auto sign = [&](const std::string& key) {
    return olga.Run({"roster", "sign", olga.At("roster.yaml"), "--sign-with", olga.At(key), "--out",
                     olga.At("next.signed"), "--held", held});
  };
  const Result first = sign("pete.key");
  CHECK(first.code == 0);
  CHECK_THAT(first.out, Contains("1 of 2 signatures\nnot enough yet: ") && !Contains("roster set"));
  CHECK_THAT(sign("olga.key").out, Contains("2 of 2 signatures\nnext: crossdock roster set "));
  CHECK(olga.Refused({"remove-officer", "olga"}, 6) == "THRESHOLD_UNREACHABLE");
  olga.Done({"threshold", "1"});
  olga.Done({"remove-officer", "olga"});
  CHECK(olga.Roster().officers().size() == 1);
}

TEST_CASE("an admin gets one more site by the same command and the same key", "[cli][roster]") {
  Officer olga;
  olga.Done({"add-site", "ber", "--country", "DE"});
  olga.Done({"add-admin", "sam", "--key", olga.sam, "--site", "ber"});
  REQUIRE(olga.Roster().site_admins().size() == 1);
  CHECK(olga.Roster().site_admins()[0].sites == Words{"lon", "van", "ber"});
  CHECK(olga.Refused({"add-admin", "sam", "--key", olga.sam, "--site", "ber"}, 6) == "SITE_ADMIN_EXISTS");
}

TEST_CASE("an admin who leaves signs no more, and whom they admitted stays", "[cli][roster]") {
  Officer olga;
  olga.Done({"end-admin", "sam", "--until", "2027-01-31T00:00:00Z"});
  REQUIRE(olga.Roster().site_admins().at(0).until.has_value());
  CHECK_THAT(olga.Done({"end-admin", "sam", "--until", "2027-02-28T00:00:00Z"}),
             Contains("- site_admins: sam: until: \"2027-01-31T00:00:00Z\"\n"
                      "+ site_admins: sam: until: \"2027-02-28T00:00:00Z\"\n"));
}

TEST_CASE("comments are lost, and counted; everything else is read back as it was", "[cli][roster]") {
  Officer olga;
  const std::string body = olga.Body() + "# the end\n";
  REQUIRE(base::WriteFileAtomic(olga.At("roster.yaml"), "# ours\n" + body, 0640).ok());
  CHECK_THAT(olga.Done({"extend", "--days", "30"}), Contains("comments lost: 2\n"));
  struct stat info {};
  REQUIRE(::stat(olga.At("roster.yaml").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  const trust::Roster roster = olga.Roster();
  CHECK(roster.sites().size() == 2);
  CHECK(roster.approvers().at(0).groups == Words{"show-production"});
  CHECK(CountComments("a: \"# none\" # one\nb: '#'\nc: x#y\n#two") == 2);
}

TEST_CASE("a roster that is broken already is not touched", "[cli][roster]") {
  Officer olga;
  REQUIRE(base::WriteFileAtomic(olga.At("roster.yaml"), olga.Body() + "surprise: 1\n").ok());
  CHECK(olga.Refused({"add-site", "ber", "--country", "DE"}, 6) == "YAML_INVALID");
}

}  // namespace
}  // namespace crossdock::cli
