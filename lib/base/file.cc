#include "lib/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "lib/base/fd.h"
#include "lib/base/status.h"

namespace crossdock::base {

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t size_max) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Errno(errno, "cannot open ", path);
  std::string content;
  char buffer[16384];
  while (true) {
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Errno(errno, "cannot read ", path);
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    if (content.size() > size_max) return InvalidArgument(path, " is larger than ", size_max, " bytes");
  }
}

absl::Status WriteFileAtomic(const std::string& path, std::string_view content, int mode) {
  std::string directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  std::string temporary = path + ".XXXXXX";
  UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return Errno(errno, "cannot create a file beside ", path);
  const auto fail = [&](std::string_view what) {
    const int error = errno;
    unlink(temporary.c_str());
    return Errno(error, what, " ", path);
  };
  if (fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) return fail("cannot set the mode of");
  while (!content.empty()) {
    const ssize_t put = write(fd.get(), content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail("cannot write");
    content.remove_prefix(static_cast<size_t>(put));
  }
  if (fsync(fd.get()) != 0) return fail("cannot sync");
  if (rename(temporary.c_str(), path.c_str()) != 0) return fail("cannot replace");
  const UniqueFd parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || fsync(parent.get()) != 0) return Errno(errno, "cannot sync the directory of ", path);
  return absl::OkStatus();
}

}  // namespace crossdock::base
