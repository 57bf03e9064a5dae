// An asset database as the engine sees it: it can be asked about an entity, and told how a delivery stands.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator::engine {

// Thread-safe.
class AssetDatabase {
 public:
  virtual ~AssetDatabase() = default;
  virtual const std::string& name() const = 0;
  // The entity as it is now; nothing when it does not exist. UNAVAILABLE when the database cannot be asked.
  virtual absl::StatusOr<std::optional<Entity>> Read(std::string_view type, std::string_view id) = 0;
  // At least once: the database must take the same report again.
  virtual absl::Status Report(std::string_view type, std::string_view id, std::string_view destination,
                              std::string_view state, std::string_view transfer, std::string_view note) = 0;
};

}  // namespace crossdock::orchestrator::engine
