#include "agent/transfer/staged_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/attributes.h"
#include "agent/storage/io_reason.h"
#include "agent/storage/stretch.h"
#include "agent/transfer/staged_file.h"
#include "lib/base/check.h"
#include "lib/base/log.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

using wire::Entry;
using wire::EntryType;

constexpr size_t kCopySize = 1u << 20;

// A filesystem without hard links, or a file that has as many as it can.
bool CannotLink(int error) {
  return error == EPERM || error == EMLINK || error == EXDEV || error == EACCES || IsUnsupported(error);
}

class Finisher {
 public:
  Finisher(const Volume& volume, int data, const wire::Manifest& manifest, bool durable)
      : calls_(volume.calls()), volume_(volume), data_(data), manifest_(manifest), durable_(durable) {}

  absl::Status Finish(const Entry& entry) {
    switch (entry.type) {
      case EntryType::kFile:
        return entry.attributes ? Attribute(entry) : absl::OkStatus();
      case EntryType::kDirectory:
        return Directory(entry);
      case EntryType::kSymlink:
        return Symlink(entry);
      case EntryType::kHardLink:
        return HardLink(entry);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Symlink(const Entry& entry) {
    std::string name;
    const base::UniqueFd parent = OpenParent(data_, entry.path, &name);
    if (!parent) return DestinationError(errno, "cannot open the staging of", entry.path);
    calls_.Unlink(parent.get(), name, 0);
    if (calls_.SymbolicLink(*entry.link_target, parent.get(), name) == 0) return absl::OkStatus();
    return DestinationError(errno, "cannot make the link", entry.path);
  }

  absl::Status HardLink(const Entry& entry) {
    std::string from_name, to_name;
    const base::UniqueFd from = OpenParent(data_, *entry.link_target, &from_name);
    const base::UniqueFd to = OpenParent(data_, entry.path, &to_name);
    if (!from || !to) return DestinationError(errno, "cannot open the staging of", entry.path);
    calls_.Unlink(to.get(), to_name, 0);
    if (calls_.Link(from.get(), from_name, to.get(), to_name) == 0) return absl::OkStatus();
    if (!CannotLink(errno)) return DestinationError(errno, "cannot link", entry.path);
    const Entry* const file = FindEntry(manifest_, *entry.link_target);
    INVARIANT(file != nullptr) << "the decoder has looked";
    Entry copy = *file;
    copy.path = entry.path;
    return Copy(from.get(), from_name, copy);
  }

  // The bytes of a file of the tree, which have been verified, under another name.
  absl::Status Copy(int directory, const std::string& from, const Entry& entry) {
    const base::UniqueFd source = OpenBeneath(directory, from, O_RDONLY | O_NOFOLLOW);
    if (!source) return DestinationError(errno, "cannot copy", entry.path);
    ASSIGN_OR_RETURN(const base::UniqueFd copy, MakeStagedFile(volume_, data_, entry, [] { return true; }));
    std::string bytes(kCopySize, '\0');
    for (uint64_t at = 0; at < entry.size;) {
      const Stretch stretch = StretchAt(source.get(), at, entry.size);
      uint64_t done = stretch.length;
      if (stretch.hole) {
        RETURN_IF_ERROR(MakeHole(calls_, copy.get(), entry, at, stretch.length));
      } else {
        const ssize_t got = calls_.ReadAt(source.get(), bytes.data(), std::min<uint64_t>(bytes.size(), stretch.length),
                                          static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return DestinationError(got == 0 ? EIO : errno, "cannot copy", entry.path);
        done = static_cast<uint64_t>(got);
        RETURN_IF_ERROR(WriteAllAt(calls_, copy.get(), {bytes.data(), done}, at, entry.path));
      }
      at += done;
    }
    if (entry.attributes) RETURN_IF_ERROR(Give(copy.get(), entry));
    RETURN_IF_ERROR(FinishStagedFile(copy.get(), entry).status());
    return Sync(copy.get(), entry);
  }

  // Of a file that has its permissions already, which may not let its owner write.
  absl::Status Attribute(const Entry& entry) {
    std::string name;
    const base::UniqueFd parent = OpenParent(data_, entry.path, &name);
    if (!parent || fchmodat(parent.get(), name.c_str(), 0600, 0) != 0) {
      return DestinationError(errno, "cannot finish", entry.path);
    }
    const base::UniqueFd fd = OpenBeneath(parent.get(), name, O_RDONLY | O_NOFOLLOW);
    if (!fd) return DestinationError(errno, "cannot finish", entry.path);
    RETURN_IF_ERROR(Give(fd.get(), entry));
    RETURN_IF_ERROR(FinishStagedFile(fd.get(), entry).status());
    return Sync(fd.get(), entry);
  }

  absl::Status Directory(const Entry& entry) {
    const base::UniqueFd fd = OpenBeneath(data_, entry.path, O_RDONLY | O_DIRECTORY);
    if (!fd) return DestinationError(errno, "cannot open the staging of", entry.path);
    if (entry.attributes) RETURN_IF_ERROR(Give(fd.get(), entry));
    // The owner's bits stay: a directory that its owner cannot write can be neither renamed nor removed.
    Entry writable = entry;
    writable.mode |= 0700;
    return FinishStagedFile(fd.get(), writable).status();
  }

  absl::Status Give(int fd, const Entry& entry) {
    bool taken = false;
    if (volume_.options().keep_attributes) {
      ASSIGN_OR_RETURN(taken, SetAttributes(fd, *entry.attributes, entry.path, calls_));
    }
    if (taken || std::exchange(said_, true)) return absl::OkStatus();
    LOG_WARNING("extended attributes of a package stay behind: the volume takes none, or its configuration drops them",
                {{"volume", volume_.name()}, {"first", base::PercentEscape(entry.path)}});
    return absl::OkStatus();
  }

  absl::Status Sync(int fd, const Entry& entry) {
    if (!durable_ || calls_.Sync(fd) == 0) return absl::OkStatus();
    return DestinationError(errno, "cannot make durable", entry.path);
  }

  FileCalls& calls_;
  const Volume& volume_;
  const int data_;
  const wire::Manifest& manifest_;
  const bool durable_;
  bool said_ = false;
};

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

absl::Status FinishStagedTree(const Volume& volume, int data, const wire::Manifest& manifest, bool durable) {
  Finisher finisher(volume, data, manifest, durable);
  // Backwards: what is in a directory comes before it, so that its time stays as it is given.
  for (auto entry = manifest.entries.rbegin(); entry != manifest.entries.rend(); ++entry) {
    RETURN_IF_ERROR(finisher.Finish(*entry));
  }
  if (fchmod(data, 0755) != 0) return DestinationError(errno, "cannot finish", "data");
  return absl::OkStatus();
}

}  // namespace crossdock::agent
