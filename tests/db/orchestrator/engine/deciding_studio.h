// A studio with a policy in force and transfers that are decided by it.
#pragma once

#include <string>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/policy/parse.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/store/rules.h"
#include "orchestrator/store/transfers.h"
#include "tests/db/orchestrator/engine/engine_studio.h"

namespace crossdock::orchestrator::engine {

inline constexpr std::string_view kHead = R"yaml(schema: crossdock/policy/v1
id: northlight
title: "Work goes to Vancouver"
applies_to: {client: northlight}
valid: {from: 2026-01-01, review_by: 2034-12-31}
rules:
)yaml";
inline constexpr std::string_view kAllow =
    "  - {id: N-10, effect: allow, title: \"Work\", when: {}, require: {approvals: none}}\n";
inline constexpr std::string_view kAllowUntil =
    "  - {id: N-10, effect: allow, title: \"Work\", when: {}, require: {approvals: none}, until: "
    "\"2030-01-01T00:00:00Z\"}\n";
inline constexpr std::string_view kHoldUntil =
    "  - {id: N-20, effect: hold, reason: \"Embargo\", when: {}, until: \"2030-01-01T00:00:00Z\"}\n";
inline constexpr std::string_view kTests = R"yaml(fixture: {client: northlight, now: "2026-11-20T12:00:00Z"}
tests:
  - {name: "an unknown client's work stays", facts: {client: other}, expect: {hold: policy-of-another-client}}
)yaml";

inline const base::Instant kUntil = *base::ParseInstant("2030-01-01T00:00:00Z");

class DecidingStudio : public Studio {
 public:
  void Activate(std::string_view rules) { ActivateText(base::StrCat(kHead, rules, kTests)); }
  // Of another layer: `applies_to` is {studio: true}, or {client: …, show: …}.
  void ActivateLayer(std::string_view applies_to, std::string_view rules) {
    constexpr std::string_view kClient = "{client: northlight}";
    std::string text = base::StrCat(kHead, rules);
    ActivateText(text.replace(text.find(kClient), kClient.size(), applies_to));
  }
  void ActivateText(const std::string& text) {
    const absl::StatusOr<policy::Policy> policy = policy::Parse(text, "test");
    INFO(policy.status().ToString());
    REQUIRE(policy.ok());
    const trust::PolicyActivation activation{policy::ScopeKey(policy->scope()), ++number_, policy->digest, clock.Now(),
                                             "olga"};
    store::Policy row;
    row.client = activation.client;
    row.digest = policy->digest;
    row.text = text;
    row.proposed = clock.Now();
    row.number = number_;
    row.statement = trust::SignedStatement::Sign(*trust::Encode(activation), officer).Format();
    row.officer = "olga";
    row.activated = clock.Now();
    Write([&](pg::Tx& tx) {
      store::InsertPolicy(tx, row);
      store::ActivatePolicy(tx, row);
    });
  }
  Transfer Get(const std::string& id) {
    Transfer transfer;
    Write([&](pg::Tx& tx) { transfer = *store::GetTransfer(tx, id); });
    return transfer;
  }
  // A transfer that was decided at `now`.
  std::string Decided(base::Instant now, const std::string& request = "r-1", const std::string& path = "northlight/a") {
    const auto made = Create(request, path);
    REQUIRE(made.ok());
    Write([&](pg::Tx& tx) {
      Transfer transfer = *store::GetTransfer(tx, made->id);
      if (transfer.state == State::kReceived) {
        REQUIRE(store::MoveTransfer(tx, transfer, {Cause::kAccepted, "test", "", "", now}));
        transfer = *store::GetTransfer(tx, made->id);
      }
      REQUIRE(store::SetListing(tx, transfer, std::string(64, 'a'), 1, 1, 1));
      transfer = *store::GetTransfer(tx, made->id);
      REQUIRE(store::MoveTransfer(tx, transfer, {Cause::kManifestReady, "test", "", "", now}));
    });
    REQUIRE(DecideAll(context, now).ok());
    return made->id;
  }
  std::string Running(base::Instant now) {
    const std::string id = Decided(now);
    REQUIRE(Get(id).state == State::kQueued);
    Write([&](pg::Tx& tx) {
      REQUIRE(store::AssignTransfer(tx, *store::GetTransfer(tx, id), {"lon-1", "van-1", 1},
                                    {Cause::kAssigned, "planner", "", "", now}));
    });
    return id;
  }

 private:
  uint64_t number_ = 0;
};

}  // namespace crossdock::orchestrator::engine
