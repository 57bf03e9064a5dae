#include "lib/transparency/add_checkpoint.h"
#include "lib/transparency/proof.h"
#include "tests/fuzz/seeds.h"

namespace crossdock::fuzz {

void AddTransparencySeeds(Seeds& seeds) {
  using namespace transparency;
  const base::PrivateKey key = *base::PrivateKey::FromSeed(std::string(32, 'l'));
  const base::PrivateKey witness = *base::PrivateKey::FromSeed(std::string(32, 'w'));
  std::vector<Hash> leaves;
  for (int i = 0; i < 7; ++i) leaves.push_back(LeafHash(std::to_string(i)));
  const NodeSource nodes = [&](int level, uint64_t index) -> absl::StatusOr<Hash> {
    TreeHead head;
    for (uint64_t i = index << level; i < (index + 1) << level; ++i) head.Append(leaves[i]);
    return head.Root();
  };
  const Checkpoint checkpoint{"studio.example/audit/client/northlight", 7, *RootAt(7, nodes)};
  Note note = SignCheckpoint(checkpoint, key);
  seeds["checkpoint"]["signed"] = note.Format();
  seeds["checkpoint"]["empty_tree"] = SignCheckpoint({checkpoint.origin, 0, EmptyRoot()}, key).Format();
  seeds["proof"]["first"] = AddCheckpoint{0, {}, note.Format()}.Format();
  for (const uint64_t before : {3, 4, 6}) {
    seeds["proof"][std::to_string(before)] =
        AddCheckpoint{before, *ConsistencyProof(before, 7, nodes), note.Format()}.Format();
  }
  note.signatures.push_back(Cosign(note.text, "studio.example/site/lon/agent/lon-1", witness,
                                   std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000))));
  seeds["checkpoint"]["cosigned"] = note.Format();
}

}  // namespace crossdock::fuzz
