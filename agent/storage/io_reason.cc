#include "agent/storage/io_reason.h"

#include <cerrno>
#include <system_error>

#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::Reason;

Reason SourceReason(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Reason::kSourceMissing;
    case EACCES:
    case EPERM:
      return Reason::kSourceUnreadable;
    case ELOOP:
    case EXDEV:
      return Reason::kSymlinkOutside;
    default:
      return Reason::kSourceReadError;
  }
}

Reason DestinationReason(int error) {
  switch (error) {
    case ENOSPC:
      return Reason::kDestinationFull;
    case EDQUOT:
      return Reason::kDestinationQuota;
    case EROFS:
      return Reason::kDestinationReadOnly;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV:
    case ENOTDIR:
    // Names that this storage cannot hold.
    case ENAMETOOLONG:
    case EILSEQ:
      return Reason::kDestinationUnwritable;
    case EEXIST:
    case ENOTEMPTY:
      return Reason::kDestinationExists;
    default:
      return Reason::kDestinationWriteError;
  }
}

absl::Status Make(Reason reason, int error, std::string_view what, std::string_view path) {
  return Fail(reason, what, " '", base::PercentEscape(path), "': ", std::generic_category().message(error));
}

}  // namespace

absl::Status SourceError(int error, std::string_view what, std::string_view path) {
  return Make(SourceReason(error), error, what, path);
}

absl::Status DestinationError(int error, std::string_view what, std::string_view path) {
  return Make(DestinationReason(error), error, what, path);
}

}  // namespace crossdock::agent
