#include "agent/storage/xxh3.h"

// The state is kept in ledgers: its layout is that of this version alone.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "agent/storage/zeros.h"
#include "lib/base/check.h"
#include "lib/base/strings.h"

namespace crossdock::agent {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kStripe = 64;     // bytes that reach the lanes at once
constexpr size_t kSecretStep = 8;  // by which the secret moves from stripe to stripe
constexpr uint64_t kPrime32 = 0x9E3779B1;
// Enough that nothing but zeros is left in the state's buffer.
constexpr size_t kSettle = 2 * XXH3_INTERNALBUFFER_SIZE;

uint64_t Word(const unsigned char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// What the stripes first…last-1 of a block add to each lane when they are all zeros: the secret alone.
std::array<uint64_t, kLanes> OfZeros(const unsigned char* secret, size_t first, size_t last) {
  std::array<uint64_t, kLanes> sums{};
  for (size_t stripe = first; stripe < last; ++stripe) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const uint64_t key = Word(secret + stripe * kSecretStep + lane * sizeof key);
      sums[lane] += (key & 0xFFFFFFFF) * (key >> 32);
    }
  }
  return sums;
}

// Takes `blocks` whole blocks of zeros (16 stripes of 64 bytes each) into the accumulators, from wherever in a block
// the state stands. As the library does it, with the sixteen additions of a block made once.
void AddBlocksOfZeros(XXH3_state_t& state, uint64_t blocks) {
  const unsigned char* const secret = state.extSecret == nullptr ? state.customSecret : state.extSecret;
  const auto before = OfZeros(secret, state.nbStripesSoFar, state.nbStripesPerBlock);
  const auto whole = OfZeros(secret, 0, state.nbStripesPerBlock);
  const auto after = OfZeros(secret, 0, state.nbStripesSoFar);
  std::array<uint64_t, kLanes> lanes, scramble;
  for (size_t i = 0; i < kLanes; ++i) {
    lanes[i] = state.acc[i] + before[i];
    scramble[i] = Word(secret + state.secretLimit + i * sizeof(uint64_t));
  }
  for (uint64_t block = 0; block < blocks; ++block) {
    for (size_t i = 0; i < kLanes; ++i) {
      if (block > 0) lanes[i] += whole[i];
      lanes[i] = (lanes[i] ^ (lanes[i] >> 47) ^ scramble[i]) * kPrime32;
    }
  }
  for (size_t i = 0; i < kLanes; ++i) state.acc[i] = lanes[i] + after[i];
  state.totalLen += blocks * state.nbStripesPerBlock * kStripe;
}

}  // namespace

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

void Xxh3::UpdateZeros(uint64_t count) {
  const auto plainly = [&](uint64_t some) {
    count -= some;
    for (; some > kZeros.size(); some -= kZeros.size()) Update({kZeros.data(), kZeros.size()});
    Update({kZeros.data(), some});
  };
  // Of a library that was replaced under us we know only the interface.
  const uint64_t block = state_->nbStripesPerBlock * kStripe;
  if (XXH_versionNumber() == XXH_VERSION_NUMBER && count >= 2 * block) {
    plainly(kSettle);
    AddBlocksOfZeros(*state_, count / block);
    count %= block;
  }
  plainly(count);
}

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
