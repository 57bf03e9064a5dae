#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "catch2/catch.hpp"
#include "lib/base/strings.h"
#include "tests/unit/cli/desk.h"

namespace crossdock::cli {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

TEST_CASE("an officer's first roster reads back and takes the officer's signature", "[cli]") {
  Desk desk;
  REQUIRE(desk.InitOfficer().code == 0);
  CHECK(ModeOf(desk.At("olga.key")) == 0600);
  CHECK(desk.Run({"roster", "check", desk.At("roster.yaml")}).code == 0);
  const Result signed_roster = desk.SignRoster();
  INFO(signed_roster.err);
  CHECK(signed_roster.code == 0);
  CHECK(signed_roster.out.find("1 of 1 signatures") != std::string::npos);
}

TEST_CASE("a key is never overwritten", "[cli]") {
  Desk desk;
  REQUIRE(desk.InitOfficer().code == 0);
  const std::string before = *base::ReadFile(desk.At("olga.key"));
  CHECK(desk.InitOfficer().code == 6);
  CHECK(desk.Run({"key", "create", desk.At("olga.key")}).code == 6);
  CHECK(*base::ReadFile(desk.At("olga.key")) == before);
}

TEST_CASE("a key that others may read signs nothing", "[cli]") {
  Desk desk;
  REQUIRE(desk.InitOfficer().code == 0);
  REQUIRE(::chmod(desk.At("olga.key").c_str(), 0644) == 0);
  const Result refused = desk.SignRoster();
  CHECK(refused.code == 6);
  CHECK(refused.err.find("KEY_FILE_OPEN") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(desk.At("roster.signed")));
}

TEST_CASE("a signature is not added to the statement of another roster", "[cli]") {
  Desk desk;
  REQUIRE(desk.InitOfficer().code == 0);
  REQUIRE(desk.SignRoster().code == 0);
  const std::string body = *base::ReadFile(desk.At("roster.yaml"));
  REQUIRE(base::WriteFileAtomic(desk.At("roster.yaml"), body + "# changed\n").ok());
  const Result refused = desk.SignRoster();
  CHECK(refused.code == 6);
  CHECK(refused.err.find("signs another body") != std::string::npos);
}

TEST_CASE("the CA issues a person's certificate, and not for what is no name", "[cli]") {
  Desk desk;
  REQUIRE(desk.InitCa().code == 0);
  const auto issue = [&](const std::string& name) {
    return desk.Run({"ca", "issue-user", name, "--ca-key", desk.At("ca.key"), "--ca-cert", desk.At("ca.pem"),
                     "--trust-domain", "demo.studio", "--out-key", desk.At("user.key"), "--out-cert",
                     desk.At("user.pem")});
  };
  CHECK(issue("Olga/../x").code == 6);
  CHECK_FALSE(std::filesystem::exists(desk.At("user.key")));
  const Result issued = issue("olga");
  CHECK(issued.code == 0);
  CHECK(issued.out == "spiffe://demo.studio/user/olga\n");
  CHECK(ModeOf(desk.At("user.key")) == 0600);
}

TEST_CASE("a wrong command line, a missing file and a policy of a case that it denies have their exit codes", "[cli]") {
  Desk desk;
  const std::string policy = std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/config/policy.example.yaml";
  CHECK(desk.Run({"roster", "sign"}).code == 2);
  CHECK(desk.Run({"nonsense"}).code == 2);
  CHECK_THAT(desk.Run({"nonsense"}).err, Catch::Contains("no command 'nonsense'"));
  CHECK_THAT(desk.Run({"transfer", "nonsense"}).err, Catch::Contains("no command 'transfer nonsense'"));
  CHECK(desk.Run({"policy", "--help"}).code == 0);
  const Result version = desk.Run({"--version"});
  CHECK(version.code == 0);
  CHECK(version.out.find("crossdock ") == 0);
  CHECK(desk.Run({"policy", "render", desk.At("absent.yaml")}).code == 3);
  CHECK(desk.Run({"policy", "test", policy}).code == 0);
  CHECK(desk.Run({"policy", "explain", policy}).code == 1);
}

TEST_CASE("the example of the command's configuration is read, and a key that it does not know is refused", "[cli]") {
  Desk desk;
  REQUIRE(desk.InitCa().code == 0);
  REQUIRE(base::WriteFileAtomic(desk.At("token"), "cdt\n", 0600).ok());
  const std::string example = *base::ReadFile(std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/config/cli.example.yaml");
  REQUIRE(base::WriteFileAtomic(desk.At("cli.yaml"), example).ok());
  REQUIRE(::setenv("CROSSDOCK_CONFIG", desk.At("cli.yaml").c_str(), 1) == 0);
  const Result away = desk.Run({"site", "list", "--server", "127.0.0.1:1", "--timeout", "1"});
  INFO(away.err);
  CHECK(away.code == 5);  // read, and nobody is there
  REQUIRE(base::WriteFileAtomic(desk.At("cli.yaml"), example + "pasword: x\n").ok());
  const Result refused = desk.Run({"site", "list", "--server", "127.0.0.1:1", "--timeout", "1"});
  ::unsetenv("CROSSDOCK_CONFIG");
  CHECK(refused.code == 6);
  CHECK(refused.err.find("pasword") != std::string::npos);
}

TEST_CASE("two versions of a policy: the same, different, and too different to say everything", "[cli]") {
  Desk desk;
  const std::string head =
      "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
      "valid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n";
  const auto write = [&](const std::string& name, const std::string& rules) {
    REQUIRE(base::WriteFileAtomic(desk.At(name), head + rules).ok());
    return desk.At(name);
  };
  const std::string allow = "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n";
  const std::string old_one = write("old.yaml", allow);
  const std::string new_one =
      write("new.yaml", allow + "  - {id: F, effect: forbid, reason: r, when: {asset.tags: {has: x}}}\n");
  CHECK(desk.Run({"policy", "diff", old_one, old_one}).out == "no difference\n");
  const auto differs = desk.Run({"policy", "diff", old_one, new_one});
  CHECK(differs.code == 1);
  CHECK(differs.err.empty());
  CHECK(differs.out.find("stronger: the asset is tagged x\n  it was allowed and is denied; before A, now A, F") == 0);
  CHECK(differs.out.find("newly asked for: asset.tags") != std::string::npos);

  std::string all;
  for (int i = 0; i < 15; ++i) {
    // Every set of tags asks for other people: more regions than anybody can read.
    const std::string tag = std::to_string(i);
    all += "  - {id: T" + tag + ", effect: require, when: {asset.tags: {has: t" + tag +
           "}}, require: {approvals: {all_of: [{id: q" + tag + ", count: 1, from: [group:g" + tag + "]}]}}}\n";
  }
  const std::string one = write(
      "one.yaml",
      "  - {id: A, effect: allow, when: {}, require: {approvals: {all_of: [{id: z, count: 1, from: [group:z]}]}}}\n");
  const auto too_much = desk.Run({"policy", "diff", one, write("all.yaml", allow + all)});
  CHECK(too_much.code == 3);
  CHECK(too_much.err.empty());
  CHECK(too_much.out.find("INCOMPLETE") != std::string::npos);
}

}  // namespace
}  // namespace crossdock::cli
