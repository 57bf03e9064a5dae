#include "agent/transfer/publish_place.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "agent/transfer/destination.h"
#include "agent/transfer/publish_merge.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::PackageForm;
using wire::Reason;

// Somebody who changes the destination faster than this is not waited for.
constexpr int kTries = 3;

// Named files go into whatever directory stands there.
bool MayMerge(const PublishJournal& journal) {
  return journal.form == PackageForm::kFiles || journal.merge != Merge::kNever;
}

absl::StatusOr<bool> IsOneName(int staging) {
  const base::UniqueFd data = OpenBeneath(staging, "data", O_RDONLY | O_DIRECTORY);
  if (!data) return DestinationError(errno, "cannot open", "data");
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(data.get(), "data"));
  if (names.size() != 1) return false;
  struct stat info {};
  if (fstatat(data.get(), names.front().c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return DestinationError(errno, "cannot look at", names.front());
  }
  return !S_ISDIR(info.st_mode);
}

// The package's directory as one name. NFS knows no RENAME_NOREPLACE: there an exclusive mkdir takes the name, and the
// rename replaces only an empty directory.
absl::Status MoveDirectory(Volume& volume, int staging, const PublishJournal& journal) {
  FileCalls& calls = volume.calls();
  std::string name;
  const base::UniqueFd parent = OpenParent(volume.root(), journal.destination, &name);
  if (!parent) return DestinationError(errno, "cannot open the place of", journal.destination);
  int result = calls.RenameNoReplace(staging, "data", parent.get(), name);
  if (result != 0 && IsUnsupported(errno)) {
    result = calls.MakeDirectory(parent.get(), name, 0700);
    const bool made = result == 0;
    // Committed, so the name was free: an empty directory there is what a crash left between these two calls.
    if (made || errno == EEXIST) {
      result = calls.Rename(staging, "data", parent.get(), name);
      if (result != 0 && made) {
        const int error = errno;
        calls.Unlink(parent.get(), name, AT_REMOVEDIR);
        errno = error;
      }
    }
  }
  const int error = errno;
  if (result != 0 && error != EEXIST && error != ENOTEMPTY && error != ENOENT && error != ENOTDIR) {
    return DestinationError(error, "cannot publish", journal.destination);
  }
  // Moved before a crash, by this very attempt? A directory keeps its inode when it is renamed.
  if (result != 0 && InodeAt(volume.root(), journal.destination) != journal.data_inode) {
    return error == ENOENT ? DestinationError(error, "the staged tree is gone of", journal.destination)
                           : AlreadyThere(journal.destination);
  }
  RETURN_IF_ERROR(SyncDirectory(volume, parent.get(), journal.destination));
  return SyncDirectory(volume, staging, "data");
}

// What was promised is no longer asked about.
absl::Status CheckInPlace(JoinedRecord& record, const PublishJournal& journal) {
  return journal.phase == PublishPhase::kPrepared ? record.Check() : absl::OkStatus();
}

absl::Status MakeAbove(Volume& volume, const std::string& destination) {
  const size_t slash = destination.rfind('/');
  if (slash == std::string::npos) return absl::OkStatus();
  const std::string above = destination.substr(0, slash);
  const int error = MakeDirectories(volume.root(), above, 0755, volume.calls());
  return error == 0 ? absl::OkStatus() : DestinationError(error, "cannot make", above);
}

}  // namespace

absl::Status PreparePlace(Volume& volume, int staging, JoinedRecord& record, PublishJournal* journal) {
  journal->way = PublishWay::kMove;
  journal->merged_inode = journal->old_inode = 0;
  if (journal->already_present) return absl::OkStatus();
  if (journal->form == PackageForm::kFile) {
    journal->way = PublishWay::kInPlace;
    return CheckInPlace(record, *journal);
  }
  RETURN_IF_ERROR(RemoveTree(staging, kMergedTree, volume.calls()));
  const bool root = journal->destination.empty();
  if (!MayMerge(*journal) || (!root && InodeAt(volume.root(), journal->destination) == 0)) return absl::OkStatus();

  ASSIGN_OR_RETURN(const bool one_name, IsOneName(staging));
  absl::Status whole =
      Fail(Reason::kMergeNotWhole, "a volume's root cannot be exchanged; only `merge: visible` can publish into it");
  if (!root && !one_name) {
    journal->way = PublishWay::kExchange;
    whole = BuildMerged(volume, staging, record, journal);
    if (base::ReasonOf(whole) != Name(Reason::kMergeNotWhole)) return whole;
    RETURN_IF_ERROR(RemoveTree(staging, kMergedTree, volume.calls()));
  }
  journal->way = PublishWay::kInPlace;
  journal->merged_inode = journal->old_inode = 0;
  if (!one_name && journal->merge != Merge::kVisible) return whole;
  RETURN_IF_ERROR(CheckNoMarker(volume, *journal));
  return CheckInPlace(record, *journal);
}

absl::Status Place(Volume& volume, int staging, JoinedRecord& record, PublishJournal* journal,
                   const std::function<absl::Status()>& keep) {
  if (journal->already_present) return absl::OkStatus();
  if (journal->form == PackageForm::kFile) journal->way = PublishWay::kInPlace;
  RETURN_IF_ERROR(MakeAbove(volume, journal->destination));
  for (int tries = 0; tries < kTries; ++tries) {
    switch (journal->way) {
      case PublishWay::kMove: {
        const absl::Status moved = MoveDirectory(volume, staging, *journal);
        const bool taken = base::ReasonOf(moved) == Name(Reason::kDestinationExists);
        if (!taken || !MayMerge(*journal)) return moved;
        break;
      }
      case PublishWay::kExchange:
        if (HasExchanged(staging, *journal) || InodeAt(volume.root(), journal->destination) == journal->old_inode) {
          return ExchangeMerged(volume, staging, *journal);
        }
        break;
      case PublishWay::kInPlace:
        return PublishInPlace(volume, staging, record, *journal);
    }
    RETURN_IF_ERROR(PreparePlace(volume, staging, record, journal));
    RETURN_IF_ERROR(keep());
  }
  return Fail(Reason::kStagingBusy, "'", base::PercentEscape(journal->destination),
              "' is made and removed by somebody else at this moment");
}

}  // namespace crossdock::agent
