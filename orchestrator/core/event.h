// An event of an asset database, and what became of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/clock.h"

namespace crossdock::orchestrator {

// A hint that something changed: the entity is read again before anything is decided.
struct Event {
  std::string source;
  std::string external_id;  // unique within the source
  std::string kind;         // "version.status_changed"
  std::string project;
  std::string entity_type;
  std::string entity_id;
  base::Instant occurred;
  std::string data_json = "{}";
};

inline constexpr size_t kEventDataBytesMax = 64 * 1024;

struct InboxEntry {
  int64_t id = 0;
  Event event;
  base::Instant received;
  std::string state;    // waiting, done, parked
  std::string outcome;  // transfers_made, no_trigger, superseded, parked, or empty
  std::string detail;
  int attempts = 0;
  std::vector<std::string> transfers;
};

}  // namespace crossdock::orchestrator
