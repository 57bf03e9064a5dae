#include "agent/tending.h"

#include <utility>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/net/admission.h"

namespace crossdock::agent {
namespace {

using net::Deadline;
using std::chrono::milliseconds;

constexpr milliseconds kInterval{5'000};
constexpr milliseconds kAnswerTime{10'000};
constexpr milliseconds kPause{2'000};

}  // namespace

Tending::~Tending() {
  std::map<std::string, std::unique_ptr<Charge>> ending;
  std::vector<std::unique_ptr<Charge>> retired;
  {
    base::MutexLock lock(mutex_);
    ending.swap(charges_);
    retired.swap(retired_);
  }
  // Outside the lock: a stop wakes the thread by it. All are told before the first is joined.
  for (const auto& [id, charge] : ending) charge->thread.request_stop();
}

void Tending::Set(const std::vector<trust::RelayStatement>& relays, const std::string& keys, const std::string& deny) {
  std::vector<std::unique_ptr<Charge>> gone = Replace(relays, keys, deny);
  for (const auto& charge : gone) charge->thread.request_stop();
  // Joined at the end: whoever hands in news must not wait for a relay's timeout.
  base::MutexLock lock(mutex_);
  for (auto& charge : gone) retired_.push_back(std::move(charge));
}

std::vector<std::unique_ptr<Tending::Charge>> Tending::Replace(const std::vector<trust::RelayStatement>& relays,
                                                               const std::string& keys, const std::string& deny) {
  base::MutexLock lock(mutex_);
  keys_ = keys;
  deny_ = deny;
  ++version_;
  std::map<std::string, std::unique_ptr<Charge>> next;
  for (const trust::RelayStatement& relay : relays) {
    const auto known = charges_.find(relay.relay);
    const bool same = known != charges_.end() && known->second->relay.spki == relay.spki &&
                      known->second->relay.address_lan == relay.address_lan;
    if (same) {
      next[relay.relay] = std::move(known->second);
      continue;
    }
    auto charge = std::make_unique<Charge>();
    charge->relay = relay;
    charge->status.relay = relay.relay;
    charge->thread = std::jthread([this, relay](const std::stop_token& stop) { Run(relay, stop); });
    next[relay.relay] = std::move(charge);
  }
  std::vector<std::unique_ptr<Charge>> gone;
  for (auto& [id, charge] : charges_) {
    if (charge) gone.push_back(std::move(charge));
  }
  charges_ = std::move(next);
  changed_.NotifyAll();
  return gone;
}

std::vector<RelayStatus> Tending::Status() const {
  base::MutexLock lock(mutex_);
  std::vector<RelayStatus> all;
  for (const auto& [id, charge] : charges_) all.push_back(charge->status);
  return all;
}

void Tending::Run(const trust::RelayStatement& relay, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mutex_);
    changed_.NotifyAll();
  });
  while (!stop.stop_requested()) {
    const absl::Status ended = Tend(relay, stop);
    if (stop.stop_requested()) return;
    RelayStatus status;
    status.relay = relay.relay;
    status.problem = base::StrCat(base::ReasonOf(ended), ": ", base::ToStd(ended.message()));
    LOG_INFO("a relay cannot be tended", {{"relay", relay.relay}, {"error", ended.ToString()}});
    Note(relay.relay, std::move(status));
    base::MutexLock lock(mutex_);
    if (!stop.stop_requested()) changed_.WaitFor(mutex_, kPause);
  }
}

absl::Status Tending::Tend(const trust::RelayStatement& relay, const std::stop_token& stop) {
  net::Interrupt interrupt;
  const std::stop_callback end(stop, [&] { interrupt.Set(); });
  ASSIGN_OR_RETURN(const std::unique_ptr<net::Tending> connection,
                   net::Tending::Open(key_, relay.address_lan, relay.spki, Deadline::After(kAnswerTime, &interrupt)));
  uint64_t told = 0;
  while (!stop.stop_requested()) {
    wire::Bundles bundles;
    {
      base::MutexLock lock(mutex_);
      bundles = {keys_, deny_};
      told = version_;
    }
    ASSIGN_OR_RETURN(const wire::Status answer, connection->Send(bundles, Deadline::After(kAnswerTime, &interrupt)));
    RelayStatus status;
    status.relay = relay.relay;
    status.tended = true;
    status.draining = answer.draining;
    status.load = answer.joined;
    status.busy_per_mille = answer.busy_per_mille;
    status.clock_skew = std::chrono::duration_cast<milliseconds>(answer.now - clock_.Now());
    status.keys_number = answer.keys_number;
    status.deny_number = answer.deny_number;
    status.problem = answer.problem;
    Note(relay.relay, std::move(status));
    base::MutexLock lock(mutex_);
    if (told == version_ && !stop.stop_requested()) changed_.WaitFor(mutex_, kInterval);
  }
  return absl::OkStatus();
}

void Tending::Note(const std::string& relay, RelayStatus status) {
  base::MutexLock lock(mutex_);
  const auto found = charges_.find(relay);
  if (found != charges_.end()) found->second->status = std::move(status);
}

}  // namespace crossdock::agent
