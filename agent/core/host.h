// Host is this machine as the session describes it, and where it hands in what the officers signed. main implements it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace crossdock::agent {

struct VolumeSpace {
  std::string volume;
  uint64_t bytes_free = 0;
  uint64_t bytes_total = 0;
};

// A relay of the own site, as its tending connection shows it.
struct RelayStatus {
  std::string relay;
  bool tended = false;
  bool draining = false;
  uint32_t load = 0;            // joined pairs
  uint16_t busy_per_mille = 0;  // of its processors, over the last seconds
  std::chrono::milliseconds clock_skew{};
  uint64_t keys_number = 0;
  uint64_t deny_number = 0;
  std::string problem;
};

// A roster on the way to a newer one: its officers are not those of the one before.
struct RosterStep {
  uint64_t number = 0;  // not signed itself: what to skip
  std::string body;
  std::string statement;
};

// Signed, every part of it; nothing is believed before it is verified.
struct TrustUpdate {
  std::string roster_body;
  std::string roster_statement;
  std::string relay_keys;
  std::string relay_deny;
  std::vector<std::string> relay_statements;
  std::vector<std::string> activations;  // of policies in force
  std::vector<std::string> objections;   // withdrawals and denials
  std::vector<RosterStep> roster_steps;  // to `roster_body`, oldest first
};

// What the orchestrator asks this agent to co-sign, and its answer (docs/audit.md).
struct WitnessRequest {
  std::string log;
  std::string log_key;
  std::string add_checkpoint;
};
struct WitnessAnswer {
  std::string log;
  uint64_t size = 0;
  std::string cosignature;  // a line; empty: refused, with
  std::string reason;       // UPPER_SNAKE
  std::string detail;
  uint64_t seen_size = 0;
  std::string held;  // the note that it keeps, when what it was asked contradicts that
};

// Thread-safe.
class Host {
 public:
  virtual ~Host() = default;
  // One above the last, on disk before it is given: a copy of this host shows itself by a counter that lags.
  virtual absl::StatusOr<uint64_t> NextSession() = 0;
  virtual std::vector<VolumeSpace> Volumes() = 0;
  virtual std::vector<RelayStatus> Relays() = 0;
  virtual uint64_t RosterNumber() = 0;
  virtual void TakeTrust(const TrustUpdate& update) = 0;
  virtual WitnessAnswer Witness(const WitnessRequest& request) {
    return {request.log, 0, "", "WITNESS_NONE", "this host is no witness", 0, ""};
  }
};

}  // namespace crossdock::agent
