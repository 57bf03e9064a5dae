// One attempt at receiving a package: files, or blocks of them, land in staging, each is verified, made durable and
// acknowledged; when all are there the orchestrator is asked, and the package appears at its place at once.
//
//   control leg ──── ◀ hello, manifest; have, acknowledgements, published ▶   the thread that calls Run
//   data legs 1…N ── ◀ headers, segments, trailers                            a thread each
//   landing pool ─── fsync, read-back, ledger                                 a few threads
//   publisher ────── journal, commit, rename                                  one thread, once all have landed
#pragma once

#include <memory>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <vector>

#include "agent/record/staged_record.h"
#include "agent/transfer/block_file.h"
#include "agent/transfer/control_channel.h"
#include "agent/transfer/landing_pool.h"
#include "agent/transfer/lifeline.h"
#include "agent/transfer/name_check.h"
#include "agent/transfer/plan.h"
#include "agent/transfer/publish.h"
#include "agent/transfer/staging.h"

namespace crossdock::agent {

class ReceiveAttempt {
 public:
  // `record`: of the integrity record that is made of what lands; without formats none is.
  ReceiveAttempt(ReceivePlan plan, const Deps& deps, RecordTerms record = {});
  ~ReceiveAttempt();

  // Once. Blocks until the package is published (OK also when the sender is lost after that), or the attempt failed;
  // what has landed stays in staging for the next epoch. COMMIT_UNKNOWN leaves a journal for FinishPublish.
  absl::StatusOr<ReceiveResult> Run(std::stop_token stop);
  // Thread-safe.
  Progress progress() const { return counters_.Snapshot(deps_.clock.MonotonicNow()); }

 private:
  friend class DataReceiver;
  // kArriving: whole, on one leg; kParts: in blocks.
  enum class FileState : uint8_t { kNoFile, kMissing, kArriving, kParts, kLanding, kLanded };

  bool IsSafe() const { return deps_.volume.options().durability == Durability::kSafe; }
  // There is no staging: tells the sender why, if it comes in time, and it need not wait for what never begins.
  void Refuse(const absl::Status& status, const std::stop_token& stop);
  absl::StatusOr<ReceiveResult> RunInside(Lifeline& lifeline);
  // Greets, and runs the control leg to its end.
  absl::Status Talk(ControlChannel& control);
  absl::Status Greet(ControlChannel& control);
  absl::StatusOr<bool> Handle(wire::ControlFrame frame);
  // Lets there be `count` data legs. On Run's thread only.
  void StartLegs(uint16_t count, Lifeline& lifeline);
  absl::Status TakeStreams(const wire::Streams& streams);
  void RunDataLeg(uint16_t leg, Lifeline& lifeline);
  void FileLanded(uint32_t index, const absl::Status& status);

  // What is listed (receive_listing.cc).
  absl::Status TakeChunk(const wire::ManifestChunk& chunk);
  absl::Status TakeEntries(const wire::ManifestChunk& chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TakeEnd(const wire::ManifestEnd& end);
  absl::Status CheckForm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // For what is still to come: DESTINATION_FULL when it does not fit. Everything that earlier attempts left and this
  // one can use has been taken over; the rest gives way when there is no room otherwise.
  absl::Status ReserveSpace(uint64_t bytes, uint64_t entries);
  // Says what staging holds already.
  absl::Status SayHave() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Files that come in blocks (receive_blocks.cc).
  // The file's parts: made, with an empty staged file, when this is its first block.
  absl::StatusOr<std::shared_ptr<BlockFile>> PartsOf(uint32_t index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AdoptParts(uint32_t index, PartialFile partial, base::UniqueFd fd, uint64_t inode)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BlockLanded(const std::shared_ptr<BlockFile>& parts, const wire::Block& block, const wire::Digest128& xxh3,
                   const absl::Status& status);
  // Hashes on; lands the file when its end is reached.
  void Advance(const std::shared_ptr<BlockFile>& parts);
  absl::Status AdvanceInside(const std::shared_ptr<BlockFile>& parts);
  // Asks for the block again: it did not arrive as it was read.
  void Refuse(const wire::Block& block);
  // Asks for the block again: storage did not keep it.
  void RefuseUnkept(const wire::Block& block, const absl::Status& status);

  // The end (receive_publish.cc).
  // Everything is here: manifest checked, every file landed.
  bool Complete() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartPublisherIfComplete() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits for the publisher, if there is one; none starts any more. True when the package stands at its place.
  bool JoinPublisher();
  PackagePlace Destination() const;
  absl::Status PublishAll();
  absl::Status FinishTree();
  // The new generation of the package's integrity record, or what makes that of the directory it joins.
  absl::Status Record(PublishJournal* journal);
  // No longer changes once everything has landed.
  const wire::Manifest& LandedManifest();

  ReceivePlan plan_;
  const RecordTerms record_;
  const Deps deps_;
  ProgressCounters counters_;
  ReceiveResult result_;
  Lifeline* lifeline_ = nullptr;       // during Run
  ControlChannel* control_ = nullptr;  // from Greet on
  std::unique_ptr<Staging> staging_;
  Volume::Reservation reservation_;  // set before anything is taken from a data leg
  std::unique_ptr<LandingPool> pool_;
  wire::Hello hello_;  // the sender's
  wire::ManifestDecoder decoder_;
  std::optional<NameCheck> names_;  // while the manifest arrives
  std::vector<std::jthread> legs_;

  base::Mutex mutex_;
  base::CondVar changed_;
  // Grows while legs read it: they copy an entry under the lock.
  wire::Manifest manifest_ ABSL_GUARDED_BY(mutex_);
  std::vector<FileState> states_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint16_t> arriving_on_ ABSL_GUARDED_BY(mutex_);  // the leg of each file in kArriving
  std::unordered_map<uint32_t, std::shared_ptr<BlockFile>> parts_ ABSL_GUARDED_BY(mutex_);  // of each in kParts
  uint64_t landed_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t listed_files_ ABSL_GUARDED_BY(mutex_) = 0;
  bool greeted_ ABSL_GUARDED_BY(mutex_) = false;
  bool manifest_checked_ ABSL_GUARDED_BY(mutex_) = false;
  bool have_said_ ABSL_GUARDED_BY(mutex_) = false;
  int legs_alive_ ABSL_GUARDED_BY(mutex_) = 0;
  bool publisher_closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread publisher_ ABSL_GUARDED_BY(mutex_);  // started once; joined by Run
};

}  // namespace crossdock::agent
