#include "lib/wire/reason.h"

#include "lib/base/check.h"

namespace crossdock::wire {
namespace {

using Code = absl::StatusCode;

struct Row {
  Reason reason;
  std::string_view name;
  RetryClass retry;
  Code code;
};

constexpr auto kNow = RetryClass::kNow;
constexpr auto kBackoff = RetryClass::kBackoff;
constexpr auto kPerson = RetryClass::kNeedsPerson;

constexpr Row kRows[] = {
    {Reason::kSourceMissing, "SOURCE_MISSING", kPerson, Code::kNotFound},
    // A new scan and a new decision come first; the orchestrator starts them.
    {Reason::kSourceChanged, "SOURCE_CHANGED", kBackoff, Code::kFailedPrecondition},
    // Not whole yet by the transfer's own `ready`: looked at again later.
    {Reason::kSourceNotReady, "SOURCE_NOT_READY", kBackoff, Code::kFailedPrecondition},
    {Reason::kSourceUnreadable, "SOURCE_UNREADABLE", kPerson, Code::kPermissionDenied},
    {Reason::kSourceReadError, "SOURCE_READ_ERROR", kBackoff, Code::kUnavailable},
    {Reason::kPackageEmpty, "PACKAGE_EMPTY", kPerson, Code::kFailedPrecondition},
    {Reason::kPackageTooLarge, "PACKAGE_TOO_LARGE", kPerson, Code::kResourceExhausted},
    {Reason::kFileEmpty, "FILE_EMPTY", kPerson, Code::kFailedPrecondition},
    {Reason::kFramesMissing, "FRAMES_MISSING", kPerson, Code::kFailedPrecondition},
    {Reason::kSpecialFile, "SPECIAL_FILE", kPerson, Code::kInvalidArgument},
    {Reason::kSymlinkOutside, "SYMLINK_OUTSIDE", kPerson, Code::kInvalidArgument},
    {Reason::kAttributesTooLarge, "ATTRIBUTES_TOO_LARGE", kPerson, Code::kFailedPrecondition},
    {Reason::kNameEmpty, "NAME_EMPTY", kPerson, Code::kInvalidArgument},
    {Reason::kNameTooLong, "NAME_TOO_LONG", kPerson, Code::kInvalidArgument},
    {Reason::kNameReserved, "NAME_RESERVED", kPerson, Code::kInvalidArgument},
    {Reason::kNameSlash, "NAME_SLASH", kPerson, Code::kInvalidArgument},
    {Reason::kNameControl, "NAME_CONTROL", kPerson, Code::kInvalidArgument},
    {Reason::kNameInvalidUtf8, "NAME_INVALID_UTF8", kPerson, Code::kInvalidArgument},
    {Reason::kNameInvisible, "NAME_INVISIBLE", kPerson, Code::kInvalidArgument},
    {Reason::kDestinationExists, "DESTINATION_EXISTS", kPerson, Code::kAlreadyExists},
    {Reason::kDestinationFull, "DESTINATION_FULL", kBackoff, Code::kResourceExhausted},
    {Reason::kDestinationQuota, "DESTINATION_QUOTA", kBackoff, Code::kResourceExhausted},
    {Reason::kDestinationReadOnly, "DESTINATION_READ_ONLY", kBackoff, Code::kFailedPrecondition},
    {Reason::kDestinationUnwritable, "DESTINATION_UNWRITABLE", kPerson, Code::kPermissionDenied},
    {Reason::kDestinationWriteError, "DESTINATION_WRITE_ERROR", kBackoff, Code::kUnavailable},
    {Reason::kNameCollision, "NAME_COLLISION", kPerson, Code::kFailedPrecondition},
    {Reason::kMergeNotWhole, "MERGE_NOT_WHOLE", kPerson, Code::kFailedPrecondition},
    {Reason::kLandingNotAllowed, "LANDING_NOT_ALLOWED", kPerson, Code::kPermissionDenied},
    {Reason::kStagingBusy, "STAGING_BUSY", kBackoff, Code::kAborted},
    {Reason::kDigestMismatch, "DIGEST_MISMATCH", kNow, Code::kDataLoss},
    {Reason::kPeerUnreachable, "PEER_UNREACHABLE", kBackoff, Code::kUnavailable},
    {Reason::kPeerLost, "PEER_LOST", kNow, Code::kUnavailable},
    {Reason::kPeerSilent, "PEER_SILENT", kBackoff, Code::kUnavailable},
    {Reason::kPeerStopped, "PEER_STOPPED", kBackoff, Code::kAborted},
    {Reason::kPeerProtocol, "PEER_PROTOCOL", kPerson, Code::kInvalidArgument},
    {Reason::kPeerVersion, "PEER_VERSION", kPerson, Code::kFailedPrecondition},
    {Reason::kPeerTransfer, "PEER_TRANSFER", kBackoff, Code::kFailedPrecondition},
    {Reason::kPeerListing, "PEER_LISTING", kBackoff, Code::kFailedPrecondition},
    {Reason::kPeerContent, "PEER_CONTENT", kPerson, Code::kFailedPrecondition},
    {Reason::kPeerPolicy, "PEER_POLICY", kBackoff, Code::kFailedPrecondition},
    {Reason::kEpochStale, "EPOCH_STALE", kPerson, Code::kFailedPrecondition},
    {Reason::kCommitUnknown, "COMMIT_UNKNOWN", kBackoff, Code::kUnavailable},
    {Reason::kCommitFenced, "COMMIT_FENCED", kPerson, Code::kAborted},
    {Reason::kCommitRefused, "COMMIT_REFUSED", kPerson, Code::kPermissionDenied},
    {Reason::kCancelled, "CANCELLED", kPerson, Code::kCancelled},
};

const Row& RowOf(Reason reason) {
  const auto index = static_cast<size_t>(reason);
  INVARIANT(index < std::size(kRows) && kRows[index].reason == reason) << "reason without a row";
  return kRows[index];
}

}  // namespace

std::string_view Name(Reason reason) { return RowOf(reason).name; }

std::optional<Reason> ParseReason(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.reason;
  }
  return std::nullopt;
}

RetryClass RetryOf(Reason reason) { return RowOf(reason).retry; }

RetryClass RetryOf(std::string_view name) {
  const auto reason = ParseReason(name);
  return reason ? RetryOf(*reason) : RetryClass::kBackoff;
}

absl::Status Refuse(Reason reason, std::string_view message) {
  return base::WithReason(absl::Status(RowOf(reason).code, base::ToAbsl(message)), Name(reason));
}

}  // namespace crossdock::wire
