// Callers who were just let in, for the handlers of their calls, so that a credential is verified once a call.
//
// gRPC asks the gate before a call has a context of its own, and the connection's is shared by all of its calls; so
// what the gate found is kept by the credential. A handler gets what the newest admission with the same credential
// found: its own call's, or a later one's. Only handlers ask here: letting in always verifies. Thread-safe; bounded by
// kCallersMax.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/rpc/caller.h"

namespace crossdock::rpc {

class AdmittedCallers {
 public:
  // Longer than a call waits for a thread; afterwards the handler verifies again.
  static constexpr std::chrono::seconds kKeep{10};
  static constexpr size_t kCallersMax = 20'000;

  // SHA-256 over what the caller showed, so that no secret stays in memory. Each may be empty.
  static std::string KeyOf(std::string_view certificate_pem, std::string_view authorization,
                           std::string_view acting_for);

  void Put(const std::string& key, const Caller& caller, base::Steady now);
  // Nothing when nobody was let in by it within kKeep.
  std::optional<Caller> Find(const std::string& key, base::Steady now) const;

 private:
  struct Entry {
    Caller caller;
    base::Steady admitted;
  };
  mutable base::Mutex mutex_;
  std::unordered_map<std::string, Entry> callers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::rpc
