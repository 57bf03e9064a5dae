#include "relay/rendezvous.h"

#include <algorithm>

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

absl::Status Rendezvous::Met(const std::shared_ptr<Place>& place) {
  base::MutexLock lock(mutex_);
  if (place->state_ == Place::State::kMet) return absl::OkStatus();
  const auto found = waiting_.find(Key(place->ticket.rendezvous, place->leg));
  if (found != waiting_.end() && found->second == place) waiting_.erase(found);
  if (place->ended_by_ == nullptr)
    return Refuse(wire::kPartnerAbsent, "the other end of this leg did not come in time");
  const std::string_view reason = place->ended_by_;
  if (reason == wire::kRelayDraining) return Refuse(reason, "the relay is ending");
  if (reason == wire::kHolderDenied) return base::WithReason(base::PermissionDenied("a key was denied"), reason);
  return Refuse(reason, "a later try or a newer attempt came");
}

std::string_view Rendezvous::EndedBy(const Place& place) const {
  base::MutexLock lock(mutex_);
  return place.ended_by_ == nullptr ? std::string_view() : place.ended_by_;
}

void Rendezvous::Leave(const std::shared_ptr<Place>& place) {
  base::MutexLock lock(mutex_);
  const Key key(place->ticket.rendezvous, place->leg);
  const auto found = waiting_.find(key);
  if (found != waiting_.end() && found->second == place) waiting_.erase(found);
  const auto [begin, end] = joined_.equal_range(key);
  for (auto each = begin; each != end;) each = each->second == place ? joined_.erase(each) : std::next(each);
}

void Rendezvous::End(Place& place, const char* reason) {
  if (place.state_ == Place::State::kWaiting) place.state_ = Place::State::kEnded;
  if (place.ended_by_ == nullptr) place.ended_by_ = reason;
  place.wake.Set();
}

void Rendezvous::EndWaiting(const Ends& ends, const char* reason) {
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    if (!ends(*each->second)) {
      ++each;
      continue;
    }
    End(*each->second, reason);
    each = waiting_.erase(each);
  }
}

void Rendezvous::EndJoined(const Ends& ends, const char* reason) {
  for (const auto& [key, place] : joined_)
    if (ends(*place)) End(*place, reason);
}

void Rendezvous::Drain() {
  base::MutexLock lock(mutex_);
  draining_ = true;
  EndWaiting([](const Place&) { return true; }, wire::kRelayDraining);
}

void Rendezvous::CutAll() {
  Drain();
  base::MutexLock lock(mutex_);
  EndJoined([](const Place&) { return true; }, wire::kRelayDraining);
}

void Rendezvous::CutDenied(const std::function<bool(const std::string&)>& denied) {
  const Ends names_denied = [&](const Place& place) {
    const wire::Ticket& ticket = place.ticket;
    return denied(ticket.holder_spki) || denied(ticket.peer_spki) || (ticket.next_hop && denied(ticket.next_hop->spki));
  };
  base::MutexLock lock(mutex_);
  EndWaiting(names_denied, wire::kHolderDenied);
  EndJoined(names_denied, wire::kHolderDenied);
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
  if (draining_) return Refuse(wire::kRelayDraining, "the relay is ending");
  const std::pair<std::string, uint16_t> use(ticket_digest, place->leg);
  const auto before = used_.find(use);
  if (before != used_.end() && place->attempt <= before->second.attempt) {
    return Refuse(wire::kTicketReplayed, "this ticket was used for this leg and try, or a later one, before");
  }
  if (used_.size() >= limits_.remembered_max) Expire(now);
  if (used_.size() >= limits_.remembered_max || joined_.size() >= limits_.joined_max) {
    return Refuse(wire::kRelayFull, "this relay has reached its limit");
  }
  RETURN_IF_ERROR(Replace(place));
  const base::Instant forget = place->ticket.not_after + 2 * kClockTolerance;
  used_[use] = {place->attempt, forget};
  // Kept as long as the longest ticket of the attempts before could still be shown.
  auto& [epoch, until] = epochs_[place->ticket.rendezvous];
  epoch = place->ticket.epoch;
  until = std::max(until, forget);
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
    End(*each->second, wire::kLegReplaced);
    each = waiting_.erase(each);
  }
  for (auto each = joined_.lower_bound(first); each != joined_.end() && each->first.first == mine.rendezvous; ++each) {
    if (newer_epoch || each->second->leg == place->leg) End(*each->second, wire::kLegReplaced);
  }
  return absl::OkStatus();
}

void Rendezvous::Expire(base::Instant now) {
  std::erase_if(used_, [&](const auto& each) { return each.second.forget <= now; });
  std::erase_if(epochs_, [&](const auto& each) { return each.second.second <= now; });
}

}  // namespace crossdock::relay
