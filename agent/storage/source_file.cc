#include "agent/storage/source_file.h"

#include <fcntl.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/volume.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

const char* WhatChanged(const wire::Entry& listed, const struct stat& now) {
  if (!S_ISREG(now.st_mode)) return "is no file";
  if (now.st_ino != listed.inode) return "was replaced";
  if (static_cast<uint64_t>(now.st_size) > listed.size) return "grew";
  if (static_cast<uint64_t>(now.st_size) < listed.size) return "became shorter";
  return "was written to";
}

}  // namespace

absl::StatusOr<SourceFile> SourceFile::Open(int package, const wire::Entry& entry, FileCalls& calls) {
  // O_NONBLOCK: a pipe put in the file's place must not hang us.
  base::UniqueFd fd = OpenBeneath(package, entry.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) {
    return Fail(wire::Reason::kSourceChanged, "'", base::PercentEscape(entry.path),
                "' is gone since it was listed; the package is listed and decided again");
  }
  if (!fd) return SourceError(errno, "cannot open", entry.path);
  struct stat now {};
  if (fstat(fd.get(), &now) != 0) return SourceError(errno, "cannot look at", entry.path);
  if (!S_ISREG(now.st_mode) || static_cast<uint64_t>(now.st_size) != entry.size ||
      Nanoseconds(now.st_mtim) != entry.mtime_ns || now.st_ino != entry.inode) {
    return Fail(wire::Reason::kSourceChanged, "'", base::PercentEscape(entry.path),
                "' is no longer what was listed: it ", WhatChanged(entry, now), "; it is listed and decided again");
  }
  posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return SourceFile(std::move(fd), entry.path, now, calls);
}

absl::StatusOr<size_t> SourceFile::ReadAt(uint64_t offset, char* bytes, size_t size) {
  while (true) {
    const ssize_t got = calls_->ReadAt(fd_.get(), bytes, size, static_cast<off_t>(offset));
    if (got > 0) return static_cast<size_t>(got);
    if (got == 0) {
      return Fail(wire::Reason::kSourceChanged, "'", base::PercentEscape(path_), "' became shorter while it was read");
    }
    if (errno != EINTR) return SourceError(errno, "cannot read", path_);
  }
}

absl::Status SourceFile::CheckUnchanged() const {
  struct stat now {};
  if (fstat(fd_.get(), &now) != 0) return SourceError(errno, "cannot look at", path_);
  if (now.st_size == before_.st_size && Nanoseconds(now.st_mtim) == Nanoseconds(before_.st_mtim) &&
      Nanoseconds(now.st_ctim) == Nanoseconds(before_.st_ctim)) {
    return absl::OkStatus();
  }
  const bool grew = now.st_size > before_.st_size;
  return Fail(wire::Reason::kSourceChanged, "'", base::PercentEscape(path_), "' ",
              now.st_nlink < before_.st_nlink  ? "was removed or replaced"
              : now.st_size == before_.st_size ? "was changed"
              : grew                           ? "grew"
                                               : "became shorter",
              " while it was read");
}

}  // namespace crossdock::agent
