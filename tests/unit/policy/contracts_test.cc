// The contracts of docs/policy_language.md: each is worked through to the end, and together they are layers.
#include <filesystem>

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/lint.h"
#include "lib/policy/mutate.h"
#include "lib/policy/parse.h"
#include "lib/policy/run_tests.h"

namespace crossdock::policy {
namespace {

const std::string kFolder = std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/contracts/";

Policy Contract(const std::string& name) {
  const auto text = base::ReadFile(kFolder + name + ".yaml");
  REQUIRE(text.ok());
  auto policy = Parse(*text, name);
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

TEST_CASE("T-16: each contract has no findings, passes its tests, and its tests notice every change", "[contracts]") {
  int contracts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    ++contracts;
    const Policy policy = Contract(entry.path().stem().string());
    for (const Finding& finding : Lint(policy, nullptr, policy.valid_from)) FAIL(FormatFinding(policy, finding));
    for (const TestResult& result : RunTests(policy)) {
      INFO(policy.file << ": " << result.name << ": " << result.difference);
      CHECK(result.passed);
    }
    const TestStrength strength = MeasureTests(policy);
    CHECK(strength.unreached.empty());
    for (const Mutant& mutant : strength.mutants) {
      INFO(policy.file << ": " << mutant.rule << " " << mutant.change);
      CHECK_FALSE(mutant.killed_by.empty());
    }
  }
  CHECK(contracts == 5);
}

TEST_CASE("the house's, Kestrel's and Wren's rules hold together", "[contracts][layers]") {
  const Policy studio = Contract("studio"), kestrel = Contract("kestrel"), wren = Contract("kestrel-wren");
  const std::vector<const Policy*> layers = {&studio, &kestrel, &wren};
  for (const TestResult& result : RunTests(wren, std::vector<const Policy*>{&studio, &kestrel})) {
    INFO(result.name << ": " << result.difference);
    CHECK(result.passed);
  }
  CHECK(LintTogether(layers).empty());
  const Instant now = *base::ParseInstant("2026-06-05T17:00:00Z");
  Facts facts;
  facts.values = {{"asset.client", "kestrel"},
                  {"asset.project", "wren"},
                  {"destination.site", "akl"},
                  {"transfer.volume", "proj"},
                  {"requester", "pete"},
                  {"asset.classification", "confidential"},
                  {"transfer.bytes", Fact(FactValue(int64_t{1} << 31))}};
  const Decision open = EvaluateLayers(layers, facts, {}, now);
  REQUIRE(open.open.size() == 2);
  CHECK(open.open[0].id == "production");
  CHECK(open.open[1].id == "show/showrunner");
  CHECK(open.obligations.delete_staging_within == std::chrono::hours(7 * 24));
  const auto by = [&](const std::string& person, const std::string& requirement) {
    return Approval{requirement, person, "", "", {"show-production"}, Approval::Decision::kApprove, false, now};
  };
  const std::vector<Approval> both = {by("paula", "production"), by("ines", "show/showrunner")};
  CHECK(EvaluateLayers(layers, facts, both, now).verdict == Verdict::kAllow);
  facts.values["transfer.bytes"] = Fact(FactValue(int64_t{50} << 40));
  CHECK(EvaluateLayers(layers, facts, both, now).verdict == Verdict::kDeny);
  facts.values["transfer.bytes"] = Fact(FactValue(int64_t{1} << 31));
  facts.values["transfer.volume"] = "dailies";
  facts.values["asset.classification"] = "internal";
  CHECK(EvaluateLayers(layers, facts, {}, now).verdict == Verdict::kAllow);
}

}  // namespace
}  // namespace crossdock::policy
