// Connections that have shown no ticket yet: the only thing that somebody without one can have of a relay.
//
// When there are too many, the oldest goes: who means it is admitted within a second, who only holds the door open is
// the oldest soon. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
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

  // Beyond a limit the oldest, of this address or of all, is shut down: its thread reads the end. `fd` stays the
  // caller's. False when no descriptor is left to watch it with.
  bool Enter(uint64_t id, const std::string& address, int fd);
  // It was admitted, or is over. An id that is not there is fine.
  void Leave(uint64_t id);
  size_t size() const;

 private:
  struct Entry {
    std::string address;
    base::UniqueFd fd;  // a copy, so that it is never the number of somebody else's connection
  };

  void ShutOldest(const std::string* of_address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const HalfOpenLimits limits_;
  mutable base::Mutex mutex_;
  std::map<uint64_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);  // ids rise, so this is by age
};

}  // namespace crossdock::relay
