// This host as the session describes it: volumes, relays, roster; and where signed updates are believed or not.
#pragma once

#include <string>

#include "agent/core/host.h"
#include "agent/tasks/work.h"
#include "agent/tending.h"
#include "agent/trust/trust_store.h"
#include "agent/witness/witness.h"

namespace crossdock::agent {

// Thread-safe.
class OwnHost : public Host {
 public:
  // Everything outlives the host. `session_path`: where the sessions are counted.
  OwnHost(std::string site, std::string session_path, const agent::Volumes& volumes, TrustStore& store,
          Tending& tending, agent::Witness& witness, const base::Clock& clock)
      : site_(std::move(site)),
        session_path_(std::move(session_path)),
        volumes_(volumes),
        store_(store),
        tending_(tending),
        witness_(witness),
        clock_(clock) {}

  absl::StatusOr<uint64_t> NextSession() override;
  std::vector<VolumeSpace> Volumes() override;
  std::vector<RelayStatus> Relays() override { return tending_.Status(); }
  uint64_t RosterNumber() override { return store_.roster()->number(); }
  void TakeTrust(const TrustUpdate& update) override;
  WitnessAnswer Witness(const WitnessRequest& request) override { return witness_.Answer(request, clock_.Now()); }

 private:
  const std::string site_;
  const std::string session_path_;
  const agent::Volumes& volumes_;
  TrustStore& store_;
  Tending& tending_;
  agent::Witness& witness_;
  const base::Clock& clock_;
  base::Mutex mutex_;  // of the session's file
};

}  // namespace crossdock::agent
