// The few system calls whose refusal has to be tested: a full disk, a failing one, a filesystem (NFS) that knows
// neither RENAME_NOREPLACE nor links. Everything else is called directly.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace crossdock::agent {

// Like the system calls: -1 and errno. Thread-safe.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  virtual ssize_t Write(int fd, const void* bytes, size_t size) = 0;
  virtual ssize_t WriteAt(int fd, const void* bytes, size_t size, off_t offset) = 0;
  virtual ssize_t Read(int fd, void* bytes, size_t size) = 0;
  virtual ssize_t ReadAt(int fd, void* bytes, size_t size, off_t offset) = 0;
  virtual int Sync(int fd) = 0;
  virtual int RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) = 0;
  virtual int Link(int from_dir, const std::string& from, int to_dir, const std::string& to) = 0;
};

class SystemFileCalls : public FileCalls {
 public:
  ssize_t Write(int fd, const void* bytes, size_t size) override;
  ssize_t WriteAt(int fd, const void* bytes, size_t size, off_t offset) override;
  ssize_t Read(int fd, void* bytes, size_t size) override;
  ssize_t ReadAt(int fd, void* bytes, size_t size, off_t offset) override;
  int Sync(int fd) override;
  int RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) override;
  int Link(int from_dir, const std::string& from, int to_dir, const std::string& to) override;
};

}  // namespace crossdock::agent
