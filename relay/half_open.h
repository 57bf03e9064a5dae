// Connections that have shown no ticket yet: the only thing that somebody without one can have of a relay.
//
// When there are too many, the address that has the most loses its oldest: who means it is admitted within some round
// trips, and is not pushed out by a flood from a few addresses however fast it is. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/mutex.h"

namespace crossdock::relay {

struct HalfOpenLimits {
  size_t total_max = 512;
  size_t per_address_max = 256;  // another site's relay brings the legs of many transfers from one address
};

class HalfOpen {
 public:
  explicit HalfOpen(const HalfOpenLimits& limits) : limits_(limits) {}

  // Beyond a limit the oldest of this address, or of the address that has the most, is shut down: its thread reads the
  // end. `fd` stays the caller's. False when no descriptor is left to watch it with.
  bool Enter(uint64_t id, const std::string& address, int fd);
  // It was admitted, or is over. An id that is not there is fine.
  void Leave(uint64_t id);
  size_t size() const;

 private:
  struct Entry {
    std::string address;
    base::UniqueFd fd;  // a copy, so that it is never the number of somebody else's connection
  };

  void ShutOldest(const std::string& address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(std::map<uint64_t, Entry>::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The address that has the most; of several the one that holds the oldest.
  std::string Greediest() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const HalfOpenLimits limits_;
  mutable base::Mutex mutex_;
  std::map<uint64_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  // Ids rise, so the first of each is its oldest. No address without an id.
  std::map<std::string, std::set<uint64_t>> by_address_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::relay
