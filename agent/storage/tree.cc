#include "agent/storage/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "agent/storage/io_reason.h"
#include "agent/storage/volume.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

using Each = std::function<absl::Status(const std::string& path, const struct stat&)>;

absl::Status Walk(int directory, const std::string& path, const Each& each) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory, path));
  for (const std::string& name : names) {
    const std::string full = path.empty() ? name : path + "/" + name;
    struct stat info {};
    if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return DestinationError(errno, "cannot look at", full);
    }
    RETURN_IF_ERROR(each(full, info));
    if (!S_ISDIR(info.st_mode)) continue;
    const base::UniqueFd below = OpenBeneath(directory, name, O_RDONLY | O_DIRECTORY);
    if (!below) return DestinationError(errno, "cannot open", full);
    RETURN_IF_ERROR(Walk(below.get(), full, each));
  }
  return absl::OkStatus();
}

std::string Target(int directory, const std::string& name) {
  char target[4096];
  const ssize_t size = readlinkat(directory, name.c_str(), target, sizeof target);
  return size < 0 ? std::string() : std::string(target, static_cast<size_t>(size));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ListDirectory(int directory, const std::string& path) {
  base::UniqueFd copy(dup(directory));
  DIR* const raw = copy ? fdopendir(copy.get()) : nullptr;
  if (raw == nullptr) return DestinationError(errno, "cannot list", path);
  copy.Release();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(raw, closedir);
  rewinddir(raw);
  std::vector<std::string> names;
  while (const dirent* item = readdir(raw)) {
    const std::string_view name = static_cast<const char*>(item->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

absl::Status WalkTree(int directory, const Each& each) { return Walk(directory, "", each); }

absl::Status RemoveTree(int directory, const std::string& name, FileCalls& calls) {
  if (calls.Unlink(directory, name, 0) == 0 || errno == ENOENT) return absl::OkStatus();
  if (errno != EISDIR && errno != EPERM) return DestinationError(errno, "cannot remove", name);
  {
    const base::UniqueFd below = OpenBeneath(directory, name, O_RDONLY | O_DIRECTORY);
    if (!below) return DestinationError(errno, "cannot open", name);
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(below.get(), name));
    for (const std::string& inner : names) RETURN_IF_ERROR(RemoveTree(below.get(), inner, calls));
  }
  if (calls.Unlink(directory, name, AT_REMOVEDIR) != 0) return DestinationError(errno, "cannot remove", name);
  return absl::OkStatus();
}

absl::Status SyncDirectories(int directory, FileCalls& calls) {
  const auto sync = [&](int fd, const std::string& path) {
    return calls.Sync(fd) == 0 ? absl::OkStatus() : DestinationError(errno, "cannot sync", path);
  };
  RETURN_IF_ERROR(WalkTree(directory, [&](const std::string& path, const struct stat& info) {
    if (!S_ISDIR(info.st_mode)) return absl::OkStatus();
    const base::UniqueFd fd = OpenBeneath(directory, path, O_RDONLY | O_DIRECTORY);
    return fd ? sync(fd.get(), path) : DestinationError(errno, "cannot open", path);
  }));
  return sync(directory, ".");
}

absl::StatusOr<bool> SameContent(int dir_a, const std::string& a, int dir_b, const std::string& b, FileCalls& calls) {
  std::string names[2];
  const base::UniqueFd parents[2] = {OpenParent(dir_a, a, &names[0]), OpenParent(dir_b, b, &names[1])};
  struct stat info[2] = {};
  for (int i : {0, 1}) {
    if (!parents[i] || fstatat(parents[i].get(), names[i].c_str(), &info[i], AT_SYMLINK_NOFOLLOW) != 0) return false;
  }
  if (S_ISLNK(info[0].st_mode) && S_ISLNK(info[1].st_mode)) {
    return Target(parents[0].get(), names[0]) == Target(parents[1].get(), names[1]);
  }
  if (!S_ISREG(info[0].st_mode) || !S_ISREG(info[1].st_mode) || info[0].st_size != info[1].st_size) return false;
  if (info[0].st_ino == info[1].st_ino && info[0].st_dev == info[1].st_dev) return true;
  const base::UniqueFd fds[2] = {OpenBeneath(parents[0].get(), names[0], O_RDONLY),
                                 OpenBeneath(parents[1].get(), names[1], O_RDONLY)};
  if (!fds[0] || !fds[1]) return DestinationError(errno, "cannot open", b);
  std::string buffers[2] = {std::string(1u << 20, '\0'), std::string(1u << 20, '\0')};
  while (true) {
    size_t sizes[2] = {};
    for (int i : {0, 1}) {
      while (sizes[i] < buffers[i].size()) {
        const ssize_t got = calls.Read(fds[i].get(), buffers[i].data() + sizes[i], buffers[i].size() - sizes[i]);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return DestinationError(errno, "cannot read", b);
        if (got == 0) break;
        sizes[i] += static_cast<size_t>(got);
      }
    }
    if (sizes[0] != sizes[1] || buffers[0].compare(0, sizes[0], buffers[1], 0, sizes[1]) != 0) return false;
    if (sizes[0] < buffers[0].size()) return true;
  }
}

}  // namespace crossdock::agent
