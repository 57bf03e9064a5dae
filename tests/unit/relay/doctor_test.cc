#include "relay/doctor.h"

#include <algorithm>

#include "catch2/catch.hpp"

namespace crossdock::relay {
namespace {

host::Finding OpenFiles(const Config& config, uint64_t limit) {
  host::Facts facts;
  facts.open_files_max = limit;
  const std::vector<host::Finding> findings = Doctor(facts, config, host::Line{});
  const auto found =
      std::find_if(findings.begin(), findings.end(), [](const host::Finding& f) { return f.name == "open files"; });
  REQUIRE(found != findings.end());
  return *found;
}

TEST_CASE("a relay's doctor wants descriptors for all that its configuration allows", "[doctor]") {
  Config config;
  config.connections_max = 100;
  config.half_open.total_max = 36;  // 100 × 9 + 64 + 36
  CHECK(OpenFiles(config, 1000).verdict == host::Verdict::kOk);
  const host::Finding few = OpenFiles(config, 999);
  CHECK(few.verdict == host::Verdict::kWarning);
  CHECK(few.change.find("LimitNOFILE=1000") == 0);
  CHECK(OpenFiles(config, 100).verdict == host::Verdict::kProblem);
}

TEST_CASE("a relay's doctor looks at pipes and queues, and not at AES", "[doctor]") {
  std::vector<std::string> names;
  for (const host::Finding& each : Doctor(host::Facts{}, Config{}, host::Line{})) names.push_back(each.name);
  CHECK(std::count(names.begin(), names.end(), "pipes") == 1);
  CHECK(std::count(names.begin(), names.end(), "accept queue") == 1);
  CHECK(std::count(names.begin(), names.end(), "AES") == 0);
}

}  // namespace
}  // namespace crossdock::relay
