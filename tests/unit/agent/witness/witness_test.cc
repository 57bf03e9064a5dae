// A witness: what continues is co-signed, what does not is refused, and remembered over a restart.
#include "agent/witness/witness.h"

#include <filesystem>

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/transparency/proof.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

using transparency::Hash;

constexpr char kOrigin[] = "test.studio/audit/client/c";
const base::Instant kNow{std::chrono::seconds(1'700'000'000)};

base::PrivateKey KeyOf(char seed) { return *base::PrivateKey::FromSeed(std::string(32, seed)); }

// A log in memory, which may have any past.
struct Log {
  std::vector<Hash> leaves;
  base::PrivateKey key = KeyOf('l');

  void Grow(int count, const std::string& with = "") {
    for (int i = 0; i < count; ++i) leaves.push_back(transparency::LeafHash(base::StrCat(leaves.size(), with)));
  }
  transparency::NodeSource Source() const {
    return [this](int level, uint64_t index) -> absl::StatusOr<Hash> {
      transparency::TreeHead head;
      for (uint64_t i = index << level; i < (index + 1) << level; ++i) head.Append(leaves.at(i));
      return head.Root();
    };
  }
  transparency::Note Note() const {
    return transparency::SignCheckpoint({kOrigin, leaves.size(), *transparency::RootAt(leaves.size(), Source())}, key);
  }
  WitnessRequest Ask(uint64_t old_size) const {
    transparency::AddCheckpoint body{old_size, {}, Note().Format()};
    if (old_size <= leaves.size()) body.proof = *transparency::ConsistencyProof(old_size, leaves.size(), Source());
    const transparency::NoteKey name{kOrigin, transparency::NoteKeyType::kEd25519, key.Public()};
    return {"client/c", name.Format(), body.Format()};
  }
};

struct Desk {
  Witness Make() const {
    return {directory.root() + "/witness", "test.studio", "test.studio/site/lon/agent/lon-1", KeyOf('w')};
  }
  bool Holds(const Log& log, const WitnessAnswer& answer) const {
    const auto line = transparency::NoteSignature::Parse(answer.cosignature);
    return line.ok() && transparency::VerifyCosignature(log.Note().text, *line,
                                                        {"test.studio/site/lon/agent/lon-1",
                                                         transparency::NoteKeyType::kCosignature, KeyOf('w').Public()})
                            .ok();
  }
  int Count(const std::string& extension) const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.root() + "/witness"))
      count += entry.path().extension() == extension ? 1 : 0;
    return count;
  }
  test::TempTree directory;
};

TEST_CASE("a log that only grows is co-signed, over restarts") {
  Desk desk;
  Log log;
  uint64_t before = 0;
  for (const int more : {1, 1, 5, 300}) {
    log.Grow(more);
    Witness witness = desk.Make();
    const WitnessAnswer answer = witness.Answer(log.Ask(before), kNow);
    INFO(answer.detail);
    CHECK(answer.reason.empty());
    CHECK(answer.size == log.leaves.size());
    CHECK(desk.Holds(log, answer));
    before = log.leaves.size();
  }
  // The same again is no harm: the answer may have been lost.
  Witness witness = desk.Make();
  CHECK(desk.Holds(log, witness.Answer(log.Ask(before), kNow)));
}

TEST_CASE("a proof from elsewhere is answered with where the witness is") {
  Desk desk;
  Log log;
  log.Grow(3);
  Witness witness = desk.Make();
  REQUIRE(witness.Answer(log.Ask(0), kNow).reason.empty());
  log.Grow(3);
  const WitnessAnswer answer = witness.Answer(log.Ask(0), kNow);
  CHECK(answer.reason == kWitnessStale);
  CHECK(answer.seen_size == 3);
  CHECK(answer.cosignature.empty());
}

TEST_CASE("T-40: a log that was truncated, or has another past, is refused, and the contradiction kept") {
  Desk desk;
  Log log;
  log.Grow(6);
  REQUIRE(desk.Make().Answer(log.Ask(0), kNow).reason.empty());

  Log other;
  WitnessAnswer answer;
  SECTION("truncated") {
    other.Grow(4);
    answer = desk.Make().Answer(other.Ask(6), kNow);
    CHECK(answer.reason == kWitnessShrunk);
    CHECK(answer.detail.find("number 4 is gone") != std::string::npos);
  }
  SECTION("re-sealed at the same size") {
    other.Grow(6, "forged");
    answer = desk.Make().Answer(other.Ask(6), kNow);
    CHECK(answer.reason == kWitnessForked);
  }
  SECTION("forked, and grown since") {
    other.Grow(5);
    other.Grow(4, "forged");
    answer = desk.Make().Answer(other.Ask(6), kNow);
    CHECK(answer.reason == kWitnessForked);
  }
  CHECK(answer.cosignature.empty());
  CHECK(answer.seen_size == 6);
  CHECK(desk.Count(".conflict") == 1);
  // What it keeps goes with the refusal: the two contradict each other, and one key signed both.
  const auto held = transparency::ParseCheckpointNote(answer.held);
  REQUIRE(held.ok());
  CHECK(held->checkpoint.root == transparency::ParseCheckpointNote(log.Note().Format())->checkpoint.root);
  // The honest log goes on.
  log.Grow(1);
  CHECK(desk.Holds(log, desk.Make().Answer(log.Ask(6), kNow)));
}

TEST_CASE("a log is believed under the key that it had first, and only of this studio") {
  Desk desk;
  Log log;
  log.Grow(2);
  REQUIRE(desk.Make().Answer(log.Ask(0), kNow).reason.empty());
  log.key = KeyOf('x');
  CHECK(desk.Make().Answer(log.Ask(2), kNow).reason == kWitnessKeyChanged);
  WitnessRequest unsigned_one = log.Ask(2);
  unsigned_one.log_key =
      transparency::NoteKey{kOrigin, transparency::NoteKeyType::kEd25519, KeyOf('l').Public()}.Format();
  CHECK(desk.Make().Answer(unsigned_one, kNow).reason == "NOTE_UNSIGNED");
  // One key signs many logs; a checkpoint of another one, its line relabelled, is not this one's.
  WitnessRequest relabelled = log.Ask(2);
  relabelled.log_key =
      transparency::NoteKey{"test.studio/audit/client/d", transparency::NoteKeyType::kEd25519, log.key.Public()}
          .Format();
  CHECK(desk.Make().Answer(relabelled, kNow).reason == "NOTE_UNSIGNED");
  Witness elsewhere(desk.directory.root() + "/other", "another.studio", "w", KeyOf('w'));
  CHECK(elsewhere.Answer(log.Ask(0), kNow).reason == "WITNESS_LOG_UNKNOWN");
  CHECK(desk.Make().Answer({"client/c", "k", "nonsense"}, kNow).reason == "PROOF_MALFORMED");
}

}  // namespace
}  // namespace crossdock::agent
