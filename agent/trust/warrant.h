// Whether a move is allowed, by this agent's own roster, clock and reading of the policy: the orchestrator is not
// believed.
#pragma once

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "agent/core/tasks.h"
#include "agent/trust/trust_store.h"
#include "lib/base/clock.h"
#include "lib/policy/parsed.h"

namespace crossdock::agent {

// What a warrant that holds says.
struct Warranted {
  std::string peer_spki;      // TLS key of the agent at the other end
  std::string relay_address;  // of the own site's relay, as its site admin signed it
  std::string relay_spki;
  uint64_t roster_number = 0;
  uint64_t policy_number = 0;                  // of the client's layer
  std::string policy_digest;                   // of all layers (policy::DigestOf), lower hex
  std::string verify = "landed";               // transit, landed, readback: no less, whatever the task says
  bool record = false;                         // an integrity record, or nothing lands
  std::set<std::string> record_formats = {};   // in it, besides those of the volume: "c4", "md5", "sha1"
  bool scan = false;                           // the site's release scan is clean, or nothing leaves
  base::Instant until = base::Instant::max();  // time alone may change the answer then
  uint64_t revision = 0;                       // Warrants::revision when it was asked
};

// Thread-safe.
class Warrants {
 public:
  virtual ~Warrants() = default;
  virtual absl::StatusOr<Warranted> Check(const Task& task, const MoveTask& move) const = 0;
  // Rises whenever something has changed that Check believes.
  virtual uint64_t revision() const = 0;
};

// Thread-safe.
class WarrantCheck : public Warrants {
 public:
  // `site` is this agent's own. Everything outlives it.
  WarrantCheck(std::string site, TrustStore& store, const base::Clock& clock)
      : site_(std::move(site)), store_(store), clock_(clock) {}

  // Refused with: ROSTER_BEHIND (our roster is older than the one it was decided with: comes by itself),
  // WARRANT_OTHER_SITE, PEER_OTHER_SITE, the reasons of trust::VerifyAgentCredential prefixed PEER_, those of
  // VerifyRelay, clearance::VerifyLayers, clearance::Decide, clearance::CheckNoneMissing and clearance::ToStatus.
  // What was said against the transfer and seen here counts, whether the task brings it along or not.
  absl::StatusOr<Warranted> Check(const Task& task, const MoveTask& move) const override;
  uint64_t revision() const override { return store_.revision(); }

 private:
  const std::string site_;
  TrustStore& store_;
  const base::Clock& clock_;
  mutable policy::ParsedPolicies parsed_;  // a warrant is asked about again while its transfer runs
};

}  // namespace crossdock::agent
