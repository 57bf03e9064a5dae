// Any bytes as what a witness is asked: what is read is written again to the same bytes, and its proof, whatever it is,
// is judged without harm; a tree that it does accept is the one that it was made for.
#include "lib/transparency/add_checkpoint.h"
#include "lib/transparency/proof.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

using namespace transparency;

void CheckVerdict(const absl::Status& status) {
  if (!status.ok()) CheckRefusal(status);
}

void CheckProof(const AddCheckpoint& asked, const Checkpoint& checkpoint) {
  const Hash some = LeafHash("some");
  CheckVerdict(VerifyConsistency(asked.old_size, some, checkpoint.size, checkpoint.root, asked.proof));
  if (asked.old_size != 0 && asked.old_size < checkpoint.size) {
    const bool holds = VerifyConsistency(asked.old_size, some, checkpoint.size, checkpoint.root, asked.proof).ok();
    const bool other =
        VerifyConsistency(asked.old_size, LeafHash("other"), checkpoint.size, checkpoint.root, asked.proof).ok();
    INVARIANT(!holds || !other) << "one proof for two pasts";
  }
  CheckVerdict(VerifyInclusion(some, asked.old_size, checkpoint.size, asked.proof, checkpoint.root));
  std::vector<Beside> beside;
  for (size_t i = 0; i < asked.proof.size(); ++i) {
    beside.push_back({static_cast<int>(i / 2), i % 2 == 0, asked.proof[i]});
  }
  const absl::StatusOr<Hash> root = RootOfRange(asked.old_size, {some, some, some}, checkpoint.size, beside);
  CheckVerdict(root.status());
}

}  // namespace

bool FuzzProof(std::string_view input) {
  const absl::StatusOr<AddCheckpoint> asked = AddCheckpoint::Parse(input);
  if (!asked.ok()) {
    CheckRefusal(asked.status());
    return false;
  }
  INVARIANT(asked->Format() == input) << "two spellings of one request";
  const absl::StatusOr<CheckpointNote> read = ParseCheckpointNote(asked->note);
  if (!read.ok()) {
    CheckRefusal(read.status());
    return false;
  }
  CheckProof(*asked, read->checkpoint);
  return true;
}

}  // namespace crossdock::fuzz
