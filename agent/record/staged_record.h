// The integrity record of a package that has landed: one more generation, made in its staging before it is published.
//
// A record that came with the package is checked and continued; otherwise the first generation is made. XXH128 is the
// digest with which each file was verified as it arrived: no file is read again for it. Files are read for the other
// formats that are asked for, and for those that the source's record knows instead of XXH128.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/storage/volume.h"
#include "lib/base/clock.h"
#include "lib/mhl/hash.h"
#include "lib/wire/frames.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// What a record says of its making, besides the files. Nothing of it tells of hosts or of paths outside the package.
struct RecordTerms {
  std::string site;     // stands for the host
  std::string version;  // of this program
  std::string comment;
  std::vector<mhl::HashFormat> formats;  // none: no record is made
};

// Why a package is not published; both need a person at the source.
inline constexpr std::string_view kReasonRecordInvalid = "RECORD_INVALID";
inline constexpr std::string_view kReasonRecordMismatch = "RECORD_MISMATCH";

// XXH3-128 of the files as they landed, by their place in the manifest; none of what is no file.
using LandedDigests = std::vector<std::optional<wire::Digest128>>;

// Removes from the staged tree `data` what an earlier WriteRecord made there.
absl::Status RemoveOwnRecord(const Volume& volume, int data, const wire::Manifest& manifest);

// Makes the new generation of the package, which will be called `folder`. Durable when it returns.
//
// RECORD_INVALID: the record that came along cannot be continued. RECORD_MISMATCH: it says that a file is another than
// the one that was sent. Both name the file, and need a person at the source. Otherwise errors of the destination.
absl::Status WriteRecord(const Volume& volume, int data, const wire::Manifest& manifest, const LandedDigests& digests,
                         const RecordTerms& terms, const std::string& folder, base::Instant now);

}  // namespace crossdock::agent
