// Work does what the orchestrator wants: scans, hashes, sends, receives, finishes, cleans; and reports how it went.
//
// This is where the parts of the agent meet: storage, transfer, legs, trust. It knows no gRPC.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/core/attempt_reports.h"
#include "agent/core/staging_turns.h"
#include "agent/core/task_runner.h"
#include "agent/record/staged_record.h"
#include "agent/release/scan_hook.h"
#include "agent/storage/scan.h"
#include "agent/storage/volume.h"
#include "agent/tasks/receipts.h"
#include "agent/tasks/warrant_watch.h"
#include "agent/transfer/plan.h"
#include "agent/transfer/publish.h"
#include "agent/trust/warrant.h"
#include "lib/mhl/hash.h"
#include "lib/net/tls_key.h"

namespace crossdock::agent {

using Volumes = std::map<std::string, std::unique_ptr<Volume>, std::less<>>;

// The legs of one attempt, which must not outlive the control.
using LegMaker = std::function<std::unique_ptr<LegDialer>(const TaskControl& control, const Warranted& warranted)>;
// Over the relays that the task names.
LegMaker RelayLegMaker(const net::TlsKey& tls_key);

// What the integrity records that are made here say of where, and their formats by the volume's name: none, no record.
struct RecordOrigin {
  std::string site;
  std::string version;  // of this program
  std::map<std::string, std::vector<mhl::HashFormat>, std::less<>> formats;
};

// What looks at a package before anything of it leaves, and where each volume is found by its name.
struct ReleaseCheck {
  const ReleaseScan* scan = nullptr;                      // null: this site has none
  std::map<std::string, std::string, std::less<>> roots;  // absolute paths
};

// Everything outlives the work.
struct WorkDeps {
  std::string agent;  // this agent's name
  Volumes& volumes;
  AttemptReports& reports;
  const Warrants& warrants;
  const Receipts& receipts;
  LegMaker legs;
  const base::Clock& clock;
  RecordOrigin record = {};
  ReleaseCheck release = {};
};

// Thread-safe.
class Work : public TaskHandler {
 public:
  explicit Work(const WorkDeps& deps) : deps_(deps) {}

  absl::Status Run(TaskControl& control) override;

  // Once, at the start, on a thread of its own: finishes the publishes that an earlier run had begun, except those that
  // a task works on meanwhile, and hands in the receipts that are kept. Returns soon after `stop`.
  void Recover(std::stop_token stop);

 private:
  // How long a journal whose answer never came is asked about, by whoever has other ways to go on.
  static constexpr std::chrono::milliseconds kAskAgain{5'000};

  static std::string ReasonOr(const absl::Status& status, std::string_view fallback);

  absl::Status Do(const ScanTask& scan, TaskControl& control);
  absl::Status Do(const HashTask& hash, TaskControl& control);
  absl::Status Do(const MoveTask& move, TaskControl& control);
  absl::Status Do(const FinishTask& finish, TaskControl& control);
  absl::Status Do(const CleanTask& clean, TaskControl& control);

  absl::StatusOr<Volume*> Find(const std::string& volume) const;
  absl::StatusOr<Warranted> AwaitWarrant(const Task& task, const MoveTask& move, std::stop_token stop) const;
  // What is recorded of what lands: what the volume is configured for, and the policy wants besides. RECORD_REQUIRED.
  absl::StatusOr<RecordTerms> RecordOf(const MoveTask& move, const Warranted& warranted, const AttemptTerms& terms,
                                       const std::string& volume) const;
  // The site's release scan over a package that is about to leave. RELEASE_SCAN_MISSING when this site has none, and
  // those of ReleaseScan::Run.
  absl::Status Release(const Volume& volume, const ScanResult& package, std::stop_token stop) const;
  // Sends or receives, as long as it is warranted.
  absl::Status MoveUnder(const Warranted& warranted, const MoveTask& move, WarrantWatch& watch, TaskControl& control);
  absl::Status Send(const MoveTask& move, const Warranted& warranted, const AttemptTerms& terms, LegDialer& legs,
                    Volume& volume, WarrantWatch& watch, TaskControl& control);
  absl::Status Receive(const MoveTask& move, const AttemptTerms& terms, RecordTerms record, LegDialer& legs,
                       Volume& volume, WarrantWatch& watch, TaskControl& control);
  // One try at it, in the turn that Receive holds.
  absl::Status Attempt(const MoveTask& move, const AttemptTerms& terms, RecordTerms record, LegDialer& legs,
                       Volume& volume, WarrantWatch& watch, TaskControl& control);
  absl::Status Clean(const CleanTask& clean, const std::string& transfer, std::stop_token stop);
  // From the commit on only this agent may finish: it tries until it can, and says why it cannot. Without a commit
  // `status` comes back at once.
  absl::Status FinishIfCommitted(Volume& volume, const AttemptTerms& terms, absl::Status status, TaskControl& control);
  absl::StatusOr<bool> HasCommitted(Volume& volume, const AttemptTerms& terms) const;
  // The receiver's receipt, from the journal alone: the same after a crash as without one.
  absl::StatusOr<SignedReceipt> Landed(const PublishJournal& journal) const;
  absl::StatusOr<std::optional<PendingPublish>> FindPending(Volume& volume, const std::string& transfer,
                                                            const wire::Epoch& epoch) const;
  // Publishes what the journal of that attempt says, if there is one, and keeps the receipt. The caller holds the
  // transfer's turn. COMMIT_UNKNOWN when there is no answer before `stop`.
  absl::Status PublishPending(Volume& volume, const std::string& transfer, const wire::Epoch& epoch,
                              std::stop_token stop);
  // Hands in the kept receipt of that attempt; JOURNAL_MISSING when there is none.
  absl::Status HandIn(const std::string& transfer, const wire::Epoch& epoch, std::stop_token stop);
  absl::StatusOr<CommitVerdict> Commit(const std::string& transfer, wire::Epoch epoch, const std::string& listing,
                                       const std::string& content, std::stop_token stop) const;

  // The last hashed scans, so that what was hashed while people decided is not hashed again.
  std::shared_ptr<const ScanResult> Remembered(const std::string& transfer, const std::string& listing_hex);
  void Remember(const std::string& transfer, std::shared_ptr<const ScanResult> scanned);

  const WorkDeps deps_;
  StagingTurns turns_;
  base::Mutex mutex_;
  std::map<std::string, std::shared_ptr<const ScanResult>> scanned_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::agent
