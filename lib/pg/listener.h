// LISTEN as a wake-up: a notification says "look now" and nothing more, because the server may drop and merge them.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/mutex.h"

namespace crossdock::pg {

// Owns one connection and one thread; reconnects with a pause when the server is away, and wakes once after each
// reconnect, since it may have missed something. Thread-safe.
class Listener {
 public:
  // `wake` is called on the listener's thread with the channel's name; it must be quick. Starts at once.
  Listener(std::string conninfo, std::vector<std::string> channels,
           std::function<void(const std::string& channel)> wake);
  ~Listener();
  void Stop();

 private:
  void Run();
  void ListenUntilBroken();

  const std::string conninfo_;
  const std::vector<std::string> channels_;
  const std::function<void(const std::string&)> wake_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace crossdock::pg
