// Triggers: a studio's rules of the form "when such an event, deliver that, there, for this purpose".
//
//   schema: crossdock/triggers/v1
//   triggers:
//     - id: comp-to-vancouver
//       when: {project: [nl], entity_type: [version], status: [ready]}
//       deliver:
//         from: lon
//         to: [van]
//         as: "northlight/{name}/in/{version}"     # optional; the same path otherwise
//         purpose: comp
//         priority: 10
//         merge: whole       # never | whole | visible: whether it may join a directory that is there; never otherwise
//         replace: true      # files there of the same names give way; nothing is replaced otherwise
//         ready: stable 30s  # none | stable DURATION | marker FILE: when the package is whole (readiness.h); none
//         otherwise
//
// Pure. The path of the package is the entity's own (`path:` may override it with a template). Templates know
// {project}, {name}, {version}, {entity_id} and {path}.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator {

inline constexpr int kTriggersMax = 1000;    // in all sets together
inline constexpr int kDestinationsMax = 64;  // of one trigger

struct Trigger {
  std::string id;
  // Each empty list matches everything.
  std::vector<std::string> projects;
  std::vector<std::string> entity_types;
  std::vector<std::string> statuses;
  std::vector<std::string> sources;
  std::string from;             // site
  std::vector<std::string> to;  // sites
  std::string volume;           // empty: the entity's
  std::string path;             // template; empty: the entity's path
  std::string as;               // template; empty: as the source path
  std::string purpose;
  int priority = 0;
  std::string merge = "never";
  bool replace = false;
  std::string ready = "none";
  std::optional<std::chrono::milliseconds> deadline;  // after the event
};

// Reads one set; `file` stands in complaints.
absl::StatusOr<std::vector<Trigger>> ParseTriggers(std::string_view text, std::string_view file);

// OK when `trigger` concerns `entity`; otherwise a sentence that says why not.
absl::Status Matches(const Trigger& trigger, const Entity& entity);

// One destination of a trigger applied to an entity.
struct PlannedDelivery {
  std::string trigger;
  std::string source_site;
  std::string destination_site;
  std::string volume;
  std::string path;
  std::string destination_path;
  std::string purpose;
  int priority = 0;
  std::optional<std::chrono::milliseconds> deadline;
  std::string merge = "never";
  bool replace = false;
  std::string ready = "none";
};
// Fails with PATH_REFUSED when a path would leave the volume.
absl::StatusOr<std::vector<PlannedDelivery>> Apply(const Trigger& trigger, const Entity& entity);

// OK for a relative path without empty, `.` or `..` components and without control characters; PATH_REFUSED otherwise.
absl::Status CheckPath(std::string_view path);

}  // namespace crossdock::orchestrator
