// Commands: everything that the API asks for and that takes a decision or a check. The API translates, the engine
// implements, main joins the two.
//
// Thread-safe; calls may wait for the database. Errors carry a reason. Each command that changes something writes its
// audit row in the transaction of the change and wakes whoever has something to do then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/core/event.h"
#include "orchestrator/core/policy_commands.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator {

// A transfer that a person or tool wants, without an event.
struct NewTransfer {
  Entity entity;
  std::string source_site;
  std::string destination_site;
  std::string volume;
  std::string path;              // bytes
  std::string destination_path;  // bytes; empty: as path
  std::string purpose;
  int priority = 0;
  std::string merge = "never";
  bool replace = false;
  std::string ready = "none";
};

// What the policy demands before it lets a transfer go.
struct OpenRequirement {
  std::string id;
  int count = 0;
  std::vector<std::string> from;         // "group:show-production"
  std::vector<std::string> approved_by;  // persons
};

struct Explanation {
  std::string reason;              // code
  std::vector<std::string> lines;  // what it waits for, since when, who or what can change it
  std::vector<OpenRequirement> requirements;
};

// What an approval of one requirement must name.
struct ApprovalSubject {
  OpenRequirement requirement;
  std::string policy;  // digest
  std::string policy_title;
  bool content_bound = false;
  bool ready = false;  // false while a bound content is still being hashed
  std::string classification;
  std::string source;       // "lon/proj"
  std::string destination;  // "van/proj"
  std::chrono::seconds valid_for{};
  std::vector<std::string> clauses;  // the policy's, in English
  base::Instant asked;
};

// What a break-glass of one transfer must name, and what it would lift.
struct BreakGlassSubject {
  std::string policy;  // digest
  std::string classification;
  std::string source;                // "lon/proj"
  std::string destination;           // "van/proj"
  std::vector<std::string> against;  // what stands against the transfer, in English
  std::vector<std::string> from;     // who may: "group:emergency of client northlight"
  std::vector<std::string> notify;   // who is told at once
  std::string refusal;               // code of why nobody can; empty: two of `from` can
  std::string refusal_detail;
};

struct TriggerTest {
  struct Match {
    std::string trigger;
    std::string source_site;
    std::string destination_site;
    std::string volume;
    std::string path;
    std::string destination_path;
    std::string purpose;
    bool exists = false;  // such a transfer was already made
  };
  std::vector<Match> matches;
  std::vector<std::string> notes;  // why the others did not match
};

class Commands : public PolicyCommands {
 public:
  // Puts an event into the inbox. False when it is there already. EVENT_TOO_LARGE, EVENT_MALFORMED, SOURCE_UNKNOWN.
  virtual absl::StatusOr<bool> PublishEvent(const Event& event) = 0;

  // Gives the id. With `validate_only` checks everything and gives the transfer's key in its place.
  virtual absl::StatusOr<std::string> CreateTransfer(const NewTransfer& wanted, bool validate_only,
                                                     const Actor& actor) = 0;
  virtual absl::Status CancelTransfer(std::string_view transfer, std::string_view reason, const Actor& actor) = 0;
  // Sends a failed, denied, expired or cancelled one back to scanning.
  virtual absl::Status RetryTransfer(std::string_view transfer, const Actor& actor) = 0;
  virtual absl::Status PauseTransfer(std::string_view transfer, std::string_view reason, const Actor& actor) = 0;
  virtual absl::Status ResumeTransfer(std::string_view transfer, const Actor& actor) = 0;
  virtual absl::StatusOr<Explanation> Explain(const Transfer& transfer) = 0;
  // What the policy said last, in English; empty before the first decision.
  virtual absl::StatusOr<std::vector<std::string>> LastDecision(const Transfer& transfer) = 0;

  // The open requirements; empty when it waits for nobody.
  virtual absl::StatusOr<std::vector<ApprovalSubject>> OpenApprovals(const Transfer& transfer) = 0;
  // Checks the signed statement against the roster and what is asked, stores it, decides again.
  virtual absl::Status SubmitApproval(std::string_view transfer, std::string_view statement, const Actor& actor) = 0;

  // An approver's signed withdrawal: what runs by that approval stops.
  virtual absl::Status WithdrawApproval(std::string_view transfer, std::string_view statement, const Actor& actor) = 0;

  // An emergency: what two persons could lift now.
  virtual absl::StatusOr<BreakGlassSubject> BreakGlassOf(const Transfer& transfer) = 0;
  // A statement that one person has signed is kept for the other; with both signatures the transfer goes by it.
  virtual absl::Status SubmitBreakGlass(std::string_view transfer, std::string_view statement, const Actor& actor) = 0;
  // A third person's signed word over it.
  virtual absl::Status ReviewBreakGlass(std::string_view transfer, std::string_view statement, const Actor& actor) = 0;

  // An approver's signed word that somebody may approve in their place for a time.
  virtual absl::Status AddDelegation(std::string_view statement, const Actor& actor) = 0;

  // Their signed word that it is over before its time: what runs by it stops.
  virtual absl::Status EndDelegation(std::string_view statement, const Actor& actor) = 0;

  // Replaces the set `name`; gives the names of its triggers.
  virtual absl::StatusOr<std::vector<std::string>> ApplyTriggers(std::string_view name, std::string_view text,
                                                                 bool validate_only, const Actor& actor) = 0;
  // Reads the entity now and says what would be made.
  virtual absl::StatusOr<TriggerTest> TestTriggers(std::string_view source, std::string_view entity_type,
                                                   std::string_view entity_id) = 0;

  // Signed statements of officers and site admins; each is verified against the roster in force.
  virtual absl::StatusOr<uint64_t> SetRoster(std::string_view body, std::string_view statement, const Actor& actor) = 0;
  virtual absl::Status RegisterGrant(std::string_view grant, const Actor& actor) = 0;
  virtual absl::StatusOr<std::string> AddRelay(std::string_view statement, const Actor& actor) = 0;  // gives its id
  virtual absl::Status SetRelayKeys(std::string_view site, std::string_view bundle, const Actor& actor) = 0;
  // Gives the number of the deny list that names it.
  virtual absl::StatusOr<uint64_t> DenyKey(std::string_view spki, std::string_view reason, const Actor& actor) = 0;
  virtual absl::Status SetLink(std::string_view source_site, std::string_view destination_site, int concurrency,
                               int64_t bytes_per_second_max, std::string_view held_reason, const Actor& actor) = 0;
  // "ed25519:<hex>": the public half of the key that signs tickets.
  virtual std::string TicketKey() = 0;
};

}  // namespace crossdock::orchestrator
