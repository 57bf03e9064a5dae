// What was said against a transfer and seen here once: an orchestrator that has fallen cannot take it back.
#include "agent/trust/warrant.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/policy/parse.h"
#include "lib/trust/approval.h"
#include "lib/trust/reasons.h"
#include "tests/support/temp_tree.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::agent {
namespace {

using namespace trust;  // NOLINT: the examples
using std::chrono::hours;
using Texts = std::vector<std::string>;

const base::Instant kNow = At("2026-11-20T12:00:00Z");
constexpr char kTransfer[] = "tr-0123456789abcdef";

class FixedClock : public base::Clock {
 public:
  base::Instant Now() const override { return kNow; }
  base::Steady MonotonicNow() const override { return base::Steady(); }
};

// The store of an agent that has just enrolled.
class Agent {
 public:
  Agent() {
    const std::string body = ExampleRosterBody();
    REQUIRE(
        TrustStore::Create(tree_.root(), Roster::Parse(body, "test")->Root(), body, SignRoster(body, {"olga"}), kNow)
            .ok());
    Restart();
  }
  void Restart() {
    auto opened = TrustStore::Open(tree_.root());
    REQUIRE(opened.ok());
    store = *std::move(opened);
  }
  std::unique_ptr<TrustStore> store;

 private:
  test::TempTree tree_;
};

template <typename Kind>
std::string Signed(const Kind& statement, std::string_view signer = "paula") {
  return SignedStatement::Sign(*Encode(statement), TestKey(signer)).Format();
}

TEST_CASE("a withdrawal and a denial that were seen once are known after a restart, whoever is silent about them") {
  Agent agent;
  const uint64_t before = agent.store->revision();
  REQUIRE(agent.store->TakeObjections(Texts{Signed(ExampleWithdrawal()), Signed(ExampleDenial())}, kNow).ok());
  CHECK(agent.store->revision() > before);
  agent.Restart();
  REQUIRE(agent.store->TakeObjections(Texts{}, kNow).ok());
  const TrustStore::Objections objections = agent.store->ObjectionsTo(kTransfer);
  CHECK(objections.withdrawn == std::set<clearance::WithdrawnApproval>{{TestDigest("approval"), "paula"}});
  CHECK(objections.denials == Texts{Signed(ExampleDenial())});
  CHECK(agent.store->ObjectionsTo("tr-another").denials.empty());
  CHECK(agent.store->ObjectionsTo("tr-another").withdrawn.empty());
}

TEST_CASE("what nobody may say is not remembered, and hides nothing that somebody may") {
  Agent agent;
  const absl::Status status = agent.store->TakeObjections(
      Texts{Signed(ExampleWithdrawal(), "eve"), Signed(ExampleApproval()), "nonsense", Signed(ExampleDenial())}, kNow);
  CHECK(base::ReasonOf(status) == kApproverUnknown);
  CHECK(agent.store->ObjectionsTo(kTransfer).withdrawn.empty());
  CHECK(agent.store->ObjectionsTo(kTransfer).denials.size() == 1);
}

TEST_CASE("a withdrawal is forgotten when the approval would have ended, a denial much later") {
  Agent agent;
  const Texts both{Signed(ExampleWithdrawal()), Signed(ExampleDenial())};
  REQUIRE(agent.store->TakeObjections(both, kNow).ok());
  const base::Instant end = ExampleWithdrawal().not_after;
  REQUIRE(agent.store->TakeObjections(Texts{}, end - std::chrono::seconds(1)).ok());
  CHECK(agent.store->ObjectionsTo(kTransfer).withdrawn.size() == 1);
  REQUIRE(agent.store->TakeObjections(both, end).ok());
  CHECK(agent.store->ObjectionsTo(kTransfer).withdrawn.empty());
  REQUIRE(agent.store->TakeObjections(Texts{}, ExampleDenial().denied + TrustStore::kDenialKept - hours(1)).ok());
  CHECK(agent.store->ObjectionsTo(kTransfer).denials.size() == 1);
  REQUIRE(agent.store->TakeObjections(Texts{}, ExampleDenial().denied + TrustStore::kDenialKept).ok());
  CHECK(agent.store->ObjectionsTo(kTransfer).denials.empty());
}

TEST_CASE("a policy that came into force is known before any task is made by it, and an older one is no news") {
  Agent agent;
  PolicyActivation activation = ExampleActivation();
  activation.number = 5;
  REQUIRE(agent.store->TakeActivations(Texts{Signed(activation, "olga")}, kNow).ok());
  CHECK(agent.store->PolicySeen("northlight")->number == 5);
  const uint64_t before = agent.store->revision();
  activation.number = 4;
  REQUIRE(agent.store->TakeActivations(Texts{Signed(activation, "olga")}, kNow).ok());
  CHECK(agent.store->PolicySeen("northlight")->number == 5);
  CHECK(agent.store->revision() == before);
  activation.number = 6;
  CHECK(base::ReasonOf(agent.store->TakeActivations(Texts{Signed(activation, "sam")}, kNow)) == kSignatureInvalid);
  activation.number = 5;
  activation.digest = TestDigest("another policy of that number");
  CHECK(base::ReasonOf(agent.store->TakeActivations(Texts{Signed(activation, "olga")}, kNow)) == kPolicyForked);
  CHECK(agent.store->PolicySeen("northlight")->digest == TestDigest("policy"));
}

constexpr std::string_view kPolicy = R"yaml(schema: crossdock/policy/v1
id: northlight
title: "Production signs"
applies_to: {client: northlight}
valid: {from: 2026-01-01, review_by: 2027-12-31}
rules:
  - id: N-10
    effect: allow
    title: "Work"
    when: {}
    require: {approvals: {all_of: [{id: production, count: 1, from: [group:show-production]}], exclude: []}}
)yaml";

// What van's agent is told to receive from lon, by papers that are all in order.
Task Receiving(bool approved) {
  PolicyActivation activation = ExampleActivation();
  const policy::Policy policy = *policy::Parse(kPolicy, "test");
  activation.digest = policy.digest;
  MoveTask move;
  move.source = {"proj", "northlight/ep07/sh010", {}};
  move.destination = {"proj", "northlight/ep07/sh010", {}};
  move.listing = TestDigest("listing");
  move.files = 240;
  move.bytes = 12;
  RelayStatement relay = ExampleRelay();
  relay.site = "van";
  move.route.relay_statement = Signed(relay, "sam");
  const Credential credential = SignCredential(ExampleGrant(), ExampleIdentity());
  move.peer = {credential.identity, credential.grant};
  move.warrant.policies = {{std::string(kPolicy), Signed(activation, "olga")}};
  move.warrant.client = "northlight";
  move.warrant.source_site = "lon";
  move.warrant.destination_site = "van";
  ApprovalStatement approval = ExampleApproval();
  approval.content.clear();
  approval.bytes = 12;
  approval.classification = "internal";
  approval.policy = policy.digest;
  if (approved) move.warrant.approvals = {Signed(approval)};
  return {"receive/1", kTransfer, move};
}

std::string Refusal(const TrustStore& store, const Task& task) {
  const FixedClock clock;
  const WarrantCheck check("van", const_cast<TrustStore&>(store), clock);
  const absl::Status status = check.Check(task, std::get<MoveTask>(task.work)).status();
  return status.ok() ? "" : base::StrCat(base::ReasonOf(status), " ", base::ToStd(status.message()));
}

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("T-25: an approval that an agent has seen withdrawn moves nothing, though the task still brings it along") {
  Agent agent;
  const Task task = Receiving(true);
  CHECK(Refusal(*agent.store, task).empty());
  CHECK_THAT(Refusal(*agent.store, Receiving(false)), StartsWith("CLEARANCE_NEEDS_APPROVALS"));
  Withdrawal withdrawal = ExampleWithdrawal();
  withdrawal.approval = *ApprovalDigest(std::get<MoveTask>(task.work).warrant.approvals[0]);
  // In Raj's name it is not Paula's.
  Withdrawal of_another = withdrawal;
  of_another.approver = "raj";
  REQUIRE(agent.store->TakeObjections(Texts{Signed(of_another, "raj")}, kNow).ok());
  CHECK(Refusal(*agent.store, task).empty());
  REQUIRE(agent.store->TakeObjections(Texts{Signed(withdrawal)}, kNow).ok());
  CHECK_THAT(Refusal(*agent.store, task), StartsWith("CLEARANCE_NEEDS_APPROVALS") && Contains("APPROVAL_WITHDRAWN"));
}

TEST_CASE("T-25: a no that an agent has seen holds, though the task keeps it back and brings approvals") {
  Agent agent;
  const Task task = Receiving(true);
  DenialStatement denial = ExampleDenial();
  denial.content.clear();
  denial.bytes = 12;
  denial.classification = "internal";
  denial.policy = policy::Parse(kPolicy, "test")->digest;
  REQUIRE(agent.store->TakeObjections(Texts{Signed(denial)}, kNow).ok());
  CHECK_THAT(Refusal(*agent.store, task), StartsWith("CLEARANCE_DENIED"));
  // Brought along as well, it is one no.
  Task honest = task;
  std::get<MoveTask>(honest.work).warrant.approvals.push_back(Signed(denial));
  CHECK_THAT(Refusal(*agent.store, honest), StartsWith("CLEARANCE_DENIED"));
}

TEST_CASE("an agent counts a stand-in by the signed word that the task brings along, and by nothing less") {
  Agent agent;
  Task task = Receiving(false);
  MoveTask& move = std::get<MoveTask>(task.work);
  auto approval = *Decode<ApprovalStatement>(
      SignedStatement::Parse(std::get<MoveTask>(Receiving(true).work).warrant.approvals[0])->statement());
  approval.approver = "raj";
  move.warrant.approvals = {Signed(approval, "raj")};
  CHECK_THAT(Refusal(*agent.store, task), StartsWith("CLEARANCE_NEEDS_APPROVALS"));
  move.warrant.delegations = {Signed(ExampleDelegation(), "raj")};
  CHECK_THAT(Refusal(*agent.store, task), StartsWith("CLEARANCE_NEEDS_APPROVALS"));
  move.warrant.delegations = {Signed(ExampleDelegation())};
  CHECK(Refusal(*agent.store, task).empty());
}

TEST_CASE(
    "T-25: a stand-in whose time an agent has seen ended moves nothing, though the task still brings the word along") {
  Agent agent;
  Task task = Receiving(false);
  MoveTask& move = std::get<MoveTask>(task.work);
  auto approval = *Decode<ApprovalStatement>(
      SignedStatement::Parse(std::get<MoveTask>(Receiving(true).work).warrant.approvals[0])->statement());
  approval.approver = "raj";
  move.warrant.approvals = {Signed(approval, "raj")};
  move.warrant.delegations = {Signed(ExampleDelegation())};
  CHECK(Refusal(*agent.store, task).empty());
  DelegationEnd end = ExampleDelegationEnd();
  end.delegation = *ApprovalDigest(move.warrant.delegations[0]);
  CHECK(base::ReasonOf(agent.store->TakeObjections(Texts{Signed(end, "raj")}, kNow)) == kApproverMismatch);
  DelegationEnd by_raj = end;
  by_raj.approver = "raj";
  REQUIRE(agent.store->TakeObjections(Texts{Signed(by_raj, "raj")}, kNow).ok());
  CHECK(Refusal(*agent.store, task).empty());
  const uint64_t before = agent.store->revision();
  REQUIRE(agent.store->TakeObjections(Texts{Signed(end)}, kNow).ok());
  CHECK(agent.store->revision() > before);  // what runs asks again
  CHECK_THAT(Refusal(*agent.store, task), StartsWith("CLEARANCE_NEEDS_APPROVALS"));
  agent.Restart();
  REQUIRE(agent.store->TakeObjections(Texts{}, kNow).ok());
  CHECK_THAT(Refusal(*agent.store, task), StartsWith("CLEARANCE_NEEDS_APPROVALS"));
  // Until it would have ended by itself.
  REQUIRE(agent.store->TakeObjections(Texts{}, end.not_after - std::chrono::seconds(1)).ok());
  CHECK(agent.store->ObjectionsTo(kTransfer).ended.size() == 2);
  REQUIRE(agent.store->TakeObjections(Texts{}, end.not_after).ok());
  CHECK(agent.store->ObjectionsTo(kTransfer).ended.empty());
}

TEST_CASE("a task that was made by rules which an agent has seen replaced is refused") {
  Agent agent;
  PolicyActivation newer = ExampleActivation();
  newer.number = 4;
  newer.digest = TestDigest("revoked");
  REQUIRE(agent.store->TakeActivations(Texts{Signed(newer, "olga")}, kNow).ok());
  CHECK_THAT(Refusal(*agent.store, Receiving(true)), StartsWith("POLICY_TOO_OLD"));
}

}  // namespace
}  // namespace crossdock::agent
