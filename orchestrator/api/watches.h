// Watches: everybody who follows transfers, without gRPC. One duty reads the outgoing events once for all and hands
// each watcher what it may and wants to see.
//
// A new watcher first gets the present state of each live transfer, one with a resume token what has changed since;
// then changes in order, merged when they come quickly (the transfer as it is now counts), the progress of running
// ones, and a bookmark each few seconds. Thread-safe. Bounded: kWatchersMax watchers, each with a queue of its own (the
// sink's).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crossdock/studio/v1/transfer.pb.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/pg/database.h"
#include "orchestrator/core/fleet.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::api {

// The way to one watcher. Called on the duty's thread only; both return at once.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // False when the watcher is gone, or does not keep up and was ended: it is then forgotten.
  virtual bool Send(const studio::v1::WatchTransfersResponse& message) = 0;
  virtual void End(const absl::Status& status) = 0;
  // Whether the caller may still watch: its token or key may have been revoked since.
  virtual absl::Status Check() = 0;
};

struct WatchFilter {
  std::string client;  // empty fields do not filter
  std::string project;
  std::string transfer;
};

class Watches {
 public:
  static constexpr size_t kWatchersMax = 1000;
  static constexpr int kBatch = 500;
  static constexpr std::chrono::milliseconds kBookmarkInterval{5'000};

  Watches(pg::Database& database, const Fleet& fleet, const base::Clock& clock);

  // Takes a watcher in; its first messages come with the next run. WATCH_TOKEN_INVALID, WATCHERS_TOO_MANY.
  absl::Status Add(const WatchFilter& filter, std::string_view resume_token, std::shared_ptr<WatchSink> sink);
  // The duty: each second, and at once when woken by Duty::kWatch.
  absl::Status RunOnce(base::Instant now);
  // Ends every watcher with UNAVAILABLE: they come back, here or to another replica.
  void Stop();

 private:
  struct Position {
    uint64_t xid = 0;
    int64_t id = 0;
    auto operator<=>(const Position&) const = default;
  };
  struct Watcher {
    WatchFilter filter;
    std::shared_ptr<WatchSink> sink;
    Position seen;      // everything up to here was sent
    bool fresh = true;  // wants the present state first
    bool gone = false;
  };
  using Watchers = std::vector<std::shared_ptr<Watcher>>;

  static std::string FormatToken(const Position& position);
  static absl::StatusOr<Position> ParseToken(std::string_view token);

  absl::Status Begin(Watcher& watcher);
  // Sends the events after `watcher.seen` up to `end`.
  absl::Status CatchUp(Watcher& watcher, const Position& end);
  absl::Status Follow(const Watchers& watchers);
  absl::Status SendProgress(const Watchers& watchers);
  void SendBookmarks(const Watchers& watchers, base::Instant now);
  // With the token of `position`, from which a watcher that breaks off after this message goes on.
  void Send(Watcher& watcher, const Transfer& transfer, const std::optional<Position>& position);
  static bool Matches(const WatchFilter& filter, std::string_view client, std::string_view project,
                      std::string_view transfer);

  pg::Database& database_;
  const Fleet& fleet_;
  const base::Clock& clock_;
  // Of the duty's thread only.
  bool started_ = false;
  Position end_;
  base::Instant bookmarked_;
  std::map<std::string, uint64_t> progress_;  // running transfer → bytes last sent

  base::Mutex mutex_;
  Watchers watchers_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crossdock::orchestrator::api
