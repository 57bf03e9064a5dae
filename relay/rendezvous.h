// Rendezvous: where the two legs of a pair find each other, and what fences them.
//
// It knows who waits and who is joined, nothing of sockets: a place holds an Interrupt, by which its thread is told
// that the partner came, or that a later try or a newer epoch took over. Time comes in as a parameter; who waits too
// long is told by its own thread. Bounded; thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
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
  size_t remembered_max = 200'000;  // (ticket, leg) with its last try, until the ticket expires
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
  enum class State { kWaiting, kMet, kJoined, kEnded };
  // Both guarded by the rendezvous' mutex.
  State state_ = State::kWaiting;
  const char* ended_by_ = nullptr;  // a reason of lib/wire/relay_reason.h once somebody ended it
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
  // After `wake`, or when the wait is over: OK when the partner came. Else it waits no more: PARTNER_ABSENT, or why
  // it was ended (LEG_REPLACED, HOLDER_DENIED, RELAY_DRAINING).
  absl::Status Met(const std::shared_ptr<Place>& place);
  // Why somebody ended this place; empty when nobody did.
  std::string_view EndedBy(const Place& place) const;
  // The place's connection has ended.
  void Leave(const std::shared_ptr<Place>& place);
  // No more joins; who waits is turned away, pairs go on.
  void Drain();
  // Drain, and the pairs are cut too.
  void CutAll();
  // Cuts the legs whose ticket names a key that `denied` says is denied.
  void CutDenied(const std::function<bool(const std::string& spki)>& denied);

  size_t waiting() const;
  size_t joined() const;

 private:
  using Key = std::pair<std::string, uint16_t>;  // rendezvous, leg
  struct LastTry {
    uint32_t attempt = 0;
    base::Instant forget;
  };
  using Ends = std::function<bool(const Place&)>;

  absl::Status Admit(const std::shared_ptr<Place>& place, std::string_view ticket_digest, base::Instant now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Wakes the older legs that `place` takes over from.
  absl::Status Replace(const std::shared_ptr<Place>& place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Expire(base::Instant now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void End(Place& place, const char* reason);
  void EndWaiting(const Ends& ends, const char* reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndJoined(const Ends& ends, const char* reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RendezvousLimits limits_;
  mutable base::Mutex mutex_;
  std::map<Key, std::shared_ptr<Place>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::multimap<Key, std::shared_ptr<Place>> joined_ ABSL_GUARDED_BY(mutex_);
  // By ticket digest and leg. Only the last try: a lower one that was never seen is stale all the same, and whoever
  // counts its tries up fills nothing.
  std::map<std::pair<std::string, uint16_t>, LastTry> used_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::pair<wire::Epoch, base::Instant>> epochs_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crossdock::relay
