#include "agent/transfer/name_check.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

constexpr char kScratch[] = "names";

// Which name in `directory` the storage takes `name` for.
absl::StatusOr<std::string> NameOf(int directory, const std::string& name) {
  struct stat sought {};
  const bool found = fstatat(directory, name.c_str(), &sought, AT_SYMLINK_NOFOLLOW) == 0;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory, name));
  for (const std::string& each : names) {
    struct stat info {};
    const bool same =
        found ? fstatat(directory, each.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_ino == sought.st_ino
              : strcasecmp(each.c_str(), name.c_str()) == 0;
    if (same) return each;
  }
  return name;
}

}  // namespace

NameCheck::~NameCheck() {
  scratch_.Reset();
  if (begun_) RemoveTree(staging_, kScratch, volume_.calls()).IgnoreError();
}

absl::Status NameCheck::Begin() {
  begun_ = true;
  // A crash of this epoch may have left one.
  RETURN_IF_ERROR(RemoveTree(staging_, kScratch, volume_.calls()));
  if (volume_.calls().MakeDirectory(staging_, kScratch, 0700) != 0) {
    return DestinationError(errno, "cannot make", kScratch);
  }
  scratch_ = OpenBeneath(staging_, kScratch, O_RDONLY | O_DIRECTORY);
  if (!scratch_) return DestinationError(errno, "cannot open", kScratch);
  ASSIGN_OR_RETURN(const bool by_case, FoldsTogether("Name", "nAME"));
  ASSIGN_OR_RETURN(const bool by_form, FoldsTogether("\xc3\xa9", "e\xcc\x81"));  // é, composed and decomposed
  folds_ = by_case || by_form;
  return absl::OkStatus();
}

absl::StatusOr<bool> NameCheck::FoldsTogether(const std::string& one, const std::string& other) {
  FileCalls& calls = volume_.calls();
  bool taken = false;
  for (const std::string& name : {one, other}) {
    const base::UniqueFd fd(calls.Create(scratch_.get(), name, O_WRONLY | O_EXCL, 0600));
    if (!fd && errno == EEXIST) taken = true;
    if (!fd && errno != EEXIST) return DestinationError(errno, "cannot make", name);
  }
  for (const std::string& name : {one, other}) calls.Unlink(scratch_.get(), name, 0);
  return taken;
}

absl::Status NameCheck::Add(std::span<const wire::Entry> entries) {
  if (!begun_) RETURN_IF_ERROR(Begin());
  if (!folds_) return absl::OkStatus();
  for (const wire::Entry& entry : entries) RETURN_IF_ERROR(Try(entry));
  return absl::OkStatus();
}

absl::Status NameCheck::Try(const wire::Entry& entry) {
  FileCalls& calls = volume_.calls();
  std::string name;
  const base::UniqueFd parent = OpenParent(scratch_.get(), entry.path, &name);
  if (!parent) return DestinationError(errno, "cannot open the scratch directory of", entry.path);
  if (entry.type == wire::EntryType::kDirectory) {
    if (calls.MakeDirectory(parent.get(), name, 0700) == 0) return absl::OkStatus();
  } else if (const base::UniqueFd fd(calls.Create(parent.get(), name, O_WRONLY | O_EXCL, 0600)); fd) {
    return absl::OkStatus();
  }
  if (errno != EEXIST) return DestinationError(errno, "cannot make", entry.path);
  ASSIGN_OR_RETURN(const std::string other, NameOf(parent.get(), name));
  const std::string above = entry.path.substr(0, entry.path.size() - name.size());
  return Fail(wire::Reason::kNameCollision, "'", base::PercentEscape(above + other), "' and '",
              base::PercentEscape(entry.path), "' are one name on the storage of volume '", volume_.name(),
              "'; rename one of them at the source");
}

}  // namespace crossdock::agent
