#include "agent/storage/file_calls.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "agent/storage/volume.h"
#include "lib/base/file.h"

namespace crossdock::agent {
namespace {

int Rename2(int from_dir, const std::string& from, int to_dir, const std::string& to, unsigned flags) {
  return static_cast<int>(syscall(SYS_renameat2, from_dir, from.c_str(), to_dir, to.c_str(), flags));
}

}  // namespace

ssize_t SystemFileCalls::Write(int fd, const void* bytes, size_t size) { return write(fd, bytes, size); }
ssize_t SystemFileCalls::WriteAt(int fd, const void* bytes, size_t size, off_t offset) {
  return pwrite(fd, bytes, size, offset);
}

ssize_t SystemFileCalls::Read(int fd, void* bytes, size_t size) { return read(fd, bytes, size); }
ssize_t SystemFileCalls::ReadAt(int fd, void* bytes, size_t size, off_t offset) {
  return pread(fd, bytes, size, offset);
}

int SystemFileCalls::Sync(int fd) { return fsync(fd); }
int SystemFileCalls::SyncAll(int fd) { return syncfs(fd); }
int SystemFileCalls::Allocate(int fd, off_t offset, off_t size) {
  return fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, size);
}

int SystemFileCalls::Punch(int fd, off_t offset, off_t size) {
  return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, size);
}
int SystemFileCalls::Truncate(int fd, off_t size) { return ftruncate(fd, size); }

int SystemFileCalls::Create(int directory, const std::string& name, int flags, mode_t mode) {
  return OpenBeneath(directory, name, flags | O_CREAT | O_NOFOLLOW, mode).Release();
}
int SystemFileCalls::MakeDirectory(int directory, const std::string& name, mode_t mode) {
  return mkdirat(directory, name.c_str(), mode);
}
int SystemFileCalls::Link(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  return linkat(from_dir, from.c_str(), to_dir, to.c_str(), 0);
}
int SystemFileCalls::SymbolicLink(const std::string& target, int directory, const std::string& name) {
  return symlinkat(target.c_str(), directory, name.c_str());
}

int SystemFileCalls::Rename(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  return Rename2(from_dir, from, to_dir, to, 0);
}
int SystemFileCalls::RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  return Rename2(from_dir, from, to_dir, to, RENAME_NOREPLACE);
}
int SystemFileCalls::RenameExchange(int dir_a, const std::string& a, int dir_b, const std::string& b) {
  return Rename2(dir_a, a, dir_b, b, RENAME_EXCHANGE);
}

int SystemFileCalls::Unlink(int directory, const std::string& name, int flags) {
  return unlinkat(directory, name.c_str(), flags);
}
int SystemFileCalls::SetAttribute(int fd, const std::string& name, const void* value, size_t size) {
  return fsetxattr(fd, name.c_str(), value, size, 0);
}
int SystemFileCalls::FileSystem(int fd, struct statvfs* info) { return fstatvfs(fd, info); }

std::string SystemFileCalls::BootId() {
  return base::ReadFile("/proc/sys/kernel/random/boot_id", 64).value_or(std::string());
}

bool IsUnsupported(int error) { return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ENOTTY; }

}  // namespace crossdock::agent
