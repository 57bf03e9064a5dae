// What a volume's storage is, tried out: for the doctor.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/host/finding.h"

namespace crossdock::agent {

struct StorageFacts {
  std::string problem;     // why it cannot be used; then nothing else is known
  std::string filesystem;  // "nfs", "xfs", …
  uint64_t bytes_free = 0;
  uint64_t bytes_total = 0;
  std::chrono::milliseconds sync_time{0};  // of one small file, made durable
  bool renames_exclusively = false;        // a rename that replaces nothing (RENAME_NOREPLACE)
};

// Writes, syncs, renames and removes one small file beneath `root`. Blocks as long as the storage does.
StorageFacts TryStorage(const std::string& root, const base::Clock& clock);

// Pure.
host::Finding JudgeStorage(std::string_view volume, const StorageFacts& facts);

}  // namespace crossdock::agent
