// SHA-256 of every file of a package: the identity that approvals and receipts may be bound to.
#pragma once

#include <atomic>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "agent/storage/volume.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// Hashes every file of `manifest` below `root` (relative to the volume) into its entries, and returns the content root
// (32 raw bytes). About 0.5 s/GB; blocks, on the caller's own thread. `bytes_done` counts on for whoever watches.
// SOURCE_CHANGED when a file is not or does not stay what the manifest says; CANCELLED when stopped.
absl::StatusOr<std::string> HashContent(const Volume& volume, const std::string& root, wire::Manifest* manifest,
                                        std::atomic<uint64_t>* bytes_done, std::stop_token stop);

}  // namespace crossdock::agent
