#include "orchestrator/api/watches.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "orchestrator/api/messages.h"

namespace crossdock::orchestrator::api {
namespace {

constexpr std::string_view kTokenVersion = "w1.";

template <typename Number>
bool ParseNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

uint64_t XidOf(const store::OutgoingEvent& event) {
  uint64_t xid = 0;
  ParseNumber(event.xid, &xid);
  return xid;
}

}  // namespace

Watches::Watches(pg::Database& database, const Fleet& fleet, const base::Clock& clock)
    : database_(database), fleet_(fleet), clock_(clock) {}

std::string Watches::FormatToken(const Position& position) {
  return base::StrCat(kTokenVersion, position.xid, ".", position.id);
}

absl::StatusOr<Watches::Position> Watches::ParseToken(std::string_view token) {
  const absl::Status invalid =
      base::WithReason(base::InvalidArgument("resume_token is not one of ours: watch without one and list again"),
                       "WATCH_TOKEN_INVALID");
  if (token.substr(0, kTokenVersion.size()) != kTokenVersion) return invalid;
  token.remove_prefix(kTokenVersion.size());
  const size_t dot = token.find('.');
  Position position;
  if (dot == std::string_view::npos || !ParseNumber(token.substr(0, dot), &position.xid) ||
      !ParseNumber(token.substr(dot + 1), &position.id)) {
    return invalid;
  }
  return position;
}

absl::Status Watches::Add(const WatchFilter& filter, std::string_view resume_token, std::shared_ptr<WatchSink> sink) {
  auto watcher = std::make_shared<Watcher>();
  watcher->filter = filter;
  watcher->sink = std::move(sink);
  if (!resume_token.empty()) {
    ASSIGN_OR_RETURN(watcher->seen, ParseToken(resume_token));
    watcher->fresh = false;
  }
  base::MutexLock lock(mutex_);
  if (stopped_) return base::Unavailable("the orchestrator is stopping: watch again");
  if (watchers_.size() >= kWatchersMax) {
    return base::WithReason(base::ResourceExhausted("there are ", kWatchersMax, " watchers already"),
                            "WATCHERS_TOO_MANY");
  }
  watchers_.push_back(std::move(watcher));
  return absl::OkStatus();
}

absl::Status Watches::RunOnce(base::Instant now) {
  Watchers watchers;
  {
    base::MutexLock lock(mutex_);
    watchers = watchers_;
  }
  if (watchers.empty() && !started_) return absl::OkStatus();
  if (watchers.empty()) {
    started_ = false;  // the next watcher begins where the log ends then
    progress_.clear();
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Follow(watchers));
  RETURN_IF_ERROR(SendProgress(watchers));
  SendBookmarks(watchers, now);
  base::MutexLock lock(mutex_);
  std::erase_if(watchers_, [](const auto& watcher) { return watcher->gone; });
  return absl::OkStatus();
}

absl::Status Watches::Follow(const Watchers& watchers) {
  // One read for all who are at the end of what was read; whoever is new or behind reads for itself first.
  if (!started_) {
    RETURN_IF_ERROR(database_.Transact([&](pg::Tx& tx) {
      const store::OutgoingEvent end = store::OutgoingEnd(tx);
      end_ = {XidOf(end), end.id};
      return absl::OkStatus();
    }));
    started_ = true;
  }
  for (const auto& watcher : watchers) {
    if (watcher->gone) continue;
    if (watcher->fresh) RETURN_IF_ERROR(Begin(*watcher));
    if (watcher->seen < end_) RETURN_IF_ERROR(CatchUp(*watcher, end_));
  }
  while (true) {
    size_t read = 0;
    std::vector<std::pair<Position, Transfer>> changes;
    Position last = end_;
    RETURN_IF_ERROR(database_.Transact([&](pg::Tx& tx) {
      const auto events = store::OutgoingEventsAfter(tx, std::to_string(end_.xid), end_.id, kBatch);
      read = events.size();
      changes.clear();
      std::map<std::string, Position> newest;
      for (const auto& event : events) newest[event.transfer] = last = {XidOf(event), event.id};
      for (const auto& [id, position] : newest) {
        if (auto transfer = store::GetTransfer(tx, id)) changes.emplace_back(position, std::move(*transfer));
      }
      return absl::OkStatus();
    }));
    std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& watcher : watchers) {
      for (const auto& [position, transfer] : changes) {
        if (watcher->seen < position) Send(*watcher, transfer, position);
      }
      if (watcher->seen < last) watcher->seen = last;
    }
    end_ = last;
    if (read < static_cast<size_t>(kBatch)) return absl::OkStatus();
  }
}

absl::Status Watches::Begin(Watcher& watcher) {
  std::vector<Transfer> live;
  Position position;
  RETURN_IF_ERROR(database_.Transact([&](pg::Tx& tx) {
    const store::OutgoingEvent end = store::OutgoingEnd(tx);
    position = {XidOf(end), end.id};
    live.clear();
    if (!watcher.filter.transfer.empty()) {
      if (auto one = store::GetTransfer(tx, watcher.filter.transfer)) live.push_back(std::move(*one));
      return absl::OkStatus();
    }
    store::ListFilter filter;
    filter.client = watcher.filter.client;
    filter.project = watcher.filter.project;
    filter.live_only = true;
    filter.limit = kBatch;
    while (true) {
      auto page = store::ListTransfers(tx, filter);
      const bool full = static_cast<int>(page.size()) == kBatch;
      if (full) {
        filter.before_created = page.back().created;
        filter.before_id = page.back().id;
      }
      std::move(page.begin(), page.end(), std::back_inserter(live));
      if (!full) return absl::OkStatus();
    }
  }));
  // What another client's caller may not see does not exist for it.
  if (!watcher.filter.transfer.empty() &&
      (live.empty() || (!watcher.filter.client.empty() && live[0].entity.client != watcher.filter.client))) {
    watcher.sink->End(base::WithReason(base::NotFound("there is no such transfer"), "TRANSFER_UNKNOWN"));
    watcher.gone = true;
    return absl::OkStatus();
  }
  // Oldest first, as changes come; without a token, because whoever breaks off here has not seen everything.
  for (auto transfer = live.rbegin(); transfer != live.rend(); ++transfer) Send(watcher, *transfer, std::nullopt);
  watcher.seen = position;
  watcher.fresh = false;
  studio::v1::WatchTransfersResponse bookmark;
  bookmark.mutable_bookmark();
  bookmark.set_resume_token(FormatToken(position));
  if (!watcher.gone && !watcher.sink->Send(bookmark)) watcher.gone = true;
  return absl::OkStatus();
}

absl::Status Watches::CatchUp(Watcher& watcher, const Position& end) {
  while (!watcher.gone && watcher.seen < end) {
    size_t read = 0;
    std::map<Position, Transfer> changes;
    Position last = watcher.seen;
    RETURN_IF_ERROR(database_.Transact([&](pg::Tx& tx) {
      const auto events = store::OutgoingEventsAfter(tx, std::to_string(watcher.seen.xid), watcher.seen.id, kBatch);
      read = events.size();
      changes.clear();
      std::map<std::string, Position> newest;
      for (const auto& event : events) {
        last = {XidOf(event), event.id};
        if (Matches(watcher.filter, event.client, event.project, event.transfer)) newest[event.transfer] = last;
      }
      for (const auto& [id, position] : newest) {
        if (auto transfer = store::GetTransfer(tx, id)) changes.emplace(position, std::move(*transfer));
      }
      return absl::OkStatus();
    }));
    for (const auto& [position, transfer] : changes) Send(watcher, transfer, position);
    watcher.seen = last;
    if (read < static_cast<size_t>(kBatch)) break;
  }
  return absl::OkStatus();
}

absl::Status Watches::SendProgress(const Watchers& watchers) {
  std::vector<Transfer> moved;
  std::map<std::string, uint64_t> progress;
  std::set<std::string> changed;
  for (const AgentState& agent : fleet_.Agents("")) {
    for (const TaskProgress& task : agent.report.tasks) {
      if (task.transfer.empty() || !task.receives || !agent.online) continue;
      progress[task.transfer] = task.bytes_done;
      const auto before = progress_.find(task.transfer);
      if (before == progress_.end() || before->second != task.bytes_done) changed.insert(task.transfer);
    }
  }
  progress_ = std::move(progress);
  if (changed.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(database_.Transact([&](pg::Tx& tx) {
    moved.clear();
    for (const std::string& id : changed) {
      if (auto transfer = store::GetTransfer(tx, id)) moved.push_back(std::move(*transfer));
    }
    return absl::OkStatus();
  }));
  for (const auto& watcher : watchers) {
    for (const Transfer& transfer : moved) Send(*watcher, transfer, watcher->seen);
  }
  return absl::OkStatus();
}

void Watches::SendBookmarks(const Watchers& watchers, base::Instant now) {
  if (now - bookmarked_ < kBookmarkInterval && now >= bookmarked_) return;
  bookmarked_ = now;
  for (const auto& watcher : watchers) {
    if (watcher->gone) continue;
    if (const absl::Status allowed = watcher->sink->Check(); !allowed.ok()) {
      watcher->sink->End(allowed);
      watcher->gone = true;
      continue;
    }
    studio::v1::WatchTransfersResponse bookmark;
    bookmark.mutable_bookmark();
    bookmark.set_resume_token(FormatToken(watcher->seen));
    if (!watcher->sink->Send(bookmark)) watcher->gone = true;
  }
}

void Watches::Send(Watcher& watcher, const Transfer& transfer, const std::optional<Position>& position) {
  if (watcher.gone || !Matches(watcher.filter, transfer.entity.client, transfer.entity.project, transfer.id)) {
    return;
  }
  studio::v1::WatchTransfersResponse message;
  *message.mutable_transfer() = ToMessage(transfer, fleet_);
  if (position) message.set_resume_token(FormatToken(*position));
  if (!watcher.sink->Send(message)) watcher.gone = true;
}

bool Watches::Matches(const WatchFilter& filter, std::string_view client, std::string_view project,
                      std::string_view transfer) {
  return (filter.client.empty() || filter.client == client) && (filter.project.empty() || filter.project == project) &&
         (filter.transfer.empty() || filter.transfer == transfer);
}

void Watches::Stop() {
  Watchers watchers;
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
    watchers.swap(watchers_);
  }
  for (const auto& watcher : watchers) {
    watcher->sink->End(base::WithReason(base::Unavailable("the orchestrator is stopping: watch again"), "STOPPING"));
  }
}

}  // namespace crossdock::orchestrator::api
