#include "agent/storage/xxh3.h"

// The state is kept in ledgers: its layout is that of this version alone.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/base/check.h"
#include "lib/base/strings.h"

namespace crossdock::agent {

Xxh3::Xxh3() : state_(XXH3_createState(), [](XXH3_state_s* state) { XXH3_freeState(state); }) {
  INVARIANT(state_) << "XXH3";
  StartOver();
}

Xxh3::~Xxh3() = default;

void Xxh3::StartOver() {
  // The library leaves fields that it does not use as the heap had them; Save would write those out.
  std::memset(state_.get(), 0, sizeof *state_);
  INVARIANT(XXH3_128bits_reset(state_.get()) == XXH_OK) << "XXH3";
}

void Xxh3::Update(std::string_view bytes) { XXH3_128bits_update(state_.get(), bytes.data(), bytes.size()); }

wire::Digest128 Xxh3::Finish() {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
  StartOver();
  wire::Digest128 digest;
  std::copy(std::begin(canonical.digest), std::end(canonical.digest), digest.begin());
  return digest;
}

std::string Xxh3::Save() const {
  // A library that was replaced under us may have another layout than the one that we know.
  if (XXH_versionNumber() != XXH_VERSION_NUMBER) return {};
  XXH3_state_t saved = *state_;
  saved.extSecret = nullptr;  // an address in this process, which says nothing to the next
  return base::StrCat(XXH_versionNumber(), "/", std::string(reinterpret_cast<const char*>(&saved), sizeof saved));
}

bool Xxh3::Restore(std::string_view saved) {
  const std::string version = base::StrCat(XXH_VERSION_NUMBER, "/");
  if (XXH_versionNumber() != XXH_VERSION_NUMBER) return false;
  if (!saved.starts_with(version) || saved.size() != version.size() + sizeof *state_) return false;
  XXH3_state_t other;
  std::memcpy(&other, saved.data() + version.size(), sizeof other);
  // A state that would lead the library out of its own buffers is none.
  if (other.bufferedSize > XXH3_INTERNALBUFFER_SIZE || other.nbStripesPerBlock != state_->nbStripesPerBlock ||
      other.nbStripesSoFar > other.nbStripesPerBlock || other.secretLimit != state_->secretLimit || other.seed != 0) {
    return false;
  }
  other.extSecret = state_->extSecret;  // the library's own address in this process
  *state_ = other;
  return true;
}

}  // namespace crossdock::agent
