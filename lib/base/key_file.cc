#include "lib/base/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "lib/base/fd.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::base {
namespace {

constexpr char kKeyFileOpen[] = "KEY_FILE_OPEN";
constexpr size_t kKeyFileSizeMax = 16u << 10;

absl::Status WriteAll(int fd, const std::string& path, std::string_view pem) {
  // Made with 0600 less the umask.
  if (::fchmod(fd, 0600) != 0) return Errno(errno, "setting the mode of the key ", path);
  while (!pem.empty()) {
    const ssize_t wrote = ::write(fd, pem.data(), pem.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return Errno(errno, "writing the key ", path);
    pem.remove_prefix(static_cast<size_t>(wrote));
  }
  return ::fsync(fd) == 0 ? absl::OkStatus() : Errno(errno, "syncing the key ", path);
}

// `temporary` becomes `path` in one step, unless something is there.
absl::Status GiveName(const std::string& temporary, const std::string& path) {
  int result = ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE);
  if (result != 0 && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
    // NFS knows only links.
    result = ::link(temporary.c_str(), path.c_str());
    if (result == 0) ::unlink(temporary.c_str());
  }
  if (result == 0) return absl::OkStatus();
  if (errno == EEXIST) {
    return AlreadyExists(path, " is there already, and a key is never overwritten; name another file");
  }
  return Errno(errno, "creating the key ", path);
}

}  // namespace

absl::StatusOr<std::string> ReadKeyFile(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return Errno(errno, "opening the key ", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return Errno(errno, "looking at the key ", path);
  if (!S_ISREG(info.st_mode)) {
    return WithReason(FailedPrecondition("the key ", path, " is no regular file"), kKeyFileOpen);
  }
  if ((info.st_mode & 077) != 0) {
    return WithReason(
        FailedPrecondition("the key ", path, " may be read or written by others; if nobody did, chmod 600 it, ",
                           "otherwise make a new one"),
        kKeyFileOpen);
  }
  std::string text(kKeyFileSizeMax + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Errno(errno, "reading the key ", path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > kKeyFileSizeMax) return InvalidArgument("the key ", path, " has more than ", kKeyFileSizeMax, " bytes");
  text.resize(size);
  return text;
}

absl::StatusOr<PrivateKey> ReadSigningKey(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string pem, ReadKeyFile(path));
  absl::StatusOr<PrivateKey> key = PrivateKey::FromPem(pem);
  if (!key.ok()) return Annotate(key.status(), path);
  return key;
}

absl::StatusOr<P256Key> ReadP256Key(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string pem, ReadKeyFile(path));
  absl::StatusOr<P256Key> key = P256Key::FromPem(pem);
  if (!key.ok()) return Annotate(key.status(), path);
  return key;
}

absl::Status WriteNewKeyFile(const std::string& path, std::string_view pem) {
  std::string directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  std::string temporary = path + ".new.XXXXXX";
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return Errno(errno, "creating a file beside the key ", path);
  absl::Status status = WriteAll(fd.get(), path, pem);
  if (status.ok()) status = GiveName(temporary, path);
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  const UniqueFd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return Errno(errno, "syncing the directory of the key ", path);
  return absl::OkStatus();
}

}  // namespace crossdock::base
