#include "agent/transfer/staged_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

// Below this a reservation costs more than it says.
constexpr uint64_t kFallocateMin = 16u << 20;

}  // namespace

absl::StatusOr<base::UniqueFd> MakeStagedFile(const Volume& volume, int data, const wire::Entry& entry,
                                              const std::function<bool()>& may_replace) {
  std::string name;
  const base::UniqueFd parent = OpenParent(data, entry.path, &name);
  if (!parent) return DestinationError(errno, "cannot open the staging of", entry.path);
  FileCalls& calls = volume.calls();
  const auto make = [&] { return base::UniqueFd(calls.Create(parent.get(), name, O_RDWR | O_EXCL, 0600)); };
  base::UniqueFd fd = make();
  if (!fd && errno == EEXIST) {
    if (!may_replace()) return base::UniqueFd();
    // It may have a second name in another attempt's staging: never write into it.
    calls.Unlink(parent.get(), name, 0);
    fd = make();
  }
  if (!fd) return DestinationError(errno, "cannot make", entry.path);
  if (entry.size >= kFallocateMin && volume.cheap_fallocate() &&
      calls.Allocate(fd.get(), 0, static_cast<off_t>(entry.size)) != 0 && (errno == ENOSPC || errno == EDQUOT)) {
    return DestinationError(errno, "cannot reserve the space of", entry.path);
  }
  return fd;
}

uint64_t SpaceOf(int fd, uint64_t size) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return 0;
  return std::min<uint64_t>(size, static_cast<uint64_t>(info.st_blocks) * 512);
}

bool HasSpace(int fd, const wire::Entry& entry) {
  return entry.size >= kFallocateMin && SpaceOf(fd, entry.size) == entry.size;
}

absl::StatusOr<uint64_t> FinishStagedFile(int fd, const wire::Entry& entry) {
  constexpr int64_t kSecond = 1'000'000'000;
  // Before 1970 the nanoseconds still count upwards.
  const int64_t part = (entry.mtime_ns % kSecond + kSecond) % kSecond;
  const timespec times[2] = {{0, UTIME_OMIT}, {(entry.mtime_ns - part) / kSecond, part}};
  struct stat info {};
  if (fchmod(fd, entry.mode & 0777) != 0 || futimens(fd, times) != 0 || fstat(fd, &info) != 0) {
    return DestinationError(errno, "cannot finish", entry.path);
  }
  return info.st_ino;
}

}  // namespace crossdock::agent
