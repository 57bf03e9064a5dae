#include "agent/transfer/staged_tree.h"

#include <sys/stat.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

using wire::Entry;
using wire::EntryType;

absl::Status FinishEntry(const Volume& volume, int data, const Entry& entry) {
  std::string name;
  const base::UniqueFd parent = OpenParent(data, entry.path, &name);
  if (!parent) return DestinationError(errno, "cannot open the staging of", entry.path);
  if (entry.type == EntryType::kSymlink) {
    volume.calls().Unlink(parent.get(), name, 0);
    if (volume.calls().SymbolicLink(*entry.link_target, parent.get(), name) != 0) {
      return DestinationError(errno, "cannot make the link", entry.path);
    }
  } else if (fchmodat(parent.get(), name.c_str(), entry.mode | 0700, 0) != 0) {
    // The owner's bits stay: a directory that its owner cannot write can be neither renamed nor removed.
    return DestinationError(errno, "cannot finish", entry.path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeStagedDirectories(const Volume& volume, int data, std::span<const Entry> entries) {
  for (const Entry& entry : entries) {
    if (entry.type != EntryType::kDirectory) continue;
    std::string name;
    const base::UniqueFd parent = OpenParent(data, entry.path, &name);
    if (!parent || (volume.calls().MakeDirectory(parent.get(), name, 0700) != 0 && errno != EEXIST)) {
      return DestinationError(errno, "cannot make", entry.path);
    }
  }
  return absl::OkStatus();
}

absl::Status FinishStagedTree(const Volume& volume, int data, const wire::Manifest& manifest) {
  for (auto entry = manifest.entries.rbegin(); entry != manifest.entries.rend(); ++entry) {
    if (entry->type != EntryType::kFile) RETURN_IF_ERROR(FinishEntry(volume, data, *entry));
  }
  if (fchmod(data, 0755) != 0) return DestinationError(errno, "cannot finish", "data");
  return absl::OkStatus();
}

}  // namespace crossdock::agent
