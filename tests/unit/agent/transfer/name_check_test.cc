// Names that differ at the source and are one at the destination.
#include "agent/transfer/name_check.h"

#include <fcntl.h>

#include "catch2/catch.hpp"
#include "tests/support/attempt_pair.h"

namespace crossdock::agent {
namespace {

struct Folding : AttemptPair {
  explicit Folding(bool folds = true) { to_calls.folds = folds; }
};

TEST_CASE("two names that the destination takes for one are refused by name, and nothing lands", "[agent][names]") {
  Folding studio;
  studio.Write(studio.Source("plates/Sky.exr"), "one");
  studio.Write(studio.Source("plates/sky.exr"), "two");
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.received.status()) == "NAME_COLLISION");
  CHECK(base::ReasonOf(outcome.sent.status()) == "NAME_COLLISION");
  CHECK_THAT(outcome.received.status().ToString(),
             Catch::Contains("'plates/Sky.exr'") && Catch::Contains("'plates/sky.exr'"));
  CHECK_FALSE(studio.tree.Exists("b/in"));
}

TEST_CASE("directories collide as files do", "[agent][names]") {
  Folding studio;
  studio.Write(studio.Source("Plates/a.exr"), "one");
  studio.Write(studio.Source("plates/b.exr"), "two");
  CHECK(base::ReasonOf(studio.Run().received.status()) == "NAME_COLLISION");
}

TEST_CASE("names that are one elsewhere are two where the storage keeps them apart", "[agent][names]") {
  Folding studio(/*folds=*/false);
  studio.Write(studio.Source("Sky.exr"), "one");
  studio.Write(studio.Source("sky.exr"), "two");
  REQUIRE(studio.Run().received.ok());
  CHECK(*base::ReadFile(studio.Destination("Sky.exr"), 10) == "one");
  CHECK(*base::ReadFile(studio.Destination("sky.exr"), 10) == "two");
}

TEST_CASE("storage that folds names takes a package whose names stay apart", "[agent][names]") {
  Folding studio;
  studio.Write(studio.Source("a/Sky.exr"), "one");
  studio.Write(studio.Source("b/sky.exr"), "two");
  const auto outcome = studio.Run();
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(studio.StagingIsEmpty());
}

}  // namespace
}  // namespace crossdock::agent
