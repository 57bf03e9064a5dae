// What the source agent found. Results of an older scan are void: the caller gets OK and nothing happens, because the
// agent has done what it was asked and the newer scan is already its task.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "orchestrator/core/agent_desk.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

inline constexpr size_t kManifestChunkBytesMax = 1u << 20;
inline constexpr int64_t kManifestChunksMax = 4096;
inline constexpr size_t kFindingsMax = 100;

// One chunk of the manifest. PERMISSION_DENIED when `agent` does not scan this transfer.
absl::Status RecordManifestChunk(const Context& context, std::string_view agent, std::string_view transfer,
                                 int64_t scan, int64_t index, std::string_view chunk);

// Scanning goes on to deciding, or to failed with the reason. Findings that need a person (FRAMES_MISSING, FILE_EMPTY)
// are kept and shown; they do not stop the transfer by themselves.
absl::Status RecordScan(const Context& context, std::string_view agent, const ScanOutcome& outcome);

// Opens the approvals that bind content. A changed source sends the transfer back to scanning.
absl::Status RecordContent(const Context& context, std::string_view agent, const ContentOutcome& outcome);

}  // namespace crossdock::orchestrator::engine
