// What an attempt is given, and what it gives back. Digests are 32 raw bytes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "agent/core/attempt_reports.h"
#include "agent/core/publish_journal.h"
#include "agent/core/stage_times.h"
#include "agent/storage/scan.h"
#include "agent/storage/volume.h"
#include "agent/transfer/byte_stream.h"
#include "lib/base/clock.h"
#include "lib/wire/frames.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// What both ends must agree on; they compare it in their first frame.
struct AttemptTerms {
  std::string transfer;
  wire::Epoch epoch;
  std::string listing_digest;
  std::string content_root;  // empty: the content is not bound
  uint64_t roster_number = 0;
  uint64_t policy_number = 0;
  std::string policy_digest;  // empty: not compared
  uint16_t streams = 8;       // data legs, 1 to wire::kStreamsMax
  // What was decided over; the listing implies both, and both ends hold them against it.
  uint64_t files = 0;
  uint64_t bytes = 0;
};

struct SendResult {
  uint64_t files = 0;  // of the package
  uint64_t bytes = 0;
  uint64_t bytes_sent = 0;       // content that crossed in this attempt, repeats included
  bool already_present = false;  // the destination had it
  uint64_t peer_roster_number = 0;
  base::Instant began;
  base::Instant ended;  // when everything had landed
};
// Every file is verified, and durable where the attempt asks for that, at the other end: the sender's part is done and
// its receipt can be signed. Nothing is published before the orchestrator has it. Gives up soon after a
// stop, which a line that breaks meanwhile is not.
using LandedCallback = std::function<absl::Status(const SendResult& result, std::stop_token stop)>;

// The package is as it was listed, and nothing of it has left, not even a name. An error ends the attempt.
using ReleaseCallback = std::function<absl::Status(const ScanResult& package, std::stop_token stop)>;

struct SendPlan {
  AttemptTerms terms;
  PackagePath source;
  ScanOptions scan;
  // Of an earlier scan of the same listing, with SHA-256 when the content is bound; without it the attempt scans (and
  // hashes) again.
  std::shared_ptr<const ScanResult> scanned;
  uint64_t bytes_per_second_max = 0;                                // 0: no cap
  std::chrono::milliseconds leg_window = std::chrono::seconds(10);  // how long a slow leg is looked at (LegWatch)
  ReleaseCallback release = {};                                     // once, on a thread of the attempt; may be empty
  LandedCallback landed;  // once, on a thread of the attempt; its error ends the attempt
};

enum class Verify {
  kTransit,   // what arrives is what was read
  kLanded,    // the same, checked over what is handed to the filesystem
  kReadback,  // and read again from storage, with the cache dropped
};

// Asks the orchestrator whether this attempt may publish; idempotent. An error means that its answer is not known.
using CommitCallback = std::function<absl::StatusOr<CommitVerdict>()>;

// The package stands at its place. Called before its staging is removed, so that the receipt can be made durable while
// a crash would still be found; its error leaves the journal, and FinishPublish calls it again.
using PublishedCallback = std::function<absl::Status(const PublishJournal& journal)>;

struct ReceivePlan {
  AttemptTerms terms;
  std::string agent;        // this agent's name: staging is its own
  PackagePath destination;  // `files` as the source's
  Verify verify = Verify::kLanded;
  bool allow_empty_files = false;
  Merge merge = Merge::kNever;
  bool replace = false;
  CommitCallback commit;  // on a thread of the attempt
  PublishedCallback published;
  // When it cannot begin: how long it waits for the sender to come and hear why. After that the orchestrator tells it.
  std::chrono::milliseconds refusal_wait = std::chrono::seconds(10);
};

struct ReceiveResult {
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t files_resumed = 0;  // adopted from earlier epochs, not sent again
  uint64_t bytes_resumed = 0;  // of files that had landed in part
  uint64_t bytes_received = 0;
  bool already_present = false;
  std::string listing_digest;
  std::string content_root;
  uint64_t peer_roster_number = 0;
  base::Instant began;
  base::Instant ended;
};

enum class Stage { kStarting, kScanning, kHashing, kConnecting, kMoving, kVerifying, kCommitting, kPublishing, kEnded };

// A snapshot; bytes and files of the package, resumed ones included.
struct Progress {
  Stage stage = Stage::kStarting;
  uint64_t files_total = 0;
  uint64_t bytes_total = 0;
  uint64_t files_done = 0;  // acknowledged, or landed
  uint64_t bytes_done = 0;
  uint64_t bytes_moved = 0;  // over the wire so far
  uint64_t bytes_hashed = 0;
  StageSums stages{};  // of the data legs
};

// Written by the attempt's threads, read by any.
struct ProgressCounters {
  std::atomic<Stage> stage = Stage::kStarting;
  std::atomic<uint64_t> files_total = 0, bytes_total = 0, files_done = 0, bytes_done = 0, bytes_moved = 0,
                        bytes_hashed = 0;
  StageTimes stages;
  Progress Snapshot(base::Steady now) const {
    return {stage, files_total, bytes_total, files_done, bytes_done, bytes_moved, bytes_hashed, stages.Sums(now)};
  }
};

// What an attempt uses; everything outlives it.
struct Deps {
  const base::Clock& clock;
  Volume& volume;
  LegDialer& dialer;
};

// Compares the peer's first frame with the own terms: PEER_VERSION, PEER_TRANSFER, EPOCH_STALE, PEER_LISTING,
// PEER_CONTENT, PEER_POLICY.
absl::Status CheckHello(const wire::Hello& peer, const AttemptTerms& own);
// Names and digests of the own terms: our caller's bugs, found before anything moves.
absl::Status CheckTerms(const AttemptTerms& terms);
wire::Hello MakeHello(const AttemptTerms& terms);

}  // namespace crossdock::agent
