// Any bytes as the running XXH3 of a ledger: either it is refused and nothing has changed, or hashing goes on from it
// inside its own buffers.
#include "agent/storage/xxh3.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {

namespace {

bool Check(std::string_view saved) {
  agent::Xxh3 hash;
  if (!hash.Restore(saved)) {
    INVARIANT(hash.Finish() == agent::Xxh3().Finish()) << "a state that was refused has changed something";
    return false;
  }
  agent::Xxh3 other;
  INVARIANT(other.Restore(hash.Save())) << "what was restored can be saved";
  for (const size_t size : {1, 63, 64, 255, 256, 257, 5000}) {
    const std::string bytes(size, 'b');
    hash.Update(bytes);
    other.Update(bytes);
  }
  INVARIANT(hash.Finish() == other.Finish()) << "the same state, another digest";
  return true;
}

}  // namespace

// `input` is a state without the library's version before it.
bool FuzzHashState(std::string_view input) {
  static const std::string version = [] {
    const std::string saved = agent::Xxh3().Save();
    return saved.substr(0, saved.find('/') + 1);
  }();
  const bool bare = Check(input);
  return Check(base::StrCat(version, input)) || bare;
}

}  // namespace crossdock::fuzz
