// Reading one file of the source, and knowing whether it stayed what the manifest says.
#pragma once

#include <sys/stat.h>

#include <string>

#include "absl/status/statusor.h"
#include "agent/storage/file_calls.h"
#include "agent/storage/stretch.h"
#include "lib/base/fd.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// Not thread-safe. The directory and `calls` must outlive it.
class SourceFile {
 public:
  // Opens the entry beneath the package's directory. SOURCE_CHANGED when it is gone, or when size, mtime or inode are
  // no longer those of the manifest; SOURCE_UNREADABLE, SOURCE_READ_ERROR as they are.
  static absl::StatusOr<SourceFile> Open(int package, const wire::Entry& entry, FileCalls& calls);

  // What begins at `offset`, a hole or bytes to be read, cut at `end`.
  Stretch StretchFrom(uint64_t offset, uint64_t end) const {
    return may_have_holes_ ? StretchAt(fd_.get(), offset, end) : Stretch{offset, end - offset, false};
  }
  // Some of the bytes from `offset` on, at least one and at most `size`. SOURCE_CHANGED when the file ends there.
  absl::StatusOr<size_t> ReadAt(uint64_t offset, char* bytes, size_t size);
  // After the last byte: SOURCE_CHANGED when size, mtime or ctime moved meanwhile.
  absl::Status CheckUnchanged() const;

 private:
  SourceFile(base::UniqueFd fd, std::string path, const struct stat& before, FileCalls& calls)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        before_(before),
        calls_(&calls),
        may_have_holes_(MayHaveHoles(before)) {}

  base::UniqueFd fd_;
  std::string path_;
  struct stat before_;
  FileCalls* calls_;
  bool may_have_holes_;
};

// The time of a stat in nanoseconds since 1970.
inline int64_t Nanoseconds(const struct timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace crossdock::agent
