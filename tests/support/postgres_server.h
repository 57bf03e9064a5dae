// A PostgreSQL server of the tests' own: a fresh cluster in a temporary directory, reachable over a socket that only
// its account may enter, gone when the object is. It dies with the thread that made it, too.
#pragma once

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

#include "lib/base/mutex.h"

namespace crossdock::testing {

// Throws std::runtime_error when a program of PostgreSQL fails. Not thread-safe.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Makes an empty database and gives its conninfo.
  std::string NewDatabase();

 private:
  void Start();
  // Reads what the server says, until it ends.
  void Listen(int fd);

  std::string bin_;        // where its programs are
  std::string directory_;  // of the cluster and the socket
  pid_t pid_ = -1;
  int databases_ = 0;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool ready_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::string said_ ABSL_GUARDED_BY(mutex_);
  std::thread listener_;
};

}  // namespace crossdock::testing
