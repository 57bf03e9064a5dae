// A scan: what a package consists of, and everything that is wrong with it, before anybody approves.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/attempt_reports.h"
#include "agent/storage/volume.h"
#include "lib/base/clock.h"
#include "lib/wire/frames.h"
#include "lib/wire/manifest.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

// A package: a directory with all it holds, one file, or named files below a directory. Paths are relative to the
// volume, and hostile.
struct PackagePath {
  std::string path;
  std::vector<std::string> files;  // below `path`; empty: all
  // Below `path`, or beside it when that is a file: it says, by being there, that the package is whole, and is no part
  // of it. Empty: nothing has to say so.
  std::string marker = "";
};

struct ScanOptions {
  bool allow_empty_files = false;
};

// What of a package travels, and what blocks it, stands in docs/packages.md.
struct Finding {
  wire::Reason code;
  std::string path;    // relative to the package
  std::string detail;  // a sentence, or of FRAMES_MISSING the frames: "1009-1011"
  bool blocking = true;
};

struct ScanResult {
  wire::PackageForm form = wire::PackageForm::kDirectory;
  std::string root;  // the package's directory, relative to the volume: of kFile the one that holds it
  wire::Manifest manifest;
  // The latest mtime or ctime of all that was listed, in nanoseconds since 1970, and whose it is.
  int64_t changed_ns = 0;
  std::string changed_path;
  uint64_t holes = 0;             // bytes of files that are in holes
  std::string listing_digest;     // 32 raw bytes
  std::vector<Finding> findings;  // the first kFindingsMax
  uint64_t findings_total = 0;
  // Why this package cannot be sent: of the first finding that blocks, or PACKAGE_EMPTY.
  std::optional<wire::Reason> reason;
  std::string detail;
};

// Blocks; SOURCE_NOT_READY while the marker is missing; takes about a second per 200,000 files of local storage. An
// error (SOURCE_MISSING, SOURCE_UNREADABLE, PACKAGE_TOO_LARGE, NAME_…, CANCELLED) means that there is no listing at
// all. Thread-safe.
absl::StatusOr<ScanResult> Scan(const Volume& volume, const PackagePath& package, const ScanOptions& options,
                                std::stop_token stop);

// SOURCE_NOT_READY unless nothing of the package has changed for `quiet`, by the agent's clock and the storage's.
absl::Status RequireQuiet(const ScanResult& result, std::chrono::seconds quiet, base::Instant now);

// The result when nothing blocks it, otherwise its reason as an error.
absl::StatusOr<ScanResult> RequireSendable(absl::StatusOr<ScanResult> result);

}  // namespace crossdock::agent
