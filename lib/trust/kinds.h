// Every kind of statement that Crossdock knows, and what it says. Who must have signed it: docs/signed_statements.md,
// and the verifying functions (roster.h, credential.h, approval.h).
//
// Digests are lower hex of SHA-256; times are whole seconds. Encode refuses what Decode would refuse, so whatever is
// signed can be read back. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/ed25519.h"

namespace crossdock::trust {

// "These are the sites, the people and the keys": signed by a threshold of officers over the digest of the roster body.
struct RosterStatement {
  static constexpr std::string_view kKind = "crossdock/roster/v1";
  uint64_t number = 0;  // rises by at least one with each roster
  base::Instant issued;
  base::Instant expires;
  std::string body_sha256;
};

// "From now on this is the policy of this client, of the studio or of this show": signed by an officer.
struct PolicyActivation {
  static constexpr std::string_view kKind = "crossdock/policy/v1";
  std::string client;   // or `studio:all`, or `show:CLIENT/SHOW`
  uint64_t number = 0;  // rises by at least one with each activation of the same
  std::string digest;   // of the policy's canonical form
  base::Instant activated;
  std::string officer;
};

// How long a join grant may be valid.
inline constexpr std::chrono::hours kJoinGrantMax{1};

// "Whoever holds this enrolment key may join once": signed by a site admin.
struct JoinGrant {
  static constexpr std::string_view kKind = "crossdock/join-grant/v1";
  std::string role;  // "agent"
  std::string site;
  base::PublicKey enrolment_key;
  std::string roster_root;  // the newcomer pins it
  base::Instant not_before;
  base::Instant not_after;  // at most kJoinGrantMax later
  std::string nonce;
  std::string site_admin;
};

// "I am this agent, and these are my keys": signed by the enrolment key of a grant and by the identity key itself.
struct AgentIdentity {
  static constexpr std::string_view kKind = "crossdock/agent-identity/v1";
  std::string agent;
  std::string site;
  base::PublicKey identity_key;
  std::string tls_spki;
  std::string grant_sha256;  // of the whole text of the signed grant
  base::Instant made;
};

// "This relay is ours": signed by a site admin of its site.
struct RelayStatement {
  static constexpr std::string_view kKind = "crossdock/relay/v1";
  std::string relay;
  std::string site;
  std::string spki;
  std::string address_lan;  // host:port, as the site's own agents dial it
  std::string address_wan;  // host:port, as the other sites' relays and agents dial it
  base::Instant added;
  std::string site_admin;
};

// "Tickets are signed with this key": signed by the site admin whose key the relay pinned.
struct RelayKeys {
  static constexpr std::string_view kKind = "crossdock/relay-keys/v1";
  uint64_t number = 0;
  base::Instant issued;
  base::Instant expires;
  base::PublicKey ticket_key;
  std::optional<base::PublicKey> ticket_key_next;
};

// "Admit none of these": signed by the ticket key. The newest number replaces all before it.
struct RelayDeny {
  static constexpr std::string_view kKind = "crossdock/relay-deny/v1";
  uint64_t number = 0;
  base::Instant issued;
  std::vector<std::string> deny;  // SPKI digests, sorted, each once
};

enum class ApprovalDecision { kApprove, kDeny };
std::string_view Name(ApprovalDecision decision);

// "I have seen what will move, and say yes (or no)": signed by the approver's key.
struct ApprovalStatement {
  static constexpr std::string_view kKind = "crossdock/approval/v1";
  std::string transfer;
  std::string client;
  std::string project;
  std::string listing;
  std::string content;  // empty unless the policy binds content
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::string source;       // site/volume
  std::string destination;  // site/volume
  std::string classification;
  std::string policy;       // digest of the canonical form
  std::string requirement;  // the id in the policy's `require: approvals:`; studio/ID, show/ID of those layers
  ApprovalDecision decision = ApprovalDecision::kDeny;
  std::string scope = "once";
  base::Instant not_before;
  base::Instant not_after;
  std::string approver;
  std::string nonce;
};

// "I have seen what would move, and say no, because …": signed by the approver's key. It has no end: it holds for as
// long as the same would move. A `decision: deny` of ApprovalStatement is the same without the words.
struct DenialStatement {
  static constexpr std::string_view kKind = "crossdock/denial/v1";
  std::string transfer;
  std::string client;
  std::string project;
  std::string listing;
  std::string content;  // empty while it is not hashed, and where the policy does not bind it
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::string source;       // site/volume
  std::string destination;  // site/volume
  std::string classification;
  std::string policy;  // digest of the canonical form
  std::string requirement;
  std::string reason;  // in the approver's words; may be empty
  base::Instant denied;
  std::string approver;
  std::string nonce;
};

// How long somebody may stand in for somebody else by one signature.
inline constexpr std::chrono::days kDelegationMax{92};

// "Until then this person may approve in my place": signed by the approver whose place it is.
struct Delegation {
  static constexpr std::string_view kKind = "crossdock/delegation/v1";
  std::string client;    // of this client's transfers alone; empty: of all
  std::string delegate;  // a person of the roster
  base::Instant not_before;
  base::Instant not_after;  // at most kDelegationMax later
  std::string reason;       // in the approver's words; may be empty
  std::string approver;     // whose place it is
  std::string nonce;
};

// "I take my yes back": signed by the approver, with whichever of their keys.
struct Withdrawal {
  static constexpr std::string_view kKind = "crossdock/withdrawal/v1";
  std::string transfer;
  std::string client;
  std::string requirement;
  std::string approval;     // ApprovalDigest (approval.h) of what is taken back
  base::Instant not_after;  // as the approval has it: from then on nobody need remember this
  std::string reason;       // in the approver's words; may be empty
  base::Instant withdrawn;
  std::string approver;
};

// "Nobody stands in for me by that any more": signed by the approver whose place it is, with whichever of their keys.
struct DelegationEnd {
  static constexpr std::string_view kKind = "crossdock/delegation-end/v1";
  std::string client;  // as the delegation has it
  std::string delegate;
  std::string delegation;   // ApprovalDigest (approval.h) of what is ended
  base::Instant not_after;  // as the delegation has it: from then on nobody need remember this
  std::string reason;       // in the approver's words; may be empty
  base::Instant ended;
  std::string approver;
};

// How long one transfer may go past the rules.
inline constexpr std::chrono::hours kBreakGlassMax{4};

// "Let this one transfer through until then, because …": signed by both persons.
struct BreakGlass {
  static constexpr std::string_view kKind = "crossdock/break-glass/v1";
  std::string transfer;
  std::string client;
  std::string project;
  std::string listing;
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::string source;       // site/volume
  std::string destination;  // site/volume
  std::string classification;
  std::string policy;  // of all layers: what is lifted is what these say
  std::string reason;  // never empty
  base::Instant not_before;
  base::Instant not_after;  // at most kBreakGlassMax later
  std::string first;        // persons of the roster
  std::string second;
  std::string nonce;
};

// "I have looked at it since, and say …": signed by a third person.
struct BreakGlassReview {
  static constexpr std::string_view kKind = "crossdock/break-glass-review/v1";
  std::string transfer;
  std::string client;
  std::string break_glass;  // StatementDigest (break_glass.h) of what is reviewed
  bool justified = false;
  std::string text;  // never empty
  base::Instant reviewed;
  std::string reviewer;
};

enum class ReceiptRole { kSent, kLanded, kDeleted };
std::string_view Name(ReceiptRole role);

enum class ReceiptVerify { kTransit, kLanded, kReadback };
std::string_view Name(ReceiptVerify verify);

// "This I did": signed by the agent's identity key.
struct Receipt {
  static constexpr std::string_view kKind = "crossdock/receipt/v1";
  std::string transfer;
  std::string epoch;  // g.n
  ReceiptRole role = ReceiptRole::kSent;
  std::string agent;
  std::string site;
  std::string listing;
  std::string content;  // empty when no content root was made
  uint64_t files = 0;
  uint64_t bytes = 0;
  base::Instant began;
  base::Instant ended;
  ReceiptVerify verify = ReceiptVerify::kTransit;
  std::string request;
  std::string policy;  // digest of the canonical form of the policy that the agent itself evaluated
  std::string scan;    // of kSent: `clean` when a scan before release found nothing; empty, and no line: there was none
};

// The text to sign. STATEMENT_MALFORMED when a field breaks its rule.
template <typename Kind>
absl::StatusOr<std::string> Encode(const Kind& statement);

// Reads exactly one kind; STATEMENT_MALFORMED with the field that is wrong.
template <typename Kind>
absl::StatusOr<Kind> Decode(std::string_view text);

}  // namespace crossdock::trust
