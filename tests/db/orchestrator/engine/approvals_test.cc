// A yes, a no, and a yes that is taken back, as signed statements in the engine.
#include "orchestrator/engine/approvals.h"

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/trust/approval.h"
#include "lib/trust/reasons.h"
#include "orchestrator/core/retry.h"
#include "orchestrator/engine/attempts.h"
#include "orchestrator/engine/delegations.h"
#include "orchestrator/engine/desk.h"
#include "orchestrator/engine/explain.h"
#include "orchestrator/engine/withdrawals.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/objections.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using Catch::Matchers::Contains;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view kSigned =
    "  - {id: N-10, effect: allow, title: \"Work\", when: {}, require: {approvals: {all_of: [{id: production, count: "
    "2, "
    "from: [group:prod]}], exclude: [], valid_for: 72h}}}\n";

// Paula and Pete may sign for production, Raj is in another group.
class SigningStudio : public DecidingStudio {
 public:
  SigningStudio() {
    const std::string body = base::StrCat(
        "schema: crossdock/roster/v1\nnumber: 2\nexpires: \"2035-01-01T00:00:00Z\"\ntrust_domain: test.studio\n",
        "threshold: 1\nofficers: [{name: olga, key: \"", officer.Public().ToText(), "\"}]\nsite_admins: []\n",
        "sites: [{id: lon, country: GB}, {id: van, country: CA}]\napprovers:\n", Line("paula", "prod"),
        Line("pete", "prod"), Line("raj", "security"),
        "paths: [{volume: proj, prefix: \"northlight/\", client: northlight, project: nl, classification: internal}]\n",
        "denied: []\n");
    Write([&](pg::Tx& tx) { store::InsertRoster(tx, {2, body, "signed"}, clock.Now()); });
    Activate(kSigned);
  }
  const base::PrivateKey& Key(const std::string& person) {
    return keys_.try_emplace(person, base::PrivateKey::Generate(random)).first->second;
  }
  base::Instant now() const { return std::chrono::floor<seconds>(clock.Now()); }

  // What `person` would sign over the transfer now.
  template <typename Statement>
  Statement About(const std::string& id, const std::string& person) {
    Statement s;
    Write([&](pg::Tx& tx) {
      const auto cleared = Clear(tx, *store::GetTransfer(tx, id), clock.Now());
      INFO(cleared.status());
      REQUIRE(cleared.ok());
      const trust::Binding& b = cleared->clearance.binding;
      s.transfer = b.transfer;
      s.client = b.client;
      s.project = b.project;
      s.listing = b.listing;
      s.files = b.files;
      s.bytes = b.bytes;
      s.source = b.source;
      s.destination = b.destination;
      s.classification = b.classification;
      s.policy = b.policy;
    });
    s.requirement = "production";
    s.approver = person;
    s.nonce = base::ToHex(random.Bytes(16));
    return s;
  }
  std::string Yes(const std::string& id, const std::string& person) {
    auto s = About<trust::ApprovalStatement>(id, person);
    s.decision = trust::ApprovalDecision::kApprove;
    s.not_before = now();
    s.not_after = now() + hours(1);
    return Sign(s, person);
  }
  std::string No(const std::string& id, const std::string& person) {
    auto s = About<trust::DenialStatement>(id, person);
    s.reason = "the wrong plate";
    s.denied = now();
    return Sign(s, person);
  }
  std::string Back(const std::string& approval, const std::string& person) {
    const auto said = *trust::Decode<trust::ApprovalStatement>(trust::SignedStatement::Parse(approval)->statement());
    return Sign(trust::Withdrawal{said.transfer, said.client, said.requirement, *trust::ApprovalDigest(approval),
                                  said.not_after, "too early", now(), person},
                person);
  }
  template <typename Statement>
  std::string Sign(const Statement& statement, const std::string& person) {
    return trust::SignedStatement::Sign(*trust::Encode(statement), Key(person)).Format();
  }

  // The reason, or nothing.
  std::string Submit(const std::string& id, const std::string& statement) {
    return base::ReasonOf(SubmitApproval(context, id, statement, "user:test"));
  }
  std::string Withdraw(const std::string& id, const std::string& statement) {
    return base::ReasonOf(WithdrawApproval(context, id, statement, "user:test"));
  }
  void Decide() { REQUIRE(DecideAll(context, clock.Now()).ok()); }
  std::string Waiting() {
    const std::string id = Decided(clock.Now() + seconds(1));
    REQUIRE(Get(id).state == State::kAwaitingApproval);
    return id;
  }
  // Approved by Paula and Pete, whose approval this gives, and on its way.
  std::string Running(std::string* pete) {
    const std::string id = Waiting();
    REQUIRE(Submit(id, Yes(id, "paula")).empty());
    Decide();
    *pete = Yes(id, "pete");
    REQUIRE(Submit(id, *pete).empty());
    Decide();
    REQUIRE(Get(id).state == State::kQueued);
    Write([&](pg::Tx& tx) {
      REQUIRE(store::AssignTransfer(tx, *store::GetTransfer(tx, id), {"lon-1", "van-1", 1},
                                    {Cause::kAssigned, "planner", "", "", clock.Now()}));
    });
    return id;
  }
  std::vector<store::AuditRecord> Audited(const std::string& id, const std::string& action) {
    std::vector<store::AuditRecord> found;
    Write([&](pg::Tx& tx) {
      for (const store::AuditRecord& record : store::ListAudit(tx, {"", id, "", "", ""}, 0, 100))
        if (record.action == action) found.push_back(record);
    });
    return found;
  }
  std::string Explained(const std::string& id) {
    const Explanation explanation = *Explain(context, id);
    std::string all;
    for (const std::string& line : explanation.lines) all += line + "\n";
    return all;
  }

 private:
  std::string Line(const std::string& person, const std::string& group) {
    return base::StrCat("  - {person: ", person, ", name: \"", person, " P\", team: t-", person,
                        ", organisation: o, groups: [", group, "], keys: [\"", Key(person).Public().ToText(), "\"]}\n");
  }
  std::map<std::string, base::PrivateKey> keys_;
};

TEST_CASE("what runs by an approval is stopped in the moment in which its approver takes it back, and says why") {
  SigningStudio studio;
  std::vector<std::string> woken;
  studio.wakes.OnAgent([&](const std::string& agent) { woken.push_back(agent); });
  std::string pete;
  const std::string id = studio.Running(&pete);
  woken.clear();
  CHECK(studio.Withdraw(id, studio.Back(pete, "pete")).empty());
  CHECK(studio.Get(id).state == State::kDeciding);
  CHECK(woken == std::vector<std::string>{"lon-1", "van-1"});
  CHECK(studio.Withdraw(id, studio.Back(pete, "pete")).empty());  // again is nothing new
  studio.Decide();
  CHECK(studio.Get(id).state == State::kAwaitingApproval);
  CHECK_THAT(studio.Explained(id), Contains("pete withdrew the approval of 'production'") && Contains("too early"));
  const auto audited = studio.Audited(id, "approval.withdrawn");
  REQUIRE(audited.size() == 1);
  CHECK_THAT(audited[0].detail_json, Contains("\"approver\": \"pete\"") && Contains("\"state\": \"running\""));
  // The very same approval does not come back; a new one does.
  CHECK(studio.Submit(id, pete) == "APPROVAL_REPLAYED");
  CHECK(studio.Submit(id, studio.Yes(id, "pete")).empty());
  studio.Decide();
  CHECK(studio.Get(id).state == State::kQueued);
  studio.wakes.OnAgent({});
}

TEST_CASE("T-26: what runs by an approval is stopped in the second in which that approval ends, and not before") {
  SigningStudio studio;
  std::string pete;
  const base::Instant before = studio.now();
  const std::string id = studio.Running(&pete);
  const auto said = *trust::Decode<trust::ApprovalStatement>(trust::SignedStatement::Parse(pete)->statement());
  // Paula's was given no later than Pete's, and ends first.
  REQUIRE(RedecideRunning(studio.context, before + hours(1) - seconds(1)).ok());
  CHECK(studio.Get(id).state == State::kRunning);
  REQUIRE(RedecideRunning(studio.context, said.not_after).ok());
  CHECK(studio.Get(id).state == State::kDeciding);
}

TEST_CASE("only its approver takes an approval back, and only what is one") {
  SigningStudio studio;
  std::string pete;
  const std::string id = studio.Running(&pete);
  CHECK(studio.Withdraw(id, studio.Back(pete, "paula")) == trust::kApproverMismatch);
  CHECK(studio.Withdraw(id, studio.Back(studio.Yes(id, "pete"), "pete")) == "APPROVAL_UNKNOWN");
  CHECK(studio.Withdraw("t-other", studio.Back(pete, "pete")) == "TRANSFER_UNKNOWN");
  auto withdrawal =
      *trust::Decode<trust::Withdrawal>(trust::SignedStatement::Parse(studio.Back(pete, "pete"))->statement());
  withdrawal.not_after -= seconds(1);
  CHECK(studio.Withdraw(id, studio.Sign(withdrawal, "pete")) == "WITHDRAWAL_MISMATCH");
  withdrawal.transfer = "t-other";
  CHECK(studio.Withdraw(id, studio.Sign(withdrawal, "pete")) == trust::kTransferMismatch);
  CHECK(studio.Get(id).state == State::kRunning);
  studio.Write([&](pg::Tx& tx) {
    REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, id), {Cause::kCommitted, "t", "", "", studio.clock.Now()}));
  });
  CHECK(studio.Withdraw(id, studio.Back(pete, "pete")) == "WITHDRAWAL_TOO_LATE");
  CHECK(studio.Get(id).state == State::kPublishing);
}

TEST_CASE("a denial ends it with its reason and its name, and no later yes brings it back") {
  SigningStudio studio;
  const std::string id = studio.Waiting();
  REQUIRE(studio.Submit(id, studio.Yes(id, "paula")).empty());
  studio.Decide();
  const std::string late = studio.Yes(id, "paula");
  const std::string no = studio.No(id, "pete");
  CHECK(studio.Submit(id, studio.No(id, "raj")) == "APPROVER_NOT_ELIGIBLE");
  REQUIRE(studio.Submit(id, no).empty());
  studio.Decide();
  CHECK(studio.Get(id).state == State::kDenied);
  CHECK(studio.Get(id).reason == "DENIED_BY_APPROVER");
  CHECK_THAT(studio.Get(id).detail, Contains("pete P (pete) denied 'production'") && Contains("the wrong plate"));
  CHECK_THAT(studio.Explained(id), Contains("the wrong plate"));
  const auto audited = studio.Audited(id, "approval.given");
  REQUIRE(audited.size() == 2);
  CHECK(audited[1].result == "deny");
  CHECK_THAT(audited[1].detail_json, Contains("the wrong plate"));
  CHECK(studio.Submit(id, late) == "APPROVAL_NOT_ASKED");
  CHECK(studio.Withdraw(id, studio.Sign(trust::Withdrawal{id, "northlight", "production", *trust::ApprovalDigest(no),
                                                          studio.now() + hours(1), "", studio.now(), "pete"},
                                        "pete")) == "DENIAL_STANDS");
  // Asked again, the same package meets the same no; another one does not.
  const auto again = [&](const std::string& listing) {
    REQUIRE(Retry(studio.context, id, {"ops", ""}).ok());
    studio.Write([&](pg::Tx& tx) {
      REQUIRE(store::SetListing(tx, *store::GetTransfer(tx, id), listing, 1, 1, 1));
      REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, id),
                                  {Cause::kManifestReady, "test", "", "", studio.clock.Now()}));
    });
    studio.Decide();
    return studio.Get(id).state;
  };
  CHECK(again(std::string(64, 'a')) == State::kDenied);
  CHECK(again(std::string(64, 'b')) == State::kAwaitingApproval);
}

TEST_CASE("who stands in for an approver approves in their place, is named with it, and no longer when it ends") {
  SigningStudio studio;
  const std::string id = studio.Waiting();
  REQUIRE(studio.Submit(id, studio.Yes(id, "pete")).empty());
  studio.Decide();
  CHECK(studio.Submit(id, studio.Yes(id, "raj")) == "APPROVER_NOT_ELIGIBLE");
  const auto delegate = [&](trust::Delegation delegation) {
    return base::ReasonOf(AddDelegation(studio.context, studio.Sign(delegation, delegation.approver), "user:test"));
  };
  trust::Delegation delegation{"northlight", "raj",   studio.now(),      studio.now() + std::chrono::minutes(30),
                               "away",       "paula", "0011223344556677"};
  trust::Delegation stranger = delegation;
  stranger.delegate = "nobody";
  CHECK(delegate(stranger) == trust::kDelegateUnknown);
  REQUIRE(delegate(delegation).empty());
  REQUIRE(delegate(delegation).empty());  // the same again
  CHECK(studio.Audited("", "approval.delegated").size() == 1);
  REQUIRE(studio.Submit(id, studio.Yes(id, "raj")).empty());
  studio.Decide();
  CHECK(studio.Get(id).state == State::kQueued);
  // Paula herself adds nothing to what Raj said for her.
  studio.Write([&](pg::Tx& tx) {
    const auto cleared = Clear(tx, *store::GetTransfer(tx, id), studio.clock.Now());
    REQUIRE(cleared->clearance.decision.satisfied.size() == 1);
    CHECK(cleared->clearance.decision.satisfied[0].persons == std::vector<std::string>{"pete", "raj"});
    const auto ended = Clear(tx, *store::GetTransfer(tx, id), delegation.not_after);
    CHECK(ended->clearance.verdict == policy::Verdict::kNeedsApprovals);
  });
  std::string lines;
  studio.Write([&](pg::Tx& tx) {
    const Ruling ruling = *LastRuling(tx, *store::GetTransfer(tx, id));
    for (const std::string& line : ruling.lines) lines += line + "\n";
  });
  CHECK_THAT(lines, Contains("raj signed 'production' in the place of paula."));
}

TEST_CASE("what runs by somebody who stands in is stopped when whose place it is ends that, and agents are told") {
  SigningStudio studio;
  const trust::Delegation delegation{"northlight", "raj",   studio.now(),      studio.now() + hours(30),
                                     "away",       "paula", "0011223344556677"};
  const std::string handed_on = studio.Sign(delegation, "paula");
  REQUIRE(AddDelegation(studio.context, handed_on, "user:test").ok());
  const std::string id = studio.Waiting();
  for (const char* const person : {"pete", "raj"}) {
    REQUIRE(studio.Submit(id, studio.Yes(id, person)).empty());
    studio.Decide();
  }
  REQUIRE(studio.Get(id).state == State::kQueued);
  studio.Write([&](pg::Tx& tx) {
    REQUIRE(store::AssignTransfer(tx, *store::GetTransfer(tx, id), {"lon-1", "van-1", 1},
                                  {Cause::kAssigned, "planner", "", "", studio.clock.Now()}));
  });

  const trust::DelegationEnd end{"northlight", "raj",  *trust::ApprovalDigest(handed_on), delegation.not_after, "back",
                                 studio.now(), "paula"};
  const auto refused = [&](auto change, const std::string& signer = "paula") {
    trust::DelegationEnd other = end;
    change(other);
    return base::ReasonOf(EndDelegation(studio.context, studio.Sign(other, signer), "user:test"));
  };
  CHECK(refused([](auto&) {}, "raj") == trust::kApproverMismatch);
  CHECK(refused([](auto& e) { e.approver = "raj"; }, "raj") == trust::kApproverMismatch);
  CHECK(refused([](auto& e) { e.delegation = std::string(64, '0'); }) == "DELEGATION_UNKNOWN");
  CHECK(refused([](auto& e) { e.not_after += seconds(1); }) == "DELEGATION_MISMATCH");
  CHECK(refused([](auto& e) { e.delegate = "pete"; }) == "DELEGATION_MISMATCH");
  CHECK(refused([](auto& e) { e.client.clear(); }) == "DELEGATION_MISMATCH");
  CHECK(studio.Get(id).state == State::kRunning);
  CHECK(Desk(studio.context).TrustOf("lon")->objections.empty());

  std::set<std::string> woken;
  studio.wakes.OnAgent([&](const std::string& agent) { woken.insert(agent); });
  REQUIRE(refused([](auto&) {}).empty());
  studio.wakes.OnAgent({});
  CHECK(woken == std::set<std::string>{"lon-1", "van-1"});
  CHECK(studio.Get(id).state == State::kDeciding);
  studio.Decide();
  CHECK(studio.Get(id).state == State::kAwaitingApproval);
  CHECK(Desk(studio.context).TrustOf("lon")->objections == std::vector<std::string>{studio.Sign(end, "paula")});
  CHECK(Desk(studio.context).TrustOf("van")->objections.size() == 1);
  REQUIRE(refused([](auto&) {}).empty());  // the same again
  CHECK(studio.Audited("", "approval.delegation_ended").size() == 1);
  // Handed in again it stays ended; another word of Paula's counts.
  REQUIRE(AddDelegation(studio.context, handed_on, "user:test").ok());
  CHECK(studio.Submit(id, studio.Yes(id, "raj")) == "APPROVER_NOT_ELIGIBLE");
  trust::Delegation anew = delegation;
  anew.nonce = "7766554433221100";
  REQUIRE(AddDelegation(studio.context, studio.Sign(anew, "paula"), "user:test").ok());
  REQUIRE(studio.Submit(id, studio.Yes(id, "raj")).empty());
  studio.Decide();
  CHECK(studio.Get(id).state == State::kQueued);
  // Agents forget it when the delegation would have ended by itself.
  studio.Write([&](pg::Tx& tx) {
    CHECK(store::Objections(tx, delegation.not_after - seconds(1), delegation.not_after, 10).size() == 1);
    CHECK(store::Objections(tx, delegation.not_after, delegation.not_after, 10).empty());
  });
}

TEST_CASE("every agent is told what was said against a transfer for as long as it could matter, and which rules hold") {
  SigningStudio studio;
  std::string pete;
  const std::string id = studio.Running(&pete);
  Desk desk(studio.context);
  CHECK(desk.TrustOf("lon")->objections.empty());
  CHECK(desk.TrustOf("lon")->activations.size() == 1);
  const std::string back = studio.Back(pete, "pete");
  REQUIRE(studio.Withdraw(id, back).empty());
  studio.Decide();
  const std::string no = studio.No(id, "pete");
  REQUIRE(studio.Submit(id, no).empty());
  CHECK(*desk.TrustOf("lon") == *desk.TrustOf("lon"));
  const std::vector<std::string> told = desk.TrustOf("lon")->objections;
  CHECK(std::set<std::string>(told.begin(), told.end()) == std::set<std::string>{back, no});
  studio.ActivateLayer("{studio: true}", kAllow);
  studio.Activate(kAllow);
  CHECK(desk.TrustOf("lon")->activations.size() == 2);
  studio.Write([&](pg::Tx& tx) {
    const base::Instant later = studio.clock.Now() + hours(2);
    CHECK(store::Objections(tx, later, later - hours(24), 10) == std::vector<std::string>{no});
    CHECK(store::Objections(tx, later, later, 10).empty());
  });
}

TEST_CASE("an agent that refuses what we refuse too spends no attempt, and one that is alone with it does") {
  SigningStudio studio;
  std::string pete;
  const std::string id = studio.Running(&pete);
  const auto refuse = [&] {
    return ReportFailure(studio.context, "lon-1", id, studio.Get(id).epoch, "CLEARANCE_NEEDS_APPROVALS", "no").ok();
  };
  SECTION("alone") {
    REQUIRE(refuse());
    CHECK(studio.Get(id).state == State::kQueued);
    CHECK(studio.Get(id).attempts == 1);
  }
  SECTION("alike: the policy has become another one, and nobody has told us yet") {
    studio.Activate(base::StrCat(kSigned, kHoldUntil));
    REQUIRE(refuse());
    CHECK(studio.Get(id).state == State::kDeciding);
    CHECK(studio.Get(id).attempts == 0);
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
