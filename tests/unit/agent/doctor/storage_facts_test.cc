#include "agent/doctor/storage_facts.h"

#include <filesystem>

#include "catch2/catch.hpp"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;

StorageFacts Healthy() {
  StorageFacts facts;
  facts.filesystem = "nfs";
  facts.bytes_free = 500 * kGiB;
  facts.bytes_total = 1000 * kGiB;
  facts.sync_time = std::chrono::milliseconds(4);
  return facts;
}

TEST_CASE("a volume that can be written to is ok, and nothing is left there", "[doctor]") {
  const test::TempTree tree;
  const base::SystemClock clock;
  const StorageFacts facts = TryStorage(tree.root(), clock);
  CHECK(facts.problem.empty());
  CHECK_FALSE(facts.filesystem.empty());
  CHECK(facts.bytes_total >= facts.bytes_free);
  CHECK(std::filesystem::is_empty(tree.root()));
}

TEST_CASE("a volume that is not there is a problem", "[doctor]") {
  const test::TempTree tree;
  const base::SystemClock clock;
  const host::Finding finding = JudgeStorage("proj", TryStorage(tree.root() + "/away", clock));
  CHECK(finding.verdict == host::Verdict::kProblem);
  CHECK(finding.name == "volume proj");
  CHECK(finding.found.find("No such file") != std::string::npos);
  CHECK_FALSE(finding.change.empty());
}

TEST_CASE("little room and slow writes are warnings", "[doctor]") {
  StorageFacts facts = Healthy();
  CHECK(JudgeStorage("proj", facts).verdict == host::Verdict::kOk);
  facts.bytes_free = 9 * kGiB;
  CHECK(JudgeStorage("proj", facts).verdict == host::Verdict::kWarning);
  facts = Healthy();
  facts.sync_time = std::chrono::milliseconds(51);
  CHECK(JudgeStorage("proj", facts).verdict == host::Verdict::kWarning);
}

}  // namespace
}  // namespace crossdock::agent
