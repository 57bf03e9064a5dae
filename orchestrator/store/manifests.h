// The chunks of each scan's manifest, and what the scan found wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator::store {

// Repeating a chunk is harmless.
void PutManifestChunk(pg::Tx& tx, const Transfer& transfer, int64_t index, std::string_view bytes);
std::optional<std::string> GetManifestChunk(pg::Tx& tx, std::string_view transfer, int64_t scan, int64_t index);

struct Finding {
  std::string code;  // FILE_EMPTY, FRAMES_MISSING, …
  std::string path;  // bytes
  std::string detail;
};
void PutFindings(pg::Tx& tx, const Transfer& transfer, const std::vector<Finding>& findings);
std::vector<Finding> GetFindings(pg::Tx& tx, std::string_view transfer, int64_t scan);

}  // namespace crossdock::orchestrator::store
