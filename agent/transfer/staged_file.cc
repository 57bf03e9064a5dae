#include "agent/transfer/staged_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/stretch.h"
#include "agent/storage/zeros.h"
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
  if (entry.sparse) {
    if (calls.Truncate(fd.get(), static_cast<off_t>(entry.size)) == 0) return fd;
    return DestinationError(errno, "cannot make room for", entry.path);
  }
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

absl::Status MakeHole(FileCalls& calls, int fd, const wire::Entry& entry, uint64_t offset, uint64_t length) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return DestinationError(errno, "cannot look at", entry.path);
  if (static_cast<uint64_t>(info.st_size) < entry.size && calls.Truncate(fd, static_cast<off_t>(entry.size)) != 0) {
    return DestinationError(errno, "cannot make room for", entry.path);
  }
  if (calls.Punch(fd, static_cast<off_t>(offset), static_cast<off_t>(length)) == 0) return absl::OkStatus();
  if (!IsUnsupported(errno)) return DestinationError(errno, "cannot make a hole in", entry.path);
  // What was never written is a hole by itself; a try that was refused may have written here.
  for (uint64_t at = offset; at < offset + length;) {
    const Stretch stretch = StretchAt(fd, at, std::min(offset + length, at + kZeros.size()));
    if (!stretch.hole) RETURN_IF_ERROR(WriteAllAt(calls, fd, {kZeros.data(), stretch.length}, at, entry.path));
    at = stretch.end();
  }
  return absl::OkStatus();
}

absl::Status WriteAllAt(FileCalls& calls, int fd, std::string_view bytes, uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = calls.WriteAt(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return DestinationError(put == 0 ? EIO : errno, "cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return absl::OkStatus();
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
