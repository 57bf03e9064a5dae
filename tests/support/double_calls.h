// The storage's calls as a test wants them: refused as NFS refuses them, failing at a chosen step, or cut off there by
// the program's death.
#pragma once

#include <fcntl.h>
#include <strings.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>

#include "agent/storage/file_calls.h"
#include "agent/storage/tree.h"

namespace crossdock::agent {

// What `FileCalls` has, for hooks.
enum class Call {
  kWrite,
  kWriteAt,
  kRead,
  kReadAt,
  kSync,
  kAllocate,
  kPunch,
  kTruncate,
  kCreate,
  kMakeDirectory,
  kLink,
  kSymbolicLink,
  kRename,
  kRenameNoReplace,
  kRenameExchange,
  kUnlink,
  kSetAttribute,
  kFileSystem,
};

// Whether it changes what is on the disk.
inline bool Changes(Call call) { return call != Call::kRead && call != Call::kReadAt && call != Call::kFileSystem; }

// The program has died here, as far as the test is concerned.
struct Crash {};

// Set its fields while nobody calls. The hook may be called by several threads.
class DoubleCalls : public SystemFileCalls {
 public:
  // As NFS: knows no way to rename without replacing, or to exchange, and neither reservations, holes nor attributes.
  bool nfs = false;
  bool links = true;
  bool folds = false;  // takes names that differ by the case of ASCII letters alone for one
  // Before each call: an errno refuses it, 0 lets it through; or it throws a Crash.
  std::function<int(Call)> hook;
  // What is free, as the double tells it.
  std::function<void(struct statvfs*)> on_space;

  ssize_t Write(int fd, const void* bytes, size_t size) override {
    return Refused(Call::kWrite) ? -1 : SystemFileCalls::Write(fd, bytes, size);
  }
  ssize_t WriteAt(int fd, const void* bytes, size_t size, off_t offset) override {
    return Refused(Call::kWriteAt) ? -1 : SystemFileCalls::WriteAt(fd, bytes, size, offset);
  }
  ssize_t Read(int fd, void* bytes, size_t size) override {
    return Refused(Call::kRead) ? -1 : SystemFileCalls::Read(fd, bytes, size);
  }
  ssize_t ReadAt(int fd, void* bytes, size_t size, off_t offset) override {
    return Refused(Call::kReadAt) ? -1 : SystemFileCalls::ReadAt(fd, bytes, size, offset);
  }
  int Sync(int fd) override { return Refused(Call::kSync) ? -1 : SystemFileCalls::Sync(fd); }
  int SyncAll(int fd) override { return Refused(Call::kSync) ? -1 : SystemFileCalls::SyncAll(fd); }
  int Allocate(int fd, off_t offset, off_t size) override {
    return Refused(Call::kAllocate, nfs ? EOPNOTSUPP : 0) ? -1 : SystemFileCalls::Allocate(fd, offset, size);
  }
  int Punch(int fd, off_t offset, off_t size) override {
    return Refused(Call::kPunch, nfs ? EOPNOTSUPP : 0) ? -1 : SystemFileCalls::Punch(fd, offset, size);
  }
  int Truncate(int fd, off_t size) override {
    return Refused(Call::kTruncate) ? -1 : SystemFileCalls::Truncate(fd, size);
  }
  int Create(int directory, const std::string& name, int flags, mode_t mode) override {
    const int taken = (flags & O_EXCL) != 0 && TakenByFolding(directory, name) ? EEXIST : 0;
    return Refused(Call::kCreate, taken) ? -1 : SystemFileCalls::Create(directory, name, flags, mode);
  }
  int MakeDirectory(int directory, const std::string& name, mode_t mode) override {
    return Refused(Call::kMakeDirectory, TakenByFolding(directory, name) ? EEXIST : 0)
               ? -1
               : SystemFileCalls::MakeDirectory(directory, name, mode);
  }
  int Link(int from_dir, const std::string& from, int to_dir, const std::string& to) override {
    return Refused(Call::kLink, links ? 0 : EPERM) ? -1 : SystemFileCalls::Link(from_dir, from, to_dir, to);
  }
  int SymbolicLink(const std::string& target, int directory, const std::string& name) override {
    return Refused(Call::kSymbolicLink) ? -1 : SystemFileCalls::SymbolicLink(target, directory, name);
  }
  int Rename(int from_dir, const std::string& from, int to_dir, const std::string& to) override {
    return Refused(Call::kRename) ? -1 : SystemFileCalls::Rename(from_dir, from, to_dir, to);
  }
  int RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) override {
    return Refused(Call::kRenameNoReplace, nfs ? EINVAL : 0)
               ? -1
               : SystemFileCalls::RenameNoReplace(from_dir, from, to_dir, to);
  }
  int RenameExchange(int dir_a, const std::string& a, int dir_b, const std::string& b) override {
    return Refused(Call::kRenameExchange, nfs ? EINVAL : 0) ? -1 : SystemFileCalls::RenameExchange(dir_a, a, dir_b, b);
  }
  int Unlink(int directory, const std::string& name, int flags) override {
    return Refused(Call::kUnlink) ? -1 : SystemFileCalls::Unlink(directory, name, flags);
  }
  int SetAttribute(int fd, const std::string& name, const void* value, size_t size) override {
    return Refused(Call::kSetAttribute, nfs ? EOPNOTSUPP : 0) ? -1
                                                              : SystemFileCalls::SetAttribute(fd, name, value, size);
  }
  int FileSystem(int fd, struct statvfs* info) override {
    if (Refused(Call::kFileSystem) || SystemFileCalls::FileSystem(fd, info) != 0) return -1;
    if (on_space) on_space(info);
    return 0;
  }

 private:
  bool TakenByFolding(int directory, const std::string& name) const {
    if (!folds) return false;
    const auto names = ListDirectory(directory, name);
    return names.ok() && std::any_of(names->begin(), names->end(), [&](const std::string& each) {
             return each != name && strcasecmp(each.c_str(), name.c_str()) == 0;
           });
  }
  bool Refused(Call call, int unsupported = 0) {
    const int hooked = hook ? hook(call) : 0;
    const int error = hooked != 0 ? hooked : unsupported;
    if (error != 0) errno = error;
    return error != 0;
  }
};

}  // namespace crossdock::agent
