// Rendezvous: where the two legs of a pair find each other, and what fences them.
//
// It knows who waits and who is joined, nothing of sockets: a place holds an Interrupt, by which its thread is told
// that the partner came, or that a later try or a newer epoch took over. Bounded; thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/mutex.h"
#include "lib/net/wait.h"
#include "lib/wire/admission.h"
#include "lib/wire/ticket.h"

namespace crossdock::relay {

struct RendezvousLimits {
  size_t waiting_max = 4096;
  size_t joined_max = 4096;
  size_t remembered_max = 200'000;  // used (ticket, leg, try) until the tickets expire
};

// One leg's place, from its admission until its connection has ended. Shared by the two threads of a pair.
class Place {
 public:
  Place(wire::Ticket ticket, uint16_t leg, uint32_t attempt) : ticket(std::move(ticket)), leg(leg), attempt(attempt) {}

  const wire::Ticket ticket;
  const uint16_t leg;
  const uint32_t attempt;
  // Set when it has been met, replaced or cut: look at the state.
  net::Interrupt wake;

  // The waiting leg's socket on its way to the thread that pumps. Give is called once, also with an empty one.
  void Give(base::UniqueFd fd);
  // Empty when nothing comes within `deadline`.
  base::UniqueFd Take(std::chrono::milliseconds wait);

 private:
  friend class Rendezvous;
  enum class State { kWaiting, kMet, kReplaced, kJoined };
  State state_ = State::kWaiting;  // guarded by the rendezvous' mutex
  base::Mutex mutex_;
  base::CondVar given_;
  bool gave_ ABSL_GUARDED_BY(mutex_) = false;
  base::UniqueFd fd_ ABSL_GUARDED_BY(mutex_);
};

class Rendezvous {
 public:
  explicit Rendezvous(const RendezvousLimits& limits) : limits_(limits) {}

  // A leg that this relay takes on to the next hop itself: no partner, but the same fences. EPOCH_STALE,
  // TICKET_REPLAYED, LEG_REPLACED, RELAY_FULL.
  absl::Status Enter(const std::shared_ptr<Place>& place, std::string_view ticket_digest, base::Instant now);
  // The partner that waits here already, or nothing: then `place` waits, until `wake`. The same reasons, and
  // PEER_MISMATCH.
  absl::StatusOr<std::shared_ptr<Place>> Meet(const std::shared_ptr<Place>& place, std::string_view ticket_digest,
                                              base::Instant now);
  // After `wake`, or when the wait is over: true when the partner came. LEG_REPLACED, or PARTNER_ABSENT and it waits
  // no more.
  absl::StatusOr<bool> Met(const std::shared_ptr<Place>& place);
  // The place's connection has ended.
  void Leave(const std::shared_ptr<Place>& place);
  // Wakes everybody: the relay ends.
  void CutAll();
  // Cuts the legs whose holder or peer `denied` names.
  template <typename Predicate>
  void CutIf(const Predicate& denied);

  size_t waiting() const;
  size_t joined() const;

 private:
  using Key = std::pair<std::string, uint16_t>;  // rendezvous, leg
  struct Used {
    base::Instant expires;
  };

  absl::Status Admit(const std::shared_ptr<Place>& place, std::string_view ticket_digest, base::Instant now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Wakes the older legs that `place` takes over from.
  absl::Status Replace(const std::shared_ptr<Place>& place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Expire(base::Instant now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RendezvousLimits limits_;
  mutable base::Mutex mutex_;
  std::map<Key, std::shared_ptr<Place>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::multimap<Key, std::shared_ptr<Place>> joined_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, base::Instant> used_ ABSL_GUARDED_BY(mutex_);  // digest/leg/try → expiry
  std::map<std::string, std::pair<wire::Epoch, base::Instant>> epochs_ ABSL_GUARDED_BY(mutex_);
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;
};

template <typename Predicate>
void Rendezvous::CutIf(const Predicate& denied) {
  base::MutexLock lock(mutex_);
  const auto cut = [&](const std::shared_ptr<Place>& place) {
    if (!denied(place->ticket.holder_spki) && !denied(place->ticket.peer_spki)) return;
    if (place->state_ == Place::State::kWaiting) place->state_ = Place::State::kReplaced;
    place->wake.Set();
  };
  for (const auto& [key, place] : waiting_) cut(place);
  for (const auto& [key, place] : joined_) cut(place);
}

}  // namespace crossdock::relay
