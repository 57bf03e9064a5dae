// What the orchestrator knows of a transfer. Plain structs: the store fills them, core decides over them, api shows
// them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "orchestrator/core/states.h"

namespace crossdock::orchestrator {

// Fences attempts. The generation rises with each promotion or restore of the database, n with each attempt.
struct Epoch {
  uint64_t generation = 0;
  uint64_t n = 0;
  auto operator<=>(const Epoch&) const = default;
};

// What the asset database said when the entity was read again.
struct Entity {
  std::string source;  // name of the configured asset database
  std::string type;
  std::string id;
  std::string client;
  std::string project;
  std::string name;
  std::string version;
  std::string status;
  bool ready = false;
  std::string generation;  // changes each time the entity becomes ready
  std::string publisher;
  std::string classification;
  std::vector<std::string> tags;
  std::string volume;
  std::string path;  // bytes, relative to the volume's root
};

// Somewhere in the system: volume, and bytes below its root.
struct PathRef {
  std::string volume;
  std::string path;
  std::string marker = "";  // of a source: Readiness::marker
};

// Whether a package may join a directory that is there: not at all, all at once, or file by file where it must be.
inline constexpr std::array<std::string_view, 3> kMerges = {"never", "whole", "visible"};

struct Transfer {
  std::string id;
  std::string delivery;
  std::string trigger;
  std::optional<int64_t> inbox;
  std::string event_kind;
  std::string requester;
  Entity entity;
  std::string source_site;
  std::string destination_site;
  std::string volume;
  std::string path;              // bytes
  std::string destination_path;  // bytes
  std::string purpose;
  int priority = 0;
  std::string merge = "never";  // kMerges: what may become of a directory that stands at the destination
  bool replace = false;         // files of the same names there give way
  std::string ready = "none";   // when the package is whole (ParseReadiness)
  std::optional<base::Instant> deadline;

  State state = State::kReceived;
  base::Instant state_since;
  std::string reason;     // code of why it is in this state
  std::string detail;     // the sentence
  std::string paused_by;  // empty: not paused
  std::string paused_reason;

  int64_t scan = 1;
  std::string listing;  // SHA-256, lower hex; empty until scanned
  std::string content;  // SHA-256, lower hex; empty until hashed
  bool content_wanted = false;
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t chunks = 0;

  std::optional<int64_t> decision;
  std::string policy;  // digest that decided last
  std::string verify = "landed";

  Epoch epoch;
  std::string rendezvous;  // 16 bytes
  std::string agent_from;
  std::string agent_to;
  std::string relay_from;  // of the present attempt; empty before the first
  std::string relay_to;
  std::optional<base::Instant> renewed;
  int attempts = 0;
  base::Instant not_before;
  base::Instant created;
  base::Instant changed;
};

// Identifies what moves where: the same for an event, a poll, a hook and a reconcile that mean the same thing.
// SHA-256 in lower hex over the length-prefixed parts.
std::string TransferKey(const Entity& entity, const std::string& source_site, const std::string& destination_site,
                        const std::string& destination_path, const std::string& purpose);

}  // namespace crossdock::orchestrator
