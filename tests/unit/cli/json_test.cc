// Every verb of the command tree under --json: one document on standard output, or one error on standard error.
#include <map>
#include <set>

#include "lib/base/strings.h"
#include "tests/unit/cli/desk.h"

namespace crossdock::cli {
namespace {

using Words = std::vector<std::string>;

constexpr char kSpki[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

// "roster sign" of every verb that there is.
std::vector<std::string> VerbsOf(const CLI::App& app, const std::string& before = "") {
  std::vector<std::string> verbs;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = before + command->get_name();
    const std::vector<std::string> below = VerbsOf(*command, name + " ");
    verbs.insert(verbs.end(), below.begin(), below.end());
    if (below.empty()) verbs.push_back(name);
  }
  return verbs;
}

std::vector<std::string> AllVerbs() {
  std::istringstream in;
  std::ostringstream out, err;
  const base::SystemClock clock;
  base::SystemRandom random;
  Context context{in, out, err, clock, random, false, {}, {}};
  CLI::App app;
  AddNouns(app, context);
  return VerbsOf(app);
}

// In an order in which each finds what the earlier ones left.
std::vector<std::pair<std::string, Words>> OfflineRuns(const Desk& desk) {
  const std::string roster = desk.At("roster.yaml"), policy = desk.At("policy.yaml");
  const Words ca{"--ca-key", desk.At("ca.key"), "--ca-cert", desk.At("ca.pem"), "--trust-domain", "demo.studio"};
  const auto with = [](Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const auto pair = [&](const std::string& name) {
    return with({name, "--out-key", desk.At(name + ".tls.key"), "--out-cert", desk.At(name + ".pem")}, ca);
  };
  const std::string key = "ed25519:" + std::string(64, '1'), other = "ed25519:" + std::string(64, '2');
  const std::string line = "{person: raj, team: sec, organisation: studio, groups: [], keys: [\"" + other + "\"]}";
  return {
      {"officer init",
       {"olga", "--key-file", desk.At("olga.key"), "--roster", roster, "--trust-domain", "demo.studio"}},
      {"key create", {desk.At("paula.key")}},
      {"key show", {desk.At("paula.key")}},
      {"key register",
       {desk.At("paula.key"), "--person", "paula", "--name", "P", "--team", "t", "--organisation", "o"}},
      {"ca init", ca},
      {"ca issue-user", pair("paula")},
      {"ca issue-orchestrator", pair("orch-1")},
      {"roster add-site", {roster, "lon", "--country", "GB"}},
      {"roster add-admin", {roster, "sam", "--key", key, "--site", "lon"}},
      {"roster add-approver", {roster, line}},
      {"roster add-path", {roster, "proj", "n/", "--client", "n", "--project", "nl", "--classification", "internal"}},
      {"roster add-person", {roster, "ana", "--name", "Ana K", "--sign-in", "https://id.example#ana"}},
      {"roster remove-person", {roster, "ana"}},
      {"roster add-officer", {roster, "pete", "--key", "ed25519:" + std::string(64, '3')}},
      {"roster threshold", {roster, "2"}},
      {"roster threshold", {roster, "1"}},
      {"roster remove-officer", {roster, "pete"}},
      {"roster deny", {roster, kSpki}},
      {"roster remove-denied", {roster, kSpki}},
      {"roster extend", {roster}},
      {"roster end-admin", {roster, "sam"}},
      {"roster check", {roster}},
      {"roster sign", {roster, "--sign-with", desk.At("olga.key"), "--out", desk.At("roster.signed")}},
      {"agent grant",
       {"--site", "lon", "--site-admin", "sam", "--sign-with", desk.At("paula.key"), "--roster", roster,
        "--orchestrator", "h:1", "--ca-cert", desk.At("ca.pem"), "--out", desk.At("token")}},
      {"relay statement",
       {"lon-r1", "--site", "lon", "--spki", kSpki, "--lan", "10.0.0.1:1", "--wan", "10.0.0.1:2", "--site-admin", "sam",
        "--sign-with", desk.At("paula.key"), "--out", desk.At("relay.signed")}},
      {"relay bundle",
       {"--ticket-key", key, "--number", "1", "--sign-with", desk.At("paula.key"), "--out", desk.At("keys.signed")}},
      {"roster remove-path", {roster, "proj", "n/"}},
      {"roster remove-approver", {roster, "raj"}},
      {"roster remove-admin", {roster, "sam"}},
      {"roster remove-site", {roster, "lon"}},
      {"policy lint", {policy}},
      {"policy test", {policy}},
      {"policy render", {policy}},
      {"policy explain", {policy}},
      {"policy diff", {policy, policy}},
      {"policy sign",
       {policy, "--number", "1", "--officer", "olga", "--sign-with", desk.At("olga.key"), "--out",
        desk.At("p.signed")}},
      {"mhl create", {desk.At("roll")}},
      {"mhl verify", {desk.At("roll")}},
      {"mhl info", {desk.At("roll")}},
  };
}

// Those that need an orchestrator, with the least that they take.
const std::map<std::string, Words> kOnline{
    {"transfer list", {}},
    {"transfer show", {"t-1"}},
    {"transfer explain", {"t-1"}},
    {"transfer watch", {}},
    {"transfer cancel", {"t-1", "--reason", "r"}},
    {"transfer pause", {"t-1", "--reason", "r"}},
    {"transfer resume", {"t-1"}},
    {"transfer retry", {"t-1"}},
    {"transfer create",
     {"--project", "p", "--client", "c", "--from", "a", "--to", "b", "--volume", "v", "--path", "x", "--purpose", "u"}},
    {"approval list", {}},
    {"approval show", {"t-1"}},
    {"approval approve", {"t-1", "--sign-with", "absent", "--approver", "paula"}},
    {"approval deny", {"t-1", "--sign-with", "absent", "--approver", "paula"}},
    {"approval given", {"t-1"}},
    {"approval delegate",
     {"--to", "dave", "--until", "2030-01-01", "--sign-with", "absent", "--approver", "paula", "--yes"}},
    {"approval end-delegation", {"--to", "dave", "--sign-with", "absent", "--approver", "paula", "--yes"}},
    {"approval delegations", {}},
    {"approval withdraw", {"t-1", "--sign-with", "absent", "--approver", "paula", "--yes"}},
    {"break-glass show", {"t-1"}},
    {"break-glass ask", {"t-1", "--with", "raj", "--reason", "r", "--sign-with", "absent", "--approver", "paula"}},
    {"break-glass sign", {"t-1", "--sign-with", "absent", "--approver", "raj"}},
    {"break-glass review", {"t-1", "--justified", "--text", "t", "--sign-with", "absent", "--approver", "carla"}},
    {"break-glass list", {}},
    {"event publish",
     {"--source", "s", "--id", "1", "--kind", "k", "--project", "p", "--entity-type", "t", "--entity-id", "1"}},
    {"event list", {}},
    {"event flush", {"/nowhere"}},
    {"policy propose", {"absent"}},
    {"policy activate", {"absent"}},
    {"policy list", {}},
    {"policy show", {"northlight"}},
    {"policy approve", {"northlight", "--digest", "d", "--officer", "olga", "--sign-with", "absent", "--yes"}},
    {"policy rollback", {"northlight", "--officer", "olga", "--sign-with", "absent", "--yes"}},
    {"policy revoke", {"northlight", "--reason", "why", "--officer", "olga", "--sign-with", "absent", "--yes"}},
    {"policy withdraw", {"northlight", "--digest", "d"}},
    {"policy history", {"northlight"}},
    {"policy replay", {"absent"}},
    {"policy shadow", {"--client", "northlight"}},
    {"trigger apply", {"absent"}},
    {"trigger list", {}},
    {"trigger test", {"s", "version", "7"}},
    {"site list", {}},
    {"link list", {}},
    {"link set", {"lon", "van", "--concurrency", "1"}},
    {"agent list", {}},
    {"agent register-grant", {"absent"}},
    {"agent deny", {kSpki, "--reason", "r"}},
    {"relay list", {}},
    {"relay add", {"absent"}},
    {"relay keys", {"lon", "absent"}},
    {"relay ticket-key", {}},
    {"role grant", {"ana", "operator", "--days", "30"}},
    {"role revoke", {"g-1"}},
    {"role list", {}},
    {"access-review open", {"--days", "14"}},
    {"access-review show", {}},
    {"access-review attest", {"g-1"}},
    {"access-review close", {}},
    {"roster set", {"absent", "absent"}},
    {"roster get", {}},
    {"audit tail", {}},
    {"login", {"--issuer", "https://127.0.0.1:1", "--client-id", "crossdock", "--out", "token"}},
    {"audit status", {}},
    {"audit custody", {}},
    {"audit feed", {"--to", "127.0.0.1:1", "--state", "absent/state"}},
    {"audit search", {"--actor", "paula"}},
    {"audit export", {"--out", "/nowhere"}},
    {"audit prove", {"0", "--out", "/nowhere"}},
    {"audit verify", {"--studio"}},
    {"token create", {"hook", "--role", "viewer"}},
    {"token list", {}},
    {"token revoke", {"tok-1"}},
};

Words CommandLine(const std::string& verb, const Words& more) {
  const size_t space = verb.find(' ');
  Words words{verb.substr(0, space)};
  if (space != std::string::npos) words.push_back(verb.substr(space + 1));
  words.insert(words.end(), more.begin(), more.end());
  words.push_back("--json");
  return words;
}

// What a program can rely on in every error.
void CheckError(const Result& result) {
  INFO("stderr: " << result.err);
  CHECK(result.out.empty());
  const auto document = nlohmann::json::parse(result.err, nullptr, false);
  REQUIRE(document.is_object());
  REQUIRE(document.size() == 1);
  const std::string reason = document["error"]["reason"];
  CHECK(!reason.empty());
  CHECK(reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string::npos);
  CHECK(!document["error"]["message"].get<std::string>().empty());
}

class Home {
 public:
  explicit Home(const Desk& desk) : before_(std::getenv("HOME") == nullptr ? "" : std::getenv("HOME")) {
    ::setenv("HOME", desk.At("home").c_str(), 1);
  }
  ~Home() { ::setenv("HOME", before_.c_str(), 1); }

 private:
  std::string before_;
};

TEST_CASE("every verb that needs no orchestrator answers with one document under --json", "[cli][json]") {
  Desk desk;
  const std::string policy = std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/config/policy.example.yaml";
  REQUIRE(base::WriteFileAtomic(desk.At("policy.yaml"), *base::ReadFile(policy)).ok());
  REQUIRE(std::filesystem::create_directory(desk.At("roll")));
  for (const auto& [verb, more] : OfflineRuns(desk)) {
    const Result result = desk.Run(CommandLine(verb, more));
    INFO(verb << "\nstdout: " << result.out << "\nstderr: " << result.err);
    // policy lint and explain may say no; that is an answer too.
    CHECK((result.code == 0 || (result.code == 1 && verb.starts_with("policy "))));
    const auto document = nlohmann::json::parse(result.out, nullptr, false);
    CHECK(document.is_object());
    CHECK(result.out.find('\n') == result.out.size() - 1);
    CHECK(result.err.empty());
  }
}

TEST_CASE("every verb fails with one error document under --json", "[cli][json]") {
  Desk desk;
  const Home home(desk);
  for (const auto& [verb, more] : OfflineRuns(desk)) {
    INFO(verb);
    const Result unknown = desk.Run(CommandLine(verb, {"--nonsense"}));
    CHECK(unknown.code == 2);
    CheckError(unknown);
  }
  for (const auto& [verb, more] : kOnline) {
    INFO(verb);
    const Result nobody = desk.Run(CommandLine(verb, more));
    CHECK(nobody.code >= 3);  // what it names is missing, or it was told no orchestrator
    CheckError(nobody);
  }
}

TEST_CASE("the two lists above name every verb that there is", "[cli][json]") {
  Desk desk;
  std::set<std::string> listed;
  for (const auto& [verb, more] : OfflineRuns(desk)) listed.insert(verb);
  for (const auto& [verb, more] : kOnline) listed.insert(verb);
  const std::vector<std::string> verbs = AllVerbs();
  for (const std::string& verb : verbs) {
    INFO(verb);
    CHECK(listed.contains(verb));
  }
  CHECK(listed.size() == verbs.size());
}

TEST_CASE("an error under --json carries the reason and the exit code that people get", "[cli][json]") {
  Desk desk;
  const auto error = [&](const Words& words, int code) {
    const Result result = desk.Run(words);
    CHECK(result.code == code);
    CheckError(result);
    return nlohmann::json::parse(result.err)["error"]["reason"].get<std::string>();
  };
  CHECK(error({"--json", "rooster"}, 2) == "COMMAND_UNKNOWN");
  CHECK(error({"rooster", "--json"}, 2) == "COMMAND_UNKNOWN");
  CHECK(error({"roster", "check", "--json"}, 2) == "USAGE_INVALID");
  CHECK(error({"roster", "check", desk.At("absent"), "--json"}, 3) == "NOT_FOUND");
  REQUIRE(desk.InitOfficer().code == 0);
  REQUIRE(base::WriteFileAtomic(desk.At("roster.yaml"), "number: x\n").ok());
  CHECK(error({"roster", "check", desk.At("roster.yaml"), "--json"}, 6) == "YAML_INVALID");
}

TEST_CASE("a policy's no is in the document, and the exit code stays no", "[cli][json]") {
  Desk desk;
  const std::string policy = std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/config/policy.example.yaml";
  const Result explained = desk.Run({"policy", "explain", policy, "--json"});
  CHECK(explained.code == 1);
  const auto document = nlohmann::json::parse(explained.out);
  CHECK(document["verdict"] == "hold");
  CHECK(document["reasons"][0]["code"] == "cannot-decide: destination.country");
}

}  // namespace
}  // namespace crossdock::cli
