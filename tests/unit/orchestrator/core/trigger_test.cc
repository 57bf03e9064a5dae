#include "orchestrator/core/trigger.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::orchestrator {
namespace {

std::string Triggers(const std::string& more) {
  return "schema: crossdock/triggers/v1\ntriggers:\n  - id: comp\n    when: {project: [nl]}\n    deliver:\n"
         "      from: lon\n      to: [van]\n      purpose: comp\n" +
         more;
}

Entity Shot() {
  Entity entity;
  entity.project = "nl";
  entity.volume = "proj";
  entity.path = "shots/sh010";
  return entity;
}

TEST_CASE(
    "a delivery adds nothing to what stands at its destination, and replaces nothing, unless its trigger says so") {
  const auto silent = ParseTriggers(Triggers(""), "t");
  REQUIRE(silent.ok());
  const PlannedDelivery usual = Apply(silent->front(), Shot()).value().front();
  CHECK(usual.merge == "never");
  CHECK_FALSE(usual.replace);
  const auto asked = ParseTriggers(Triggers("      merge: whole\n      replace: true\n"), "t");
  REQUIRE(asked.ok());
  const PlannedDelivery merged = Apply(asked->front(), Shot()).value().front();
  CHECK(merged.merge == "whole");
  CHECK(merged.replace);
  CHECK_THAT(ParseTriggers(Triggers("      merge: yes\n"), "t").status().ToString(), Catch::Contains("merge"));
}

}  // namespace
}  // namespace crossdock::orchestrator
