#include "cli/directory_record.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "lib/base/status.h"
#include "lib/mhl/manifest.h"

namespace crossdock::cli {
namespace {

// Of one name after another; "" at the end.
class Names {
 public:
  explicit Names(const std::string& directory) : stream_(opendir(directory.c_str()), closedir), error_(errno) {}
  absl::StatusOr<std::vector<std::string>> Read(const std::string& shown) {
    if (!stream_) return base::Errno(error_, "cannot list ", shown);
    std::vector<std::string> names;
    while (const dirent* item = readdir(stream_.get())) {
      const std::string_view name = static_cast<const char*>(item->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
  }

 private:
  std::unique_ptr<DIR, int (*)(DIR*)> stream_;
  int error_;
};

base::Instant InstantOf(const timespec& time) {
  return base::Instant(std::chrono::seconds(time.tv_sec) +
                       std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(time.tv_nsec)));
}

absl::Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return base::Errno(errno, "cannot write ", path);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryInventory>> DirectoryInventory::Open(const std::string& directory) {
  base::UniqueFd root(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return base::Errno(errno, "cannot open ", directory);
  std::unique_ptr<DirectoryInventory> inventory(new DirectoryInventory(directory, std::move(root)));
  RETURN_IF_ERROR(inventory->Walk(""));
  std::sort(inventory->entries_.begin(), inventory->entries_.end(),
            [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return inventory;
}

absl::Status DirectoryInventory::Walk(const std::string& path) {
  const std::string full = path.empty() ? directory_ : directory_ + "/" + path;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(full).Read(full));
  for (const std::string& name : names) {
    const std::string below = path.empty() ? name : path + "/" + name;
    struct stat info {};
    if (fstatat(root_.get(), below.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return base::Errno(errno, "cannot look at ", below);
    }
    if (S_ISLNK(info.st_mode) && IsFileInside(below)) fstatat(root_.get(), below.c_str(), &info, 0);
    if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
      left_out_.push_back(below);
      continue;
    }
    const bool is_directory = S_ISDIR(info.st_mode);
    entries_.push_back(
        {below, is_directory, is_directory ? 0 : static_cast<uint64_t>(info.st_size), InstantOf(info.st_mtim)});
    if (is_directory) RETURN_IF_ERROR(Walk(below));
  }
  return absl::OkStatus();
}

bool DirectoryInventory::IsFileInside(const std::string& path) const {
  std::error_code error;
  const auto target = std::filesystem::canonical(directory_ + "/" + path, error);
  if (error) return false;
  const auto top = std::filesystem::canonical(directory_, error);
  return !error && target.native().starts_with(top.native() + "/") && std::filesystem::is_regular_file(target, error);
}

mhl::Item DirectoryInventory::item(size_t index) const {
  const Entry& entry = entries_[index];
  return {entry.path, entry.directory, entry.size, entry.modified};
}

absl::StatusOr<mhl::Digests> DirectoryInventory::Hash(size_t index, const std::vector<mhl::HashFormat>& formats) {
  const std::string& path = entries_[index].path;
  const base::UniqueFd fd(openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::Errno(errno, "cannot open ", path);
  std::vector<mhl::Hasher> hashers;
  for (const mhl::HashFormat format : formats) hashers.emplace_back(format);
  std::string buffer(1u << 20, '\0');
  uint64_t size = 0;
  while (true) {
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::Errno(errno, "cannot read ", path);
    if (got == 0) break;
    size += static_cast<uint64_t>(got);
    for (mhl::Hasher& hasher : hashers) hasher.Update(std::string_view(buffer).substr(0, static_cast<size_t>(got)));
  }
  if (size != entries_[index].size) {
    return base::WithReason(base::FailedPrecondition("'", path, "' changed while it was read"), "MHL_FILE_CHANGED");
  }
  mhl::Digests digests;
  for (size_t i = 0; i < formats.size(); ++i) digests[formats[i]] = hashers[i].Finish();
  return digests;
}

absl::StatusOr<std::vector<std::string>> DirectoryRecords::List(const std::string& directory) {
  return Names(At(directory)).Read(At(directory));
}

absl::StatusOr<std::string> DirectoryRecords::Read(const std::string& path, size_t size_max) {
  const base::UniqueFd fd(open(At(path).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) return base::Errno(errno, "cannot open ", At(path));
  const auto size = static_cast<size_t>(info.st_size);
  if (size > size_max) {
    return base::WithReason(base::InvalidArgument(At(path), " is larger than ", size_max, " bytes"),
                            mhl::kReasonTooLarge);
  }
  std::string text(size, '\0');
  size_t have = 0;
  while (have < size) {
    const ssize_t got = read(fd.get(), text.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::Errno(errno, "cannot read ", At(path));
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  text.resize(have);
  return text;
}

absl::Status DirectoryRecords::MakeDirectory(const std::string& path) {
  if (mkdir(At(path).c_str(), 0777) != 0 && errno != EEXIST) return base::Errno(errno, "cannot make ", At(path));
  return absl::OkStatus();
}

absl::Status DirectoryRecords::Write(const std::string& path,
                                     const std::function<absl::Status(const mhl::Sink&)>& fill) {
  const std::string full = At(path);
  const size_t slash = full.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : full.substr(0, slash);
  std::string temporary = directory + "/.record.XXXXXX";
  const base::UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return base::Errno(errno, "cannot create a file in ", directory);
  const auto finish = [&]() -> absl::Status {
    RETURN_IF_ERROR(fill([&](std::string_view bytes) { return WriteAll(fd.get(), bytes, full); }));
    if (fchmod(fd.get(), 0644) != 0 || fsync(fd.get()) != 0) return base::Errno(errno, "cannot make durable ", full);
    if (rename(temporary.c_str(), full.c_str()) != 0) return base::Errno(errno, "cannot name ", full);
    return absl::OkStatus();
  };
  if (const absl::Status status = finish(); !status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  const base::UniqueFd parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || fsync(parent.get()) != 0) return base::Errno(errno, "cannot sync ", directory);
  return absl::OkStatus();
}

}  // namespace crossdock::cli
