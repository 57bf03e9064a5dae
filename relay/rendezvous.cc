#include "relay/rendezvous.h"

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/wire/relay_reason.h"
#include "relay/judge.h"

namespace crossdock::relay {
namespace {

absl::Status Refuse(std::string_view reason, std::string_view text) {
  return base::WithReason(base::Unavailable(text), reason);
}

}  // namespace

void Place::Give(base::UniqueFd fd) {
  base::MutexLock lock(mutex_);
  gave_ = true;
  fd_ = std::move(fd);
  given_.NotifyAll();
}

base::UniqueFd Place::Take(std::chrono::milliseconds wait) {
  const base::Steady end = base::SystemClock().MonotonicNow() + wait;
  base::MutexLock lock(mutex_);
  while (!gave_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - base::SystemClock().MonotonicNow());
    if (left.count() <= 0) break;
    given_.WaitFor(mutex_, left);
  }
  return std::move(fd_);
}

absl::Status Rendezvous::Enter(const std::shared_ptr<Place>& place, std::string_view ticket_digest, base::Instant now) {
  base::MutexLock lock(mutex_);
  RETURN_IF_ERROR(Admit(place, ticket_digest, now));
  place->state_ = Place::State::kJoined;
  joined_.emplace(Key(place->ticket.rendezvous, place->leg), place);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Place>> Rendezvous::Meet(const std::shared_ptr<Place>& place,
                                                        std::string_view ticket_digest, base::Instant now) {
  base::MutexLock lock(mutex_);
  RETURN_IF_ERROR(Admit(place, ticket_digest, now));
  const Key key(place->ticket.rendezvous, place->leg);
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) {
    if (waiting_.size() >= limits_.waiting_max) return Refuse(wire::kRelayFull, "too many legs wait here");
    waiting_[key] = place;
    return std::shared_ptr<Place>();
  }
  const std::shared_ptr<Place> partner = found->second;
  if (partner->ticket.peer_spki != place->ticket.holder_spki ||
      place->ticket.peer_spki != partner->ticket.holder_spki) {
    return base::WithReason(base::PermissionDenied("the two tickets do not name each other"), wire::kPeerMismatch);
  }
  waiting_.erase(found);
  partner->state_ = Place::State::kMet;
  place->state_ = Place::State::kJoined;
  joined_.emplace(key, place);
  partner->wake.Set();
  return partner;
}

absl::StatusOr<bool> Rendezvous::Met(const std::shared_ptr<Place>& place) {
  base::MutexLock lock(mutex_);
  if (place->state_ == Place::State::kMet) return true;
  const auto found = waiting_.find(Key(place->ticket.rendezvous, place->leg));
  if (found != waiting_.end() && found->second == place) waiting_.erase(found);
  if (place->state_ == Place::State::kReplaced) {
    return Refuse(cut_ ? wire::kRelayDraining : wire::kLegReplaced,
                  cut_ ? "the relay is ending" : "a later try or a newer attempt came");
  }
  return Refuse(wire::kPartnerAbsent, "the other end of this leg did not come in time");
}

void Rendezvous::Leave(const std::shared_ptr<Place>& place) {
  base::MutexLock lock(mutex_);
  const Key key(place->ticket.rendezvous, place->leg);
  const auto found = waiting_.find(key);
  if (found != waiting_.end() && found->second == place) waiting_.erase(found);
  const auto [begin, end] = joined_.equal_range(key);
  for (auto each = begin; each != end;) each = each->second == place ? joined_.erase(each) : std::next(each);
}

void Rendezvous::CutAll() {
  {
    base::MutexLock lock(mutex_);
    cut_ = true;
  }
  CutIf([](const std::string&) { return true; });
}

size_t Rendezvous::waiting() const {
  base::MutexLock lock(mutex_);
  return waiting_.size();
}

size_t Rendezvous::joined() const {
  base::MutexLock lock(mutex_);
  return joined_.size();
}

absl::Status Rendezvous::Admit(const std::shared_ptr<Place>& place, std::string_view ticket_digest, base::Instant now) {
  if (cut_) return Refuse(wire::kRelayDraining, "the relay is ending");
  const std::string use = base::StrCat(ticket_digest, "/", place->leg, "/", place->attempt);
  if (used_.contains(use)) {
    return Refuse(wire::kTicketReplayed, "this ticket was used for this leg and try before");
  }
  if (used_.size() >= limits_.remembered_max || epochs_.size() >= limits_.remembered_max) Expire(now);
  if (used_.size() >= limits_.remembered_max || joined_.size() >= limits_.joined_max) {
    return Refuse(wire::kRelayFull, "this relay has reached its limit");
  }
  RETURN_IF_ERROR(Replace(place));
  const base::Instant forget = place->ticket.not_after + 2 * kClockTolerance;
  used_.emplace(use, forget);
  epochs_[place->ticket.rendezvous] = {place->ticket.epoch, forget};
  return absl::OkStatus();
}

absl::Status Rendezvous::Replace(const std::shared_ptr<Place>& place) {
  const wire::Ticket& mine = place->ticket;
  const auto seen = epochs_.find(mine.rendezvous);
  if (seen != epochs_.end() && mine.epoch < seen->second.first) {
    return base::WithReason(base::PermissionDenied("a newer attempt of this transfer was here"), "EPOCH_STALE");
  }
  const bool newer_epoch = seen != epochs_.end() && seen->second.first < mine.epoch;
  // Of a newer attempt all older legs go. Of a later try: who waits on the same side, and a joined pair of this leg,
  // which its other end has not seen break yet.
  const Key first(mine.rendezvous, 0);
  for (auto each = waiting_.lower_bound(first); each != waiting_.end() && each->first.first == mine.rendezvous;) {
    const Place& other = *each->second;
    if (!newer_epoch && (other.leg != place->leg || other.ticket.side != mine.side)) {
      ++each;
      continue;
    }
    each->second->state_ = Place::State::kReplaced;
    each->second->wake.Set();
    each = waiting_.erase(each);
  }
  for (auto each = joined_.lower_bound(first); each != joined_.end() && each->first.first == mine.rendezvous; ++each) {
    if (newer_epoch || each->second->leg == place->leg) each->second->wake.Set();
  }
  return absl::OkStatus();
}

void Rendezvous::Expire(base::Instant now) {
  std::erase_if(used_, [&](const auto& each) { return each.second <= now; });
  std::erase_if(epochs_, [&](const auto& each) { return each.second.second <= now; });
}

}  // namespace crossdock::relay
