// XXH3-128 in pieces: the check of every byte that crosses, never an identity.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/wire/frames.h"

struct XXH3_state_s;

namespace crossdock::agent {

// Not thread-safe.
class Xxh3 {
 public:
  Xxh3();
  ~Xxh3();
  void Update(std::string_view bytes);
  // The same as Update with `count` zero bytes, at more than ten times its speed: for holes.
  void UpdateZeros(uint64_t count);
  // Canonical form of all that was given; starts anew afterwards.
  wire::Digest128 Finish();
  // What was given so far, to go on with later: only by the same version of the library. Empty when that is not the
  // one that this program was built with.
  std::string Save() const;
  // False when it was saved by another version, or is damaged; nothing has changed then.
  bool Restore(std::string_view saved);

 private:
  void StartOver();

  std::unique_ptr<XXH3_state_s, void (*)(XXH3_state_s*)> state_;
};

}  // namespace crossdock::agent
