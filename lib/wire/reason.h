// Why something of the data plane was refused or failed: a closed vocabulary that agents, orchestrator and people
// share.
//
// A reason travels by its name (base::WithReason, frames, the API), so that an older program shows a newer one's word.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/status.h"

namespace crossdock::wire {

enum class Reason {
  // The source.
  kSourceMissing,
  kSourceChanged,
  kSourceNotReady,
  kSourceUnreadable,
  kSourceReadError,
  kPackageEmpty,
  kPackageTooLarge,
  kFileEmpty,
  kFramesMissing,
  kSpecialFile,
  kSymlinkOutside,
  kAttributesTooLarge,
  kNameEmpty,
  kNameTooLong,
  kNameReserved,
  kNameSlash,
  kNameControl,
  kNameInvalidUtf8,
  kNameInvisible,
  // The destination.
  kDestinationExists,
  kDestinationFull,
  kDestinationQuota,
  kDestinationReadOnly,
  kDestinationUnwritable,
  kDestinationWriteError,
  kNameCollision,
  kMergeNotWhole,
  kLandingNotAllowed,
  kStagingBusy,
  kDigestMismatch,
  // The peer and the way to it.
  kPeerUnreachable,
  kPeerLost,
  kPeerSilent,
  kPeerStopped,
  kPeerProtocol,
  kPeerVersion,
  kPeerTransfer,
  kPeerListing,
  kPeerContent,
  kPeerPolicy,
  // The attempt.
  kEpochStale,
  kCommitUnknown,
  kCommitFenced,
  kCommitRefused,
  kCancelled,
};

// When the same thing may be tried again.
enum class RetryClass {
  kNow,          // the next attempt may well succeed
  kBackoff,      // wait, longer each time: the cause ends by itself
  kNeedsPerson,  // no attempt succeeds before somebody has changed something
};

// UPPER_SNAKE, such as "SOURCE_MISSING".
std::string_view Name(Reason reason);
std::optional<Reason> ParseReason(std::string_view name);
RetryClass RetryOf(Reason reason);
// Of a reason's name; a word that this version does not know waits and is tried again.
RetryClass RetryOf(std::string_view name);

// An error that carries `reason`; the status code follows from it.
absl::Status Refuse(Reason reason, std::string_view message);
template <typename... Parts>
absl::Status Fail(Reason reason, const Parts&... parts) {
  return Refuse(reason, base::StrCat(parts...));
}

}  // namespace crossdock::wire
