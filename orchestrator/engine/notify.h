// Carries out what policies oblige the studio to: telling recipients what becomes of a transfer.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/store/notifications.h"

namespace crossdock::orchestrator::engine {

// Hands `document` to `recipient`, once or several times under the same `id`. Blocks; any thread.
using Tell = std::function<absl::Status(const std::string& recipient, const std::string& id,
                                        const std::string& document, base::Instant now)>;

// How many loops tell side by side: that many recipients at most hear at once, and each of them one thing at a time.
inline constexpr int kTellingAtOnce = 8;

// Tells what is due, each in no transaction, so that a slow recipient holds up nothing in the database: a crash in
// between tells again. What was taken is audited, and so is what nobody took for three days, which is given up.
//
// A recipient that does not answer keeps one loop waiting, and is then left alone for a while: the others hear of
// theirs meanwhile. Thread-safe.
class Notifier {
 public:
  Notifier(const Context& context, Tell tell) : context_(context), tell_(std::move(tell)) {}

  // One loop's turn.
  absl::Status RunOnce(base::Instant now);
  // Nothing is begun any more, so that all loops end together and not one after the other.
  void Stop();

 private:
  struct Standing {
    bool telling = false;
    int failures = 0;             // in a row
    base::Instant rests_until{};  // after them
  };

  absl::StatusOr<std::optional<store::Notification>> Take(base::Instant now);
  void Over(const std::string& recipient, bool taken, base::Instant now);

  const Context& context_;
  const Tell tell_;
  base::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Standing> standings_ ABSL_GUARDED_BY(mutex_);  // of those with whom something is the matter
};

}  // namespace crossdock::orchestrator::engine
