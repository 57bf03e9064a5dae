// AgentDesk: everything that agents ask for and that takes a decision or a check. The API translates, the engine
// implements, main joins the two.
//
// Thread-safe; calls may wait for the database. Errors carry a reason. Each call is idempotent: an agent that does not
// know its outcome calls again. `agent` is the caller's own name, from its certificate.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "orchestrator/core/tasks.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator {

struct SessionStart {
  std::string agent;
  std::string site;  // as the certificate says
  uint64_t counter = 0;
  std::string version;
  std::vector<std::string> volumes;
};

// All that an agent should be doing, read in one transaction.
struct DesiredSet {
  uint64_t generation = 0;  // of the database that says so
  std::vector<Task> tasks;
};

// What the agents of one site need to judge by themselves and to tend their relays.
struct SiteTrust {
  std::string roster_body;
  std::string roster_statement;
  std::string relay_keys;  // signed; empty: none yet
  std::string relay_deny;  // signed; empty: none yet
  std::vector<std::string> relay_statements;
  // Signed, of all clients, because an agent remembers what it has once seen: who would keep one back later cannot.
  std::vector<std::string> activations;  // of the policies in force
  std::vector<std::string> objections;   // withdrawals and denials that could still matter
  bool operator==(const SiteTrust&) const = default;
};

struct ScanFinding {
  std::string code;  // FILE_EMPTY, FRAMES_MISSING, …
  std::string path;  // bytes
  std::string detail;
};
struct ScanOutcome {
  std::string transfer;
  int64_t scan = 0;
  std::string reason;  // empty: complete
  std::string detail;
  int64_t files = 0;
  int64_t bytes = 0;
  std::string listing;  // SHA-256, lower hex
  int64_t chunks = 0;
  std::vector<ScanFinding> findings;
};
struct ContentOutcome {
  std::string transfer;
  int64_t scan = 0;
  std::string reason;  // empty: hashed
  std::string detail;
  std::string listing;
  std::string content;  // SHA-256, lower hex
};

struct CleanOutcome {
  std::string transfer;
  Epoch epoch;
  std::string reason;  // empty: removed
  std::string detail;
};

enum class CommitWord { kPublish, kFenced, kRefused };
struct CommitReply {
  CommitWord word = CommitWord::kRefused;
  std::string reason;
  std::string detail;
};

// A roster on the way from an older one to the one in force, without which the officers' change between is not believed.
struct RosterStep {
  uint64_t number = 0;
  std::string body;
  std::string statement;  // signed
};

class AgentDesk {
 public:
  virtual ~AgentDesk() = default;

  // A session begins. PERMISSION_DENIED with AGENT_CLONED when the counter is not above the last one, AGENT_UNKNOWN
  // when nobody of that name enrolled at that site.
  virtual absl::Status BeginSession(const SessionStart& start) = 0;
  virtual absl::StatusOr<DesiredSet> DesiredTasks(std::string_view agent) = 0;
  virtual absl::StatusOr<SiteTrust> TrustOf(std::string_view site) = 0;
  // What leads whoever holds roster `number` to the one in force, oldest first; nothing when the officers are the same.
  virtual absl::StatusOr<std::vector<RosterStep>> RosterSteps(uint64_t number) = 0;
  // SPKI digests (lower hex) of keys that are denied everywhere.
  virtual absl::StatusOr<std::set<std::string>> DeniedKeys() = 0;
  virtual absl::Status RenewLeases(std::string_view agent, const std::vector<std::string>& transfers) = 0;

  virtual absl::Status RecordManifestChunk(std::string_view agent, std::string_view transfer, int64_t scan,
                                           int64_t index, std::string_view chunk) = 0;
  virtual absl::Status RecordScan(std::string_view agent, const ScanOutcome& outcome) = 0;
  virtual absl::Status RecordContent(std::string_view agent, const ContentOutcome& outcome) = 0;
  virtual absl::StatusOr<CommitReply> Commit(std::string_view agent, std::string_view transfer, Epoch epoch,
                                             std::string_view listing, std::string_view content) = 0;
  virtual absl::Status SubmitReceipt(std::string_view agent, std::string_view transfer, Epoch epoch,
                                     std::string_view receipt, bool already_present) = 0;
  virtual absl::Status ReportFailure(std::string_view agent, std::string_view transfer, Epoch epoch,
                                     std::string_view reason, std::string_view detail) = 0;
  virtual absl::Status RecordClean(std::string_view agent, const CleanOutcome& outcome) = 0;
};

// What an agent is asked to co-sign, and what it answers (docs/audit.md).
struct WitnessAsk {
  std::string log;
  std::string log_key;
  std::string add_checkpoint;
};
struct WitnessReply {
  std::string log;
  uint64_t size = 0;
  std::string cosignature;  // a line; empty: refused
  std::string reason;
  std::string detail;
  uint64_t seen_size = 0;
  std::string held;  // with a refusal: the note that it keeps, which contradicts what it was asked
};

// Where agents are witnesses. Thread-safe; calls may wait for the database.
class WitnessDesk {
 public:
  virtual ~WitnessDesk() = default;
  // What this agent is to be asked now; each is given once, and again when no answer comes for long.
  virtual absl::StatusOr<std::vector<WitnessAsk>> Ask(std::string_view agent) = 0;
  virtual absl::Status Take(std::string_view agent, std::string_view site, const WitnessReply& reply) = 0;
};

struct Enrolled {
  std::string certificate_pem;  // the chain
  std::string ca_pem;
  std::string spiffe_id;        // empty on renewal
  std::string session_address;  // host:port of the agents' port; empty on renewal
  std::string roster_body;
  std::string roster_statement;
};

// How agents get their certificates. Thread-safe.
class EnrolmentDesk {
 public:
  virtual ~EnrolmentDesk() = default;
  // A grant that a site admin registered and nobody used (but this same agent, whose answer was lost), an identity made
  // under it, and a request by the TLS key that the identity names. Reasons: GRANT_UNKNOWN, GRANT_USED, those of
  // trust::VerifyAgentCredential, KEY_MISMATCH.
  virtual absl::StatusOr<Enrolled> Enrol(std::string_view grant, std::string_view identity, std::string_view csr) = 0;
  // A request by the key that this agent enrolled with. Its certificate may have expired up to 30 days ago
  // (CERTIFICATE_TOO_OLD), and its key must not be denied (KEY_DENIED).
  virtual absl::StatusOr<Enrolled> Renew(std::string_view agent, std::string_view csr) = 0;
};

}  // namespace crossdock::orchestrator
