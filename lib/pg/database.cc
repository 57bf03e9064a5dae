#include "lib/pg/database.h"

#include "absl/strings/ascii.h"
#include "lib/base/status.h"

namespace crossdock::pg {
namespace {

// PostgreSQL ends its messages with a line feed, and ours go on.
std::string WhatOf(const std::exception& error) {
  return std::string(absl::StripTrailingAsciiWhitespace(error.what()));
}

}  // namespace

struct Database::Session {
  explicit Session(const std::string& conninfo) : connection(conninfo) { connection.inhibit_reactivation(true); }
  pqxx::connection connection;
  std::unordered_set<std::string_view> prepared;
  bool broken = false;
};

Database::Database(std::string conninfo, int connections_max)
    : conninfo_(conninfo + " options='-c timezone=UTC -c default_transaction_isolation=read\\\\ committed'"),
      free_(connections_max) {}

Database::~Database() = default;

std::unique_ptr<Database::Session> Database::Take() {
  {
    base::MutexLock lock(mutex_);
    while (free_ == 0) returned_.Wait(mutex_);
    --free_;
    if (!idle_.empty()) {
      std::unique_ptr<Session> session = std::move(idle_.back());
      idle_.pop_back();
      return session;
    }
  }
  return nullptr;
}

void Database::Return(std::unique_ptr<Session> session) {
  base::MutexLock lock(mutex_);
  ++free_;
  if (session != nullptr && !session->broken) {
    idle_.push_back(std::move(session));
  } else {
    // Its fellows most likely broke with it.
    idle_.clear();
  }
  returned_.NotifyOne();
}

absl::Status Database::Transact(const std::function<absl::Status(Tx&)>& body) {
  absl::Status status;
  for (int run = 0; run < 3; ++run) {
    bool kept = false;
    status = RunOnce(body, &kept);
    // A connection that was kept may have died while nobody used it: nothing was committed, and a new one may do.
    const bool stale = kept && base::ReasonOf(status) == kReasonConnectionLost;
    if (status.code() != absl::StatusCode::kAborted && !stale) break;
  }
  return status;
}

absl::Status Database::RunOnce(const std::function<absl::Status(Tx&)>& body, bool* kept) {
  std::unique_ptr<Session> session = Take();
  *kept = session != nullptr;
  absl::Status status;
  try {
    if (session == nullptr) session = std::make_unique<Session>(conninfo_);
    pqxx::work work(session->connection);
    Tx tx(work, session->prepared);
    status = body(tx);
    if (status.ok()) {
      work.commit();
    } else {
      work.abort();
    }
  } catch (const pqxx::in_doubt_error& error) {
    if (session != nullptr) session->broken = true;
    status = base::WithReason(
        base::Error(absl::StatusCode::kUnknown, "the database did not say whether it committed: ", WhatOf(error)),
        kReasonInDoubt);
  } catch (const pqxx::broken_connection& error) {
    if (session != nullptr) session->broken = true;
    status = base::WithReason(base::Unavailable("the connection to the database is lost: ", WhatOf(error)),
                              kReasonConnectionLost);
  } catch (const pqxx::unique_violation& error) {
    status = base::AlreadyExists("the database refuses a duplicate: ", WhatOf(error));
  } catch (const pqxx::serialization_failure& error) {
    status = base::Error(absl::StatusCode::kAborted, "the transaction collided: ", WhatOf(error));
  } catch (const pqxx::deadlock_detected& error) {
    status = base::Error(absl::StatusCode::kAborted, "the transaction collided: ", WhatOf(error));
  } catch (const pqxx::sql_error& error) {
    // 57P01 … 57P03: the server is going down or coming up; the session is gone.
    if (error.sqlstate().rfind("57P", 0) == 0) {
      session->broken = true;
      status =
          base::WithReason(base::Unavailable("the database is shutting down: ", WhatOf(error)), kReasonConnectionLost);
    } else {
      status = base::Internal("the database refuses a statement (", error.sqlstate(), "): ", WhatOf(error));
    }
  } catch (const std::exception& error) {
    if (session != nullptr) session->broken = true;
    status = base::Internal("database: ", WhatOf(error));
  }
  Return(std::move(session));
  return status;
}

}  // namespace crossdock::pg
