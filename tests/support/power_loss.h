// A disk that forgets at a power cut whatever was not synced: a file's bytes without fsync of the file, a name without
// fsync of its directory. In a real temporary directory, below which everything goes through these calls.
//
// It is as forgetful as POSIX lets it be, which is more than a journalling filesystem is: each directory stands for
// itself. One thing is granted: a directory that was renamed is in one place.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "tests/support/double_calls.h"

namespace crossdock::agent {

// What a power cut takes.
enum class PowerCut {
  kAllUnsynced,  // names and bytes
  kBytesOnly,    // the names had reached the disk by themselves, the bytes had not
};

// Thread-safe between power cuts. `graveyard` is a directory beside the root, for what has lost its last name.
class PowerLossCalls : public DoubleCalls {
 public:
  int Sync(int fd) override {
    if (DoubleCalls::Sync(fd) != 0) return -1;
    std::lock_guard<std::mutex> lock(mutex_);
    Remember(fd);
    return 0;
  }
  int SyncAll(int fd) override {
    if (DoubleCalls::SyncAll(fd) != 0) return -1;
    std::lock_guard<std::mutex> lock(mutex_);
    RememberAll();
    return 0;
  }
  int Unlink(int directory, const std::string& name, int flags) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      Bury(directory, name);
    }
    return DoubleCalls::Unlink(directory, name, flags);
  }
  int Rename(int from_dir, const std::string& from, int to_dir, const std::string& to) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      Bury(to_dir, to);
    }
    return DoubleCalls::Rename(from_dir, from, to_dir, to);
  }

  // All that is below `root` now is on the disk. Beside it, `graveyard` is made.
  void Begin(const std::string& root, const std::string& graveyard) {
    std::lock_guard<std::mutex> lock(mutex_);
    root_ = root;
    graveyard_ = graveyard;
    std::filesystem::create_directories(graveyard_);
    RememberAll();
  }

  // Nobody may have anything open below the root.
  void Cut(PowerCut what) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (what == PowerCut::kAllUnsynced) {
      TakeApart(root_);
      const base::UniqueFd root(open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      Rebuild(root.get(), InodeOf(root.get()));
    }
    for (const auto& each : std::filesystem::recursive_directory_iterator(root_)) {
      if (each.is_regular_file() && !each.is_symlink()) ForgetBytes(each.path());
    }
  }

 private:
  struct Name {
    ino_t inode = 0;
    mode_t type = 0;
    std::string target;  // of a link
    uint64_t synced = 0;
  };
  struct Content {
    std::string bytes;
    mode_t mode = 0;
    timespec mtime{};
  };

  static ino_t InodeOf(int fd) {
    struct stat info {};
    return fstat(fd, &info) == 0 ? info.st_ino : 0;
  }
  std::string Grave(ino_t inode) const { return graveyard_ + "/" + std::to_string(inode); }

  void RememberAll() {
    const auto remember = [&](const std::filesystem::path& path) {
      const base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      Remember(fd.get());
    };
    remember(root_);
    for (const auto& each : std::filesystem::recursive_directory_iterator(root_)) {
      if (!each.is_symlink()) remember(each.path());
    }
  }

  void Remember(int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return;
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    if (!S_ISDIR(info.st_mode)) {
      std::ifstream in(path, std::ios::binary);
      content_[info.st_ino] = {
          {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}, info.st_mode & 07777u, info.st_mtim};
      return;
    }
    std::map<std::string, Name>& names = names_[info.st_ino];
    names.clear();
    ++now_;
    for (const auto& each : std::filesystem::directory_iterator(std::filesystem::canonical(path))) {
      struct stat entry {};
      if (lstat(each.path().c_str(), &entry) != 0) continue;
      Name name{entry.st_ino, entry.st_mode & S_IFMT, {}, now_};
      if (S_ISLNK(entry.st_mode)) name.target = std::filesystem::read_symlink(each.path());
      names[each.path().filename()] = name;
      // A directory that came here has left where it was.
      if (S_ISDIR(entry.st_mode)) place_[entry.st_ino] = {info.st_ino, each.path().filename()};
    }
  }

  // Keeps the inode of what is about to lose this name, so that it is not given to another file.
  void Bury(int directory, const std::string& name) {
    struct stat info {};
    if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISREG(info.st_mode)) linkat(directory, name.c_str(), AT_FDCWD, Grave(info.st_ino).c_str(), 0);
  }

  // Every file and directory below goes to the graveyard, under its inode's number.
  void TakeApart(const std::string& directory) {
    std::vector<std::filesystem::path> inside;
    for (const auto& each : std::filesystem::directory_iterator(directory)) inside.push_back(each.path());
    for (const std::filesystem::path& path : inside) {
      struct stat info {};
      if (lstat(path.c_str(), &info) != 0) continue;
      if (S_ISDIR(info.st_mode)) TakeApart(path);
      // Renaming a file onto another name of its own would leave both.
      if (S_ISREG(info.st_mode)) {
        link(path.c_str(), Grave(info.st_ino).c_str());
        unlink(path.c_str());
      } else if (S_ISDIR(info.st_mode)) {
        rename(path.c_str(), Grave(info.st_ino).c_str());
      } else {
        unlink(path.c_str());
      }
    }
  }

  void Rebuild(int directory, ino_t inode) {
    for (const auto& [name, each] : names_[inode]) {
      if (S_ISLNK(each.type)) {
        symlinkat(each.target.c_str(), directory, name.c_str());
      } else if (S_ISDIR(each.type)) {
        const auto place = place_.find(each.inode);
        if (place->second != std::pair(inode, name)) continue;
        // One that was removed, and whose removal was not synced, is there again.
        if (renameat(AT_FDCWD, Grave(each.inode).c_str(), directory, name.c_str()) != 0) {
          mkdirat(directory, name.c_str(), 0755);
        }
        const base::UniqueFd fd(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        Rebuild(fd.get(), each.inode);
      } else if (linkat(AT_FDCWD, Grave(each.inode).c_str(), directory, name.c_str(), 0) != 0) {
        const base::UniqueFd fd(openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        content_[InodeOf(fd.get())] = content_[each.inode];
      }
    }
  }

  void ForgetBytes(const std::filesystem::path& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return;
    const auto known = content_.find(info.st_ino);
    const base::UniqueFd fd(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    if (known == content_.end()) return;
    const Content& content = known->second;
    (void)!write(fd.get(), content.bytes.data(), content.bytes.size());
    fchmod(fd.get(), content.mode);
    const timespec times[2] = {{0, UTIME_OMIT}, content.mtime};
    futimens(fd.get(), times);
  }

  std::mutex mutex_;
  std::string root_;
  std::string graveyard_;
  uint64_t now_ = 0;
  std::map<ino_t, std::map<std::string, Name>> names_;    // of each directory, as it was synced last
  std::map<ino_t, Content> content_;                      // of each file
  std::map<ino_t, std::pair<ino_t, std::string>> place_;  // of each directory: where it was synced last
};

}  // namespace crossdock::agent
