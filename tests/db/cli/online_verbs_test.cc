// Every verb that calls an orchestrator, run as people run it, against the API as the orchestrator serves it.
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "catch2/catch.hpp"
#include "cli/command.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "lib/wire/manifest.h"
#include "orchestrator/store/break_glass.h"
#include "orchestrator/store/delegations.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/inbox.h"
#include "orchestrator/store/manifests.h"
#include "orchestrator/store/rules.h"
#include "tests/support/api_server.h"

namespace crossdock::cli {
namespace {

using orchestrator::Cause;
using Words = std::vector<std::string>;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

// The program with ada's certificate, who holds every role, in a home of its own.
class Terminal {
 public:
  Terminal() { ::setenv("HOME", server.directory.path().c_str(), 1); }

  Outcome Run(const Words& words, const std::string& typed = "") {
    return RunAs({"--cert", server.directory / "user.crt", "--key", server.directory / "user.key"}, words, typed);
  }
  Outcome RunAs(const Words& credentials, const Words& words, const std::string& typed = "") {
    Words all{"crossdock", "--server", server.address(), "--ca", server.directory / "ca.crt", "--timeout", "20"};
    all.insert(all.end(), credentials.begin(), credentials.end());
    all.insert(all.end(), words.begin(), words.end());
    std::vector<const char*> argv;
    for (const std::string& word : all) argv.push_back(word.c_str());
    std::istringstream in(typed);
    std::ostringstream out, err;
    Context context{in, out, err, server.clock, server.random, false, {}, {}};
    const int code = cli::Run(static_cast<int>(argv.size()), argv.data(), context);
    return {code, out.str(), err.str()};
  }
  std::string File(const std::string& name, const std::string& content) {
    REQUIRE(base::WriteFileAtomic(server.directory / name, content, 0600).ok());
    return server.directory / name;
  }
  // Of what a verb prints, when it succeeds.
  std::string Out(const Words& words) {
    const Outcome outcome = Run(words);
    return outcome.code == 0 ? outcome.out : base::StrCat("exit ", outcome.code, ": ", outcome.err);
  }
  // What the engine was asked by a verb that succeeds, without the id that it makes up.
  std::string Asks(const Words& words) {
    const Outcome outcome = Run(words);
    if (outcome.code != 0) return base::StrCat("exit ", outcome.code, ": ", outcome.err);
    const std::string call = server.commands.last_call();
    return call.substr(0, call.find(" r-"));
  }

  testing::ApiServer server;
};

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("transfer: made, listed, shown, explained and steered") {
  Terminal terminal;
  terminal.server.Insert("t-1", "northlight", {Cause::kAccepted});
  terminal.server.commands.decision = {"nobody has to approve"};
  terminal.server.commands.explanation = {"AGENT_OFFLINE", {"no agent is online"}, {{"prod", 2, {"group:prod"}, {}}}};
  const Words create{"transfer", "create", "--project", "nl",   "--client",  "northlight", "--from", "lon",
                     "--to",     "van",    "--volume",  "proj", "--purpose", "review",     "--path", "northlight/a"};
  const std::string asked = "CreateTransfer northlight/nl lon>van proj/northlight/a review";
  CHECK(terminal.Asks(create) == asked + " by user:ada");
  CHECK(terminal.Out(create) == "t-1\n");
  Words validate = create;
  validate.push_back("--validate-only");
  CHECK(terminal.Asks(validate) == asked + " validate by user:ada");

  CHECK(Has(terminal.Out({"transfer", "list", "--state", "scanning", "--live"}), "lon → van"));
  CHECK_FALSE(Has(terminal.Out({"transfer", "list", "--state", "queued"}), "t-1"));
  CHECK(Has(terminal.Out({"transfer", "list", "--json"}), "\"transfer\":\"t-1\""));
  const std::string shown = terminal.Out({"transfer", "show", "t-1"});
  CHECK(Has(shown, "lon:proj/northlight/sh010/t-1"));
  CHECK(Has(shown, "nobody has to approve"));
  const std::string explained = terminal.Out({"transfer", "explain", "t-1"});
  CHECK(Has(explained, "scanning: AGENT_OFFLINE\n  no agent is online\n"));
  CHECK(Has(explained, "prod: 0 of 2 from group:prod"));

  CHECK(terminal.Asks({"transfer", "cancel", "t-1", "--reason", "why"}) == "CancelTransfer t-1 why by user:ada");
  // Each call has an id of its own, so that a repeat by the network is none.
  CHECK(Has(terminal.server.commands.last_call(), " by user:ada r-"));
  CHECK(terminal.Asks({"transfer", "pause", "t-1", "--reason", "why"}) == "PauseTransfer t-1 why by user:ada");
  CHECK(terminal.Asks({"transfer", "resume", "t-1"}) == "ResumeTransfer t-1 by user:ada");
  CHECK(terminal.Asks({"transfer", "retry", "t-1"}) == "RetryTransfer t-1 by user:ada");
}

TEST_CASE("transfer watch: ends with the transfer, and its exit code says how") {
  Terminal terminal;
  terminal.server.Insert("t-1", "northlight", {Cause::kCancelled});
  const Outcome watched = terminal.Run({"transfer", "watch", "t-1"});
  CHECK(watched.code == 1);
  CHECK(Has(watched.out, "t-1  cancelled"));
  CHECK(terminal.Run({"transfer", "watch", "t-none"}).code == 3);
}

TEST_CASE("event: published, listed, and a spool flushed") {
  Terminal terminal;
  CHECK(terminal.Asks({"event", "publish", "--source", "demo", "--id", "e-1", "--kind", "k", "--project", "nl",
                       "--entity-type", "version", "--entity-id", "7"}) == "PublishEvent demo e-1");
  terminal.server.Write([&](pg::Tx& tx) {
    const base::Instant now = terminal.server.clock.Now();
    REQUIRE(orchestrator::store::InsertEvent(tx, {"demo", "e-9", "k", "nl", "version", "7", now, "{}"}, now));
  });
  CHECK(Has(terminal.Out({"event", "list", "--outcome", "waiting"}), "e-9"));
  CHECK_FALSE(Has(terminal.Out({"event", "list", "--outcome", "parked"}), "e-9"));

  std::filesystem::create_directory(terminal.server.directory / "spool");
  const std::string good = terminal.File("spool/1.json", "{\"source\":\"demo\",\"externalId\":\"e-2\"}");
  const std::string bad = terminal.File("spool/2.json", "no json");
  const Outcome flushed = terminal.Run({"event", "flush", terminal.server.directory / "spool"});
  CHECK(flushed.code == 1);
  CHECK(flushed.out == "1 sent, 0 known already, 1 unreadable\n");
  CHECK(terminal.server.commands.last_call() == "PublishEvent demo e-2");
  CHECK_FALSE(std::filesystem::exists(good));
  CHECK(std::filesystem::exists(bad + ".bad"));
}

// A transfer of one file that waits for the signature of "production"; its manifest is stored. The server claims
// `claimed` when that is not empty. Gives the manifest's listing.
std::string InsertWaiting(testing::ApiServer& server, const std::string& id, const std::string& claimed = "") {
  wire::Manifest manifest;
  wire::Entry entry;
  entry.path = "a.exr";
  entry.size = 7;
  entry.mode = 0644;
  manifest.entries.push_back(entry);
  const std::string listing = base::ToHex(wire::ListingDigest(manifest));
  const orchestrator::Transfer transfer = server.Insert(id, "northlight", {Cause::kAccepted});
  server.Write([&](pg::Tx& tx) {
    namespace store = orchestrator::store;
    store::PutManifestChunk(tx, transfer, 0, wire::ManifestEncoder(manifest).NextChunk());
    REQUIRE(store::SetListing(tx, transfer, claimed.empty() ? listing : base::ToHex(base::Sha256(claimed)), 1, 7, 1));
    REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, id), {Cause::kManifestReady, "test", "", "", {}}));
    REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, id), {Cause::kNeedsApprovals, "test", "", "", {}}));
  });
  orchestrator::ApprovalSubject subject;
  subject.requirement = {"production", 1, {"group:prod"}, {}};
  subject.policy = base::ToHex(base::Sha256("policy"));
  subject.ready = true;
  subject.classification = "internal";
  subject.source = "lon/proj";
  subject.destination = "van/proj";
  subject.valid_for = std::chrono::hours(1);
  server.commands.subjects = {subject};
  return listing;
}

TEST_CASE("break-glass: one person asks, the second signs the same, a third reviews it") {
  Terminal terminal;
  testing::ApiServer& server = terminal.server;
  const std::string listing = InsertWaiting(server, "t-1");
  const base::PrivateKey paula = base::PrivateKey::Generate(server.random),
                         raj = base::PrivateKey::Generate(server.random);
  const std::string paulas = terminal.File("paula.pem", paula.ToPem()), rajs = terminal.File("raj.pem", raj.ToPem());
  orchestrator::BreakGlassSubject subject{base::ToHex(base::Sha256("policy")),
                                          "internal",
                                          "lon/proj",
                                          "van/proj",
                                          {"Rule N-02 forbids it: Embargo."},
                                          {"group:emergency of client northlight"},
                                          {"client:northlight/desk"},
                                          "",
                                          ""};
  server.commands.glass = subject;
  const std::string shown = terminal.Out({"break-glass", "show", "t-1", "--files"});
  CHECK(Has(shown, "against it: Rule N-02 forbids it: Embargo."));
  CHECK(Has(shown, "two of group:emergency of client northlight"));
  CHECK(Has(shown, listing + " (computed here)"));
  CHECK(Has(shown, "a.exr"));

  const Words ask{"break-glass", "ask", "t-1",         "--with", "raj",        "--reason", "due at six",
                  "--minutes",   "30",  "--sign-with", paulas,   "--approver", "paula"};
  CHECK(terminal.Run(ask, "no\n").code == 6);
  CHECK_FALSE(Has(server.commands.last_call(), "SubmitBreakGlass"));
  REQUIRE(terminal.Run(ask, "yes\n").code == 0);
  const auto submitted = [&] {
    const std::string call = server.commands.last_call();
    const std::string begin = "SubmitBreakGlass t-1 ", end = " by user:ada";
    REQUIRE(call.substr(0, begin.size()) == begin);
    return *trust::SignedStatement::Parse(call.substr(begin.size(), call.size() - begin.size() - end.size()));
  };
  const trust::SignedStatement asked = submitted();
  CHECK(asked.VerifyExactly(paula.Public()).ok());
  const auto said = *trust::Decode<trust::BreakGlass>(asked.statement());
  CHECK(said.listing == listing);
  CHECK(said.second == "raj");
  CHECK(said.reason == "due at six");
  CHECK(said.not_after - said.not_before == std::chrono::minutes(30));
  Words too_long = ask;
  too_long[8] = "241";
  CHECK(terminal.Run(too_long, "yes\n").code == 2);

  namespace store = orchestrator::store;
  const std::string digest = base::ToHex(base::Sha256(asked.statement()));
  const auto keep = [&](const std::string& statement) {
    store::BreakGlass row;
    row.digest = digest;
    row.transfer = "t-1";
    row.client = "northlight";
    row.first = "paula";
    row.second = "raj";
    row.reason = said.reason;
    row.statement = statement;
    row.not_before = said.not_before;
    row.not_after = said.not_after;
    row.asked = server.clock.Now();
    server.Write([&](pg::Tx& tx) { REQUIRE(store::InsertBreakGlass(tx, row)); });
  };
  const Words sign{"break-glass", "sign", "t-1", "--sign-with", rajs, "--approver", "raj", "--yes"};
  SECTION("what nobody asked of you is not there to sign") {
    CHECK(Has(terminal.Run(sign).err, "[BREAK_GLASS_UNKNOWN]"));
  }
  SECTION("what the first signed is held against what would move before the second signs it") {
    auto other = said;
    other.destination = "tok/proj";
    keep(trust::SignedStatement::Sign(*trust::Encode(other), paula).Format());
    CHECK(Has(terminal.Run(sign).err, "[BREAK_GLASS_DIFFERS]"));
    CHECK_FALSE(Has(server.commands.last_call(), "SubmitBreakGlass t-1 crossdock/break-glass/v1\nraj"));
  }
  SECTION("what cannot be lifted is not signed") {
    keep(asked.Format());
    server.commands.glass.refusal = "BREAK_GLASS_ABSOLUTE";
    server.commands.glass.refusal_detail = "nothing lifts it";
    CHECK(Has(terminal.Run(sign).err, "[BREAK_GLASS_ABSOLUTE]"));
    CHECK(Has(terminal.Run(ask, "yes\n").err, "[BREAK_GLASS_ABSOLUTE]"));
  }
  SECTION("the second signs the same text, and a third reviews it") {
    keep(asked.Format());
    CHECK(Has(terminal.Out({"break-glass", "list"}), "waits for raj"));
    REQUIRE(terminal.Run(sign).code == 0);
    const trust::SignedStatement both = submitted();
    CHECK(both.statement() == asked.statement());
    const std::vector<base::PublicKey> keys{paula.Public(), raj.Public()};
    CHECK(both.VerifyExactly(keys).ok());
    const Words review{"break-glass", "review", "t-1",        "--justified", "--text", "security was ill",
                       "--sign-with", rajs,     "--approver", "carla",       "--yes"};
    CHECK(Has(terminal.Run(review).err, "[BREAK_GLASS_UNKNOWN]"));
    const base::Instant now = server.clock.Now();
    server.Write([&](pg::Tx& tx) { REQUIRE(store::SetBroken(tx, digest, both.Format(), now, now)); });
    CHECK(Has(terminal.Out({"break-glass", "list", "--unreviewed"}), "REVIEW OVERDUE since"));
    REQUIRE(terminal.Run(review).code == 0);
    CHECK(Has(server.commands.last_call(), "ReviewBreakGlass t-1 crossdock/break-glass-review/v1\n"));
    CHECK(Has(server.commands.last_call(),
              "\nbreak_glass: " + digest + "\nverdict: justified\ntext: security was ill\n"));
    Words torn = review;
    torn.push_back("--unjustified");
    CHECK(Has(terminal.Run(torn).err, "[USAGE_INVALID]"));
  }
}

TEST_CASE("approval: what is shown is what is signed, and the signature holds") {
  Terminal terminal;
  const std::string listing = InsertWaiting(terminal.server, "t-1");
  const base::PrivateKey key = base::PrivateKey::Generate(terminal.server.random);
  const std::string file = terminal.File("paula.pem", key.ToPem());
  CHECK(Has(terminal.Out({"approval", "list"}), "0 of 1  group:prod"));
  const std::string shown = terminal.Out({"approval", "show", "t-1", "--files"});
  CHECK(Has(shown, listing + " (computed here)"));
  CHECK(Has(shown, "a.exr"));

  const Words approve{"approval", "approve", "t-1", "--sign-with", file, "--approver", "paula"};
  CHECK(terminal.Run(approve, "no\n").code == 6);
  CHECK_FALSE(Has(terminal.server.commands.last_call(), "SubmitApproval"));
  REQUIRE(terminal.Run(approve, "yes\n").code == 0);
  const std::string call = terminal.server.commands.last_call();
  const std::string begin = "SubmitApproval t-1 ", end = " by user:ada";
  REQUIRE(call.substr(0, begin.size()) == begin);
  const auto statement =
      trust::SignedStatement::Parse(call.substr(begin.size(), call.size() - begin.size() - end.size()));
  REQUIRE(statement.ok());
  CHECK(statement->VerifyExactly(key.Public()).ok());
  const auto said = trust::Decode<trust::ApprovalStatement>(statement->statement());
  REQUIRE(said.ok());
  CHECK(said->transfer == "t-1");
  CHECK(said->listing == listing);
  CHECK(said->files == 1);
  CHECK(said->requirement == "production");
  CHECK(said->decision == trust::ApprovalDecision::kApprove);

  REQUIRE(terminal
              .Run({"approval", "deny", "t-1", "--sign-with", file, "--approver", "paula", "--yes", "--reason",
                    "the wrong plate"})
              .code == 0);
  CHECK(Has(terminal.server.commands.last_call(), "crossdock/denial/v1\n"));
  CHECK(Has(terminal.server.commands.last_call(), "\nreason: the wrong plate\n"));

  SECTION("a place is handed on until a day, that day included") {
    const Words delegate{"approval",   "delegate",    "--to", "dave",       "--until", "2030-06-30", "--client",
                         "northlight", "--sign-with", file,   "--approver", "paula",   "--reason",   "on the set"};
    CHECK(terminal.Run(delegate, "no\n").code == 6);
    terminal.server.commands.last_call();
    const Outcome far = terminal.Run(delegate, "yes\n");
    CHECK(Has(far.err, "[STATEMENT_MALFORMED]"));  // for more than three months
    Words near = delegate;
    near[5] =
        base::FormatSeconds(std::chrono::floor<std::chrono::days>(terminal.server.clock.Now()) + std::chrono::days(7));
    REQUIRE(terminal.Run(near, "yes\n").code == 0);
    const std::string asked = terminal.server.commands.last_call();
    CHECK(Has(asked, "AddDelegation crossdock/delegation/v1\nclient: northlight\ndelegate: dave\n"));
    CHECK(Has(asked, "\nnot_after: " + near[5] + "\n"));
    near[5] = "soon";
    CHECK(terminal.Run(near, "yes\n").code == 6);
    terminal.server.Write([&](pg::Tx& tx) {
      const base::Instant now = terminal.server.clock.Now();
      REQUIRE(orchestrator::store::InsertDelegation(
          tx, {"d1", "northlight", "paula", "dave", "on the set", "signed", now, now + std::chrono::hours(1), now}));
      REQUIRE(orchestrator::store::InsertDelegation(
          tx, {"d2", "", "pete", "dave", "", "signed", now - std::chrono::hours(2), now - std::chrono::hours(1), now}));
    });
    CHECK(Has(terminal.Out({"approval", "delegations"}), "on the set"));
    const Words ending{"approval", "end-delegation", "--to", "dave", "--sign-with", file, "--approver", "paula"};
    CHECK(Has(terminal.Run(ending, "yes\n").err, "[STATEMENT_MALFORMED]"));  // what is no delegation is not believed
    trust::Delegation handed_on{"northlight", "dave",  terminal.server.clock.Now(), terminal.server.clock.Now(),
                                "",           "paula", "0011223344556677"};
    handed_on.not_before = std::chrono::floor<std::chrono::seconds>(handed_on.not_before);
    handed_on.not_after = handed_on.not_before + std::chrono::hours(2);
    const std::string text = *trust::Encode(handed_on);
    const std::string signed_word = trust::SignedStatement::Sign(text, key).Format();
    terminal.server.Write([&](pg::Tx& tx) {
      tx.RunScript("DELETE FROM delegation WHERE digest = 'd1'");
      REQUIRE(orchestrator::store::InsertDelegation(
          tx, {base::ToHex(base::Sha256(text)), "northlight", "paula", "dave", "on the set", signed_word,
               handed_on.not_before, handed_on.not_after, handed_on.not_before}));
    });
    CHECK(terminal.Run(ending, "no\n").code == 6);
    REQUIRE(terminal.Run(ending, "yes\n").code == 0);
    const std::string ended = terminal.server.commands.last_call();
    CHECK(Has(ended, "EndDelegation crossdock/delegation-end/v1\nclient: northlight\ndelegate: dave\n"));
    CHECK(Has(ended, "\ndelegation: " + base::ToHex(base::Sha256(text)) +
                         "\nnot_after: " + base::FormatSeconds(handed_on.not_after) + "\n"));
    Words to_raj = ending;
    to_raj[3] = "raj";
    CHECK(Has(terminal.Run(to_raj, "yes\n").err, "[DELEGATION_UNKNOWN]"));
    CHECK_FALSE(Has(terminal.Out({"approval", "delegations"}), "pete"));
    CHECK_FALSE(Has(terminal.Out({"approval", "delegations", "--client", "another"}), "paula"));
  }
  SECTION("a yes is taken back by naming exactly what was signed") {
    const std::string signed_text = statement->Format();
    terminal.server.Write([&](pg::Tx& tx) {
      orchestrator::store::InsertApproval(
          tx, "northlight",
          {0, "t-1", "production", "paula", "approve", signed_text, said->nonce, terminal.server.clock.Now()});
    });
    CHECK(Has(terminal.Out({"approval", "given", "t-1"}), "paula"));
    CHECK(Has(terminal.Out({"approval", "given", "t-1"}), "stands"));
    Words withdraw{"approval", "withdraw", "t-1", "--sign-with", file, "--approver", "paula", "--reason", "too early"};
    CHECK(terminal.Run(withdraw, "no\n").code == 6);
    REQUIRE(terminal.Run(withdraw, "yes\n").code == 0);
    const std::string asked = terminal.server.commands.last_call();
    CHECK(Has(asked, "WithdrawApproval t-1 crossdock/withdrawal/v1\n"));
    CHECK(Has(asked, "\napproval: " + base::ToHex(base::Sha256(statement->statement())) + "\n"));
    CHECK(Has(asked, "\nreason: too early\n"));
    withdraw[6] = "raj";
    CHECK(Has(terminal.Run(withdraw, "yes\n").err, "[APPROVAL_UNKNOWN]"));
  }

  SECTION("a server whose manifest is another one is not believed") {
    InsertWaiting(terminal.server, "t-2", "another");
    Words other = approve;
    other[2] = "t-2";
    const Outcome refused = terminal.Run(other, "yes\n");
    CHECK(refused.code == 6);
    CHECK(Has(refused.err, "[MANIFEST_DIFFERS]"));
  }
}

TEST_CASE("policy and trigger: proposed, activated, applied, shown, tried out") {
  Terminal terminal;
  const base::Instant now = terminal.server.clock.Now();
  terminal.server.Write([&](pg::Tx& tx) {
    namespace store = orchestrator::store;
    store::Policy policy;
    policy.client = "northlight";
    policy.digest = "d1";
    policy.title = "Rules of Northlight";
    policy.text = "schema: crossdock/policy/v1\n";
    policy.author = "ada";
    policy.proposed = now;
    store::InsertPolicy(tx, policy);
    store::PutTriggerSet(tx, {"show", "the text", {"dailies"}, "ada", now});
  });
  terminal.server.commands.lines = {"1. Nothing leaves."};
  terminal.server.commands.triggers = {"dailies"};
  terminal.server.commands.test.matches = {{"dailies", "lon", "van", "proj", "a", "b", "review", false}};
  const std::string file = terminal.File("northlight.yaml", "text");
  CHECK(terminal.Asks({"policy", "propose", file}) == "ProposePolicy text by user:ada");
  CHECK(Has(terminal.Out({"policy", "propose", file, "--validate-only"}), "loads: northlight d1"));
  const std::string calendar =
      "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260605\nEND:VEVENT\nEND:VCALENDAR\n";
  const std::string bound =
      "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: northlight}\n"
      "valid: {from: 2026-01-01, review_by: 2026-12-31}\ncalendars: {h: {file: h.ics, sha256: " +
      base::ToHex(base::Sha256(calendar)) +
      "}}\nrules:\n  - {id: A, effect: allow, when: {}, require: {approvals: none, window: "
      "{clock: UTC, at_close: pause, except: [calendar:h]}}}\n";
  const std::string with_calendar = terminal.File("bound.yaml", bound);
  CHECK(Has(terminal.Run({"policy", "propose", with_calendar}).err, "[CALENDAR_MISSING]"));
  terminal.File("h.ics", calendar);
  CHECK(terminal.Asks({"policy", "propose", with_calendar}) ==
        base::StrCat("ProposePolicy ", bound, " with ", calendar, " by user:ada"));
  CHECK(terminal.Asks({"policy", "activate", file}) == "ActivatePolicy text by user:ada");
  CHECK(Has(terminal.Out({"policy", "list", "--client", "northlight"}), "Rules of Northlight"));
  CHECK(Has(terminal.Out({"policy", "show", "northlight", "--digest", "d1"}), "1. Nothing leaves."));
  CHECK(terminal.Out({"policy", "show", "northlight", "--digest", "d1", "--text"}) == "schema: crossdock/policy/v1\n");
  CHECK(terminal.Run({"policy", "show", "northlight"}).code == 3);

  CHECK(terminal.Asks({"trigger", "apply", file}) == "ApplyTriggers northlight text by user:ada");
  CHECK(Has(terminal.Out({"trigger", "list"}), "dailies"));
  CHECK(Has(terminal.Out({"trigger", "list", "--text"}), "the text"));
  CHECK(Has(terminal.Out({"trigger", "test", "demo", "version", "7"}), "lon"));
  CHECK(terminal.server.commands.last_call() == "TestTriggers demo version 7");
  terminal.server.commands.test = {{}, {"dailies: not ready"}};
  const Outcome none = terminal.Run({"trigger", "test", "demo", "version", "7"});
  CHECK(none.code == 1);
  CHECK(none.out == "dailies: not ready\n");
  CHECK(terminal.Run({"trigger", "test", "demo", "version", "7", "--json"}).code == 1);
}

TEST_CASE("site, link, agent, relay, roster: shown, and handed in as they were signed") {
  Terminal terminal;
  const base::Instant now = terminal.server.clock.Now();
  const base::PrivateKey olga = base::PrivateKey::Generate(terminal.server.random);
  const std::string body = base::StrCat(
      "schema: crossdock/roster/v1\nnumber: 3\nexpires: \"2035-01-01T00:00:00Z\"\ntrust_domain: test.studio\n",
      "threshold: 1\nofficers: [{name: olga, key: \"", olga.Public().ToText(), "\"}]\nsite_admins: []\n",
      "sites: [{id: lon, country: GB}]\napprovers: []\npaths: []\ndenied: []\n");
  terminal.server.Write([&](pg::Tx& tx) {
    namespace store = orchestrator::store;
    store::InsertRoster(tx, {3, body, "signed"}, now);
    store::PutRelay(tx, {"lon-r1", "lon", "aa", "10.0.0.1:7", "1.2.3.4:7", "signed"}, now);
    store::PutLink(tx, {"lon", "van", 2, 1000, ""});
    store::Agent agent;
    agent.id = "lon-1";
    agent.site = "lon";
    agent.identity = agent.grant = "signed";
    agent.identity_key = "ik";
    agent.tls_spki = "spki";
    store::PutAgent(tx, agent, now);
  });
  const std::string file = terminal.File("statement", "signed");
  CHECK(Has(terminal.Out({"site", "list"}), "0 of 1"));
  CHECK(Has(terminal.Out({"link", "list"}), "lon   van"));
  // What is not named stays.
  CHECK(terminal.Asks({"link", "set", "lon", "van", "--hold", "night"}) ==
        "SetLink lon>van 2 1000 'night' by user:ada");
  CHECK(terminal.Asks({"link", "set", "lon", "van", "--concurrency", "8", "--cap-mbit", "80"}) ==
        "SetLink lon>van 8 10000000 '' by user:ada");
  CHECK(Has(terminal.Out({"agent", "list", "--site", "lon"}), "lon-1"));
  CHECK(terminal.Asks({"agent", "register-grant", file}) == "RegisterGrant signed by user:ada");
  CHECK(terminal.Asks({"agent", "deny", "ab", "--reason", "lost"}) == "DenyKey ab lost by user:ada");
  CHECK(Has(terminal.Out({"relay", "list"}), "1.2.3.4:7"));
  CHECK(Has(terminal.Out({"relay", "add", file}), "added: lon-r1 at lon"));
  CHECK(terminal.Asks({"relay", "keys", "lon", file}) == "SetRelayKeys lon signed by user:ada");
  CHECK(terminal.Out({"relay", "ticket-key"}) == "ed25519:00\n");
  CHECK(terminal.Out({"roster", "get"}) == body);
  CHECK(terminal.Asks({"roster", "set", file, file}) == "SetRoster signed signed by user:ada");
}

TEST_CASE("token: made for a hook, used, revoked; and the audit log tells") {
  Terminal terminal;
  const std::string file = terminal.server.directory / "token";
  const std::string made = terminal.Out({"token", "create", "hook", "--role", "viewer", "--out", file});
  const std::string id = made.substr(0, made.find(' '));
  CHECK_FALSE(Has(made, "cdt_"));
  CHECK(terminal.RunAs({"--token-file", file}, {"transfer", "list"}).code == 0);
  CHECK(terminal.RunAs({"--token-file", file}, {"token", "list"}).code == 4);
  CHECK(Has(terminal.Out({"token", "list"}), "hook"));
  CHECK(terminal.Out({"token", "revoke", id}) == "revoked\n");
  CHECK(terminal.Run({"token", "revoke", id}).code == 3);
  const std::string log = terminal.Out({"audit", "tail", "--after", "0"});
  CHECK(log.find("token.created") < log.find("token.revoked"));
  CHECK(Has(log, "user:ada"));
}

TEST_CASE("role and access-review: given to a person, shown, attested, ended; and the audit log tells") {
  Terminal terminal;
  const std::string roster = base::StrCat(
      "schema: crossdock/roster/v1\nnumber: 1\nexpires: \"2035-01-01T00:00:00Z\"\ntrust_domain: "
      "test.studio\nthreshold: ",
      "1\nofficers: [{name: olga, key: "
      "\"ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\"}]\n",
      "site_admins: []\nsites: []\napprovers: []\npaths: []\ndenied: []\npeople: [{person: ada}, {person: ben}]\n");
  terminal.server.Write([&](pg::Tx& tx) {
    orchestrator::store::InsertRoster(tx, {1, roster, "signed"}, terminal.server.clock.Now());
  });
  const auto given = [&](const Words& more) {
    Words words{"role", "grant", "ben", "operator"};
    words.insert(words.end(), more.begin(), more.end());
    const std::string out = terminal.Out(words);
    INFO(out);
    CHECK(Has(out, ": ben is operator of "));
    return out.substr(0, out.find(':'));
  };
  const std::string until = base::FormatSeconds(
      std::chrono::floor<std::chrono::seconds>(terminal.server.clock.Now() + std::chrono::hours(48)));
  const std::string acme = given({"--client", "acme", "--days", "30", "--reason", "show NL"});
  const std::string all = given({"--until", until}), third = given({"--client", "third", "--days", "1"});
  CHECK(Has(terminal.Run({"role", "grant", "ben", "viewer"}).err, "--days"));
  CHECK(Has(terminal.Run({"role", "grant", "ada", "viewer", "--days", "1"}).err, "TWO_PERSONS_NEEDED"));
  CHECK(Has(terminal.Out({"role", "list", "--person", "ben"}), "show NL"));
  CHECK(Has(terminal.Out({"access-review", "open", "--days", "14"}), "suspended"));
  CHECK(terminal.Out({"access-review", "attest", acme, all, "--note", "still on it"}) ==
        acme + " attested\n" + all + " attested\n");
  CHECK(terminal.Out({"access-review", "attest", third, "--suspend"}) == third + " suspended\n");
  const std::string shown = terminal.Out({"access-review", "show"});
  CHECK(Has(shown, "opened by ada"));
  CHECK(Has(shown, "still on it"));
  CHECK(Has(terminal.Out({"access-review", "close"}), " closed\n"));
  CHECK(Has(terminal.Run({"access-review", "close"}).err, "ACCESS_REVIEW_CLOSED"));
  CHECK(terminal.Out({"role", "revoke", acme}) == "revoked\n");
  CHECK_FALSE(Has(terminal.Out({"role", "list"}), acme));
  CHECK(Has(terminal.Out({"role", "list", "--all"}), acme));
  const std::string log = terminal.Out({"audit", "tail", "--after", "0"});
  for (const char* action : {"role.granted", "role.attested", "role.suspended", "access_review.closed", "role.revoked"})
    CHECK(Has(log, action));
}

TEST_CASE("exit codes: no such thing, not allowed, not reached, refused, a wrong line") {
  Terminal terminal;
  CHECK(terminal.Run({"transfer", "show", "t-none"}).code == 3);
  CHECK(terminal.RunAs({}, {"transfer", "list"}).code == 4);
  CHECK(terminal.RunAs({"--server", "127.0.0.1:1"}, {"transfer", "list"}).code != 0);
  terminal.server.Insert("t-1", "northlight");
  terminal.server.commands.Fail(base::WithReason(base::FailedPrecondition("it is over"), "STATE_CONFLICT"));
  const Outcome refused = terminal.Run({"transfer", "retry", "t-1"});
  CHECK(refused.code == 6);
  CHECK(refused.err == "crossdock: it is over [STATE_CONFLICT]\n");
  terminal.server.commands.Fail(base::WithReason(base::FailedPrecondition("it is over"), "STATE_CONFLICT"));
  CHECK(terminal.Run({"transfer", "retry", "t-1", "--json"}).err ==
        "{\"error\":{\"reason\":\"STATE_CONFLICT\",\"message\":\"it is over\"}}\n");
  CHECK(terminal.Run({"transfer", "fly", "t-1"}).code == 2);
  // What is our own failure says nothing of the inside.
  terminal.server.commands.Fail(base::Internal("SELECT * FROM secret"));
  const Outcome fault = terminal.Run({"transfer", "retry", "t-1"});
  CHECK(fault.code == 7);
  CHECK_FALSE(Has(fault.err, "secret"));
}

}  // namespace
}  // namespace crossdock::cli
