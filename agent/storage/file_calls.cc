#include "agent/storage/file_calls.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace crossdock::agent {

ssize_t SystemFileCalls::Write(int fd, const void* bytes, size_t size) { return write(fd, bytes, size); }
ssize_t SystemFileCalls::WriteAt(int fd, const void* bytes, size_t size, off_t offset) {
  return pwrite(fd, bytes, size, offset);
}

ssize_t SystemFileCalls::Read(int fd, void* bytes, size_t size) { return read(fd, bytes, size); }
ssize_t SystemFileCalls::ReadAt(int fd, void* bytes, size_t size, off_t offset) {
  return pread(fd, bytes, size, offset);
}

int SystemFileCalls::Sync(int fd) { return fsync(fd); }
int SystemFileCalls::RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  return static_cast<int>(syscall(SYS_renameat2, from_dir, from.c_str(), to_dir, to.c_str(), 1u /*NOREPLACE*/));
}
int SystemFileCalls::Link(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  return linkat(from_dir, from.c_str(), to_dir, to.c_str(), 0);
}

}  // namespace crossdock::agent
