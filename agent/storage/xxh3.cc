#include "agent/storage/xxh3.h"

#include <xxhash.h>

#include <algorithm>
#include <new>

#include "lib/base/check.h"

namespace crossdock::agent {

Xxh3::Xxh3() : state_(XXH3_createState(), [](XXH3_state_s* state) { XXH3_freeState(state); }) {
  INVARIANT(state_ && XXH3_128bits_reset(state_.get()) == XXH_OK) << "XXH3";
}

Xxh3::~Xxh3() = default;

void Xxh3::Update(std::string_view bytes) { XXH3_128bits_update(state_.get(), bytes.data(), bytes.size()); }

wire::Digest128 Xxh3::Finish() {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
  XXH3_128bits_reset(state_.get());
  wire::Digest128 digest;
  std::copy(std::begin(canonical.digest), std::end(canonical.digest), digest.begin());
  return digest;
}

}  // namespace crossdock::agent
