// The system calls of the landing that a filesystem may refuse or a crash may cut off: whatever writes, makes durable,
// or changes a name. A full disk, a failing one, NFS and a power cut are doubles of this class.
#pragma once

#include <sys/statvfs.h>
#include <sys/types.h>

#include <cstddef>
#include <string>

namespace crossdock::agent {

// Like the system calls: -1 and errno. Names are single components beneath an open directory. Thread-safe.
class FileCalls {
 public:
  virtual ~FileCalls() = default;

  virtual ssize_t Write(int fd, const void* bytes, size_t size) = 0;
  virtual ssize_t WriteAt(int fd, const void* bytes, size_t size, off_t offset) = 0;
  virtual ssize_t Read(int fd, void* bytes, size_t size) = 0;
  virtual ssize_t ReadAt(int fd, void* bytes, size_t size, off_t offset) = 0;
  // A file's bytes, or a directory's names.
  virtual int Sync(int fd) = 0;
  // All of the filesystem that `fd` is on, its names too.
  virtual int SyncAll(int fd) = 0;
  // Reserves blocks without changing the size. EOPNOTSUPP where that is unknown.
  virtual int Allocate(int fd, off_t offset, off_t size) = 0;
  // Makes a range of a file a hole, which reads as zeros, without changing the size. EOPNOTSUPP where there are none.
  virtual int Punch(int fd, off_t offset, off_t size) = 0;
  virtual int Truncate(int fd, off_t size) = 0;
  // A new or existing file, never through a link; the descriptor is the caller's.
  virtual int Create(int directory, const std::string& name, int flags, mode_t mode) = 0;
  virtual int MakeDirectory(int directory, const std::string& name, mode_t mode) = 0;
  virtual int Link(int from_dir, const std::string& from, int to_dir, const std::string& to) = 0;
  virtual int SymbolicLink(const std::string& target, int directory, const std::string& name) = 0;
  // Replaces what has the name `to`.
  virtual int Rename(int from_dir, const std::string& from, int to_dir, const std::string& to) = 0;
  // EEXIST when `to` is taken; EINVAL on filesystems that cannot promise it (NFS).
  virtual int RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) = 0;
  // Both names at once; EINVAL on filesystems that cannot (NFS).
  virtual int RenameExchange(int dir_a, const std::string& a, int dir_b, const std::string& b) = 0;
  // `flags` is 0 or AT_REMOVEDIR.
  virtual int Unlink(int directory, const std::string& name, int flags) = 0;
  // An extended attribute of an open file or directory.
  virtual int SetAttribute(int fd, const std::string& name, const void* value, size_t size) = 0;
  // What is free of the filesystem that `fd` is on.
  virtual int FileSystem(int fd, struct statvfs* info) = 0;
  // Of this run of the machine: what was not synced has survived if it is the same. Empty when it is not known.
  virtual std::string BootId() = 0;
};

class SystemFileCalls : public FileCalls {
 public:
  ssize_t Write(int fd, const void* bytes, size_t size) override;
  ssize_t WriteAt(int fd, const void* bytes, size_t size, off_t offset) override;
  ssize_t Read(int fd, void* bytes, size_t size) override;
  ssize_t ReadAt(int fd, void* bytes, size_t size, off_t offset) override;
  int Sync(int fd) override;
  int SyncAll(int fd) override;
  int Allocate(int fd, off_t offset, off_t size) override;
  int Punch(int fd, off_t offset, off_t size) override;
  int Truncate(int fd, off_t size) override;
  int Create(int directory, const std::string& name, int flags, mode_t mode) override;
  int MakeDirectory(int directory, const std::string& name, mode_t mode) override;
  int Link(int from_dir, const std::string& from, int to_dir, const std::string& to) override;
  int SymbolicLink(const std::string& target, int directory, const std::string& name) override;
  int Rename(int from_dir, const std::string& from, int to_dir, const std::string& to) override;
  int RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) override;
  int RenameExchange(int dir_a, const std::string& a, int dir_b, const std::string& b) override;
  int Unlink(int directory, const std::string& name, int flags) override;
  int SetAttribute(int fd, const std::string& name, const void* value, size_t size) override;
  int FileSystem(int fd, struct statvfs* info) override;
  std::string BootId() override;
};

// Whether `error` says that the filesystem does not know the call, and not that this one failed.
bool IsUnsupported(int error);

}  // namespace crossdock::agent
