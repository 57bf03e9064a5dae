#include "agent/storage/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "agent/storage/io_reason.h"
#include "agent/storage/stretch.h"
#include "agent/storage/volume.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

using Each = std::function<absl::Status(const std::string& path, const struct stat&)>;

constexpr size_t kRemovedAtOnce = 4096;

using Stream = std::unique_ptr<DIR, int (*)(DIR*)>;

// From the directory's beginning; null with errno.
Stream OpenStream(int directory) {
  base::UniqueFd copy(dup(directory));
  DIR* const raw = copy ? fdopendir(copy.get()) : nullptr;
  if (raw != nullptr) {
    copy.Release();
    rewinddir(raw);
  }
  return Stream(raw, closedir);
}

// The next name; empty at the end.
std::string NextName(const Stream& stream) {
  while (const dirent* item = readdir(stream.get())) {
    const std::string_view name = static_cast<const char*>(item->d_name);
    if (name != "." && name != "..") return std::string(name);
  }
  return {};
}

// Name by name: a directory may hold more of them than there is memory to spare.
absl::Status Walk(int directory, const std::string& path, const Each& each) {
  const Stream stream = OpenStream(directory);
  if (!stream) return DestinationError(errno, "cannot list", path);
  for (std::string name = NextName(stream); !name.empty(); name = NextName(stream)) {
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

absl::StatusOr<std::vector<std::string>> ListDirectory(int directory, const std::string& path, size_t names_max) {
  const Stream stream = OpenStream(directory);
  if (!stream) return DestinationError(errno, "cannot list", path);
  std::vector<std::string> names;
  while (names.size() < names_max) {
    std::string name = NextName(stream);
    if (name.empty()) break;
    names.push_back(std::move(name));
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
    while (true) {
      ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(below.get(), name, kRemovedAtOnce));
      if (names.empty()) break;
      for (const std::string& inner : names) RETURN_IF_ERROR(RemoveTree(below.get(), inner, calls));
    }
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
  const uint64_t end = static_cast<uint64_t>(info[0].st_size);
  for (uint64_t at = 0; at < end;) {
    const Stretch stretches[2] = {StretchAt(fds[0].get(), at, end), StretchAt(fds[1].get(), at, end)};
    const uint64_t both = std::min(stretches[0].length, stretches[1].length);
    if (stretches[0].hole && stretches[1].hole) {
      at += both;
      continue;
    }
    size_t sizes[2] = {};
    const size_t wanted = std::min<uint64_t>(both, buffers[0].size());
    for (int i : {0, 1}) {
      while (sizes[i] < wanted) {
        const ssize_t got = calls.ReadAt(fds[i].get(), buffers[i].data() + sizes[i], wanted - sizes[i],
                                         static_cast<off_t>(at + sizes[i]));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return DestinationError(errno, "cannot read", b);
        if (got == 0) return false;  // it became shorter
        sizes[i] += static_cast<size_t>(got);
      }
    }
    if (buffers[0].compare(0, wanted, buffers[1], 0, wanted) != 0) return false;
    at += wanted;
  }
  return true;
}

}  // namespace crossdock::agent
