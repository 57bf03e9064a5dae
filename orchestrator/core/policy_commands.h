// Commands over the life of a policy. Part of Commands (commands.h), which says what holds for all of them.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"

namespace crossdock::orchestrator {

// Who asks. A repeated request_id of the same subject answers as the first time and changes nothing; it may be empty.
struct Actor {
  std::string subject;
  std::string request_id;
};

// A policy as it is handed in: its YAML, and the calendar files that it names by digest. Both outlive it.
struct PolicyText {
  template <std::convertible_to<std::string_view> Text>
  PolicyText(const Text& text, std::span<const std::string> files = {}) : yaml(text), calendars(files) {}
  std::string_view yaml;
  std::span<const std::string> calendars;
};

struct PolicyName {
  std::string client;
  std::string digest;
  std::string title;
};

struct ProposedPolicy {
  PolicyName name;
  std::string difference_json;        // exactly what it decides otherwise than the one in force; {} when none is
  std::vector<std::string> findings;  // of lint, that the author answers for
};

// A candidate over past decisions.
struct PolicyReplay {
  struct Count {
    std::string kind;  // policy::ProspectName
    int64_t count = 0;
  };
  struct Example {
    std::string kind;
    std::string transfer;
    int64_t decision = 0;
    base::Instant at;
    std::string before, after;
    std::string why;
  };
  PolicyName name;
  int64_t decisions = 0;          // that were looked at
  std::vector<Count> counts;      // newly allowed first; kinds that occur
  std::vector<Example> examples;  // likewise; of those that change, the first of each kind
  bool complete = true;           // false: there are more than may be looked at in one call
};

class PolicyCommands {
 public:
  virtual ~PolicyCommands() = default;

  // Keeps a version whose tests pass and in which lint finds nothing but `accepted`. POLICY_INVALID, POLICY_TESTS_FAIL,
  // POLICY_NOT_CLEAN, CALENDAR_MISSING.
  virtual absl::StatusOr<ProposedPolicy> ProposePolicy(const PolicyText& text, const std::vector<std::string>& accepted,
                                                       bool validate_only, const Actor& actor) = 0;
  // Takes an officer's signed activation of a proposed version; it does not come into force yet. POLICY_UNKNOWN,
  // POLICY_STATE_CONFLICT, TWO_PERSONS_NEEDED.
  virtual absl::StatusOr<PolicyName> ApprovePolicy(std::string_view activation, const Actor& actor) = 0;
  // Puts an approved version in force; every live transfer of the client is decided again. With a signed activation it
  // is approved first, or rolled back to (ROLLBACK_LOOSENS).
  virtual absl::StatusOr<PolicyName> ActivatePolicy(std::string_view activation, const Actor& actor) = 0;
  virtual absl::StatusOr<PolicyName> ActivateApproved(std::string_view client, std::string_view digest,
                                                      const Actor& actor) = 0;
  virtual absl::StatusOr<PolicyName> WithdrawPolicy(std::string_view client, std::string_view digest,
                                                    const Actor& actor) = 0;
  // What a candidate would have said of what was decided since `since`; at most `examples` of each kind.
  // CALENDAR_MISSING.
  virtual absl::StatusOr<PolicyReplay> ReplayPolicy(const PolicyText& text, base::Instant since, int examples) = 0;
  // A candidate that is asked beside the version in force and never acts, in place of the client's last.
  // CALENDAR_MISSING.
  virtual absl::StatusOr<PolicyName> StartShadow(const PolicyText& text, const Actor& actor) = 0;
  virtual absl::Status StopShadow(std::string_view client, const Actor& actor) = 0;
  // Whose it is, and its digest. POLICY_INVALID.
  virtual absl::StatusOr<PolicyName> NamePolicy(std::string_view text) = 0;
  // One English sentence a clause.
  virtual absl::StatusOr<std::vector<std::string>> RenderPolicy(std::string_view text) = 0;
};

}  // namespace crossdock::orchestrator
