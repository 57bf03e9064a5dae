// A bounded set of connections to one database, and the only place where libpqxx's exceptions become a Status.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/pg/tx.h"

namespace crossdock::pg {

inline constexpr char kReasonInDoubt[] = "COMMIT_IN_DOUBT";
inline constexpr char kReasonConnectionLost[] = "DATABASE_CONNECTION_LOST";

// Thread-safe: each transaction has a connection to itself; a caller waits when all are in use.
class Database {
 public:
  // Connects lazily. `conninfo` as libpq takes it; no password in it (use a password file or peer authentication).
  Database(std::string conninfo, int connections_max);
  ~Database();

  // Runs `body` in a transaction and commits when it returns OK; otherwise rolls back. Statements that fail throw
  // inside `body` and come back as a Status: kAborted (serialization or deadlock: run it again), kAlreadyExists (a
  // unique constraint, named in the message), kUnavailable with DATABASE_CONNECTION_LOST (nothing was committed),
  // kUnknown with COMMIT_IN_DOUBT (it may have been). Two aborted runs, and one
  // whose connection had died while idle, are repeated here.
  absl::Status Transact(const std::function<absl::Status(Tx&)>& body);

  // The same for a body with a result.
  template <typename Body>
  requires(!std::is_same_v<std::invoke_result_t<Body, Tx&>, absl::Status>) auto Transact(const Body& body)
      -> std::invoke_result_t<Body, Tx&> {
    std::invoke_result_t<Body, Tx&> result = absl::UnknownError("not run");
    const absl::Status status = Transact([&](Tx& tx) -> absl::Status {
      result = body(tx);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }

  const std::string& conninfo() const { return conninfo_; }

 private:
  struct Session;
  std::unique_ptr<Session> Take();
  void Return(std::unique_ptr<Session> session);
  // `kept`: whether it ran on a connection of an earlier transaction.
  absl::Status RunOnce(const std::function<absl::Status(Tx&)>& body, bool* kept);

  const std::string conninfo_;
  base::Mutex mutex_;
  base::CondVar returned_;
  int free_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Session>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::pg
