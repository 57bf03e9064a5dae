#include "agent/storage/volume_guarantees.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "agent/storage/source_file.h"
#include "agent/storage/tree.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

constexpr std::string_view kPrefix = ".probe-";
constexpr int64_t kLitterAge = 24 * 3600;  // seconds

std::string FilesystemName(int fd) {
  struct Known {
    int64_t magic;
    std::string_view name;
  };
  constexpr Known kKnown[] = {
      {EXT4_SUPER_MAGIC, "ext4"}, {0x58465342, "xfs"},    {BTRFS_SUPER_MAGIC, "btrfs"},
      {NFS_SUPER_MAGIC, "nfs"},   {TMPFS_MAGIC, "tmpfs"}, {OVERLAYFS_SUPER_MAGIC, "overlay"},
      {0xFF534D42, "cifs"},       {0xFE534D42, "smb2"},   {0x0BD00BD0, "lustre"},
      {0x47504653, "gpfs"},       {0x2FC12FC1, "zfs"},    {0x19830326, "beegfs"},
      {FUSE_SUPER_MAGIC, "fuse"}, {0x00C36400, "ceph"},
  };
  struct statfs info {};
  if (fstatfs(fd, &info) != 0) return "unknown";
  const auto magic = static_cast<int64_t>(static_cast<uint32_t>(info.f_type));
  for (const Known& each : kKnown) {
    if (each.magic == magic) return std::string(each.name);
  }
  return base::StrCat(magic);
}

// One try, in a directory that is its own.
class Probe {
 public:
  Probe(FileCalls& calls, int directory) : calls_(calls), directory_(directory) {}

  bool Make(const std::string& name) {
    return static_cast<bool>(base::UniqueFd(calls_.Create(directory_, name, O_WRONLY | O_EXCL, 0600)));
  }
  bool Exists(const std::string& name) const {
    return faccessat(directory_, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  }
  // With the target taken too, because some storage says yes and replaces it.
  bool RenameNoReplace() {
    if (!Make("nr-a") || !Make("nr-b")) return false;
    if (calls_.RenameNoReplace(directory_, "nr-a", directory_, "nr-b") == 0 || errno != EEXIST) return false;
    return calls_.RenameNoReplace(directory_, "nr-a", directory_, "nr-c") == 0 && Exists("nr-c");
  }
  bool RenameExchange() {
    for (const char* name : {"ex-a", "ex-b"}) {
      if (calls_.MakeDirectory(directory_, name, 0700) != 0) return false;
    }
    const base::UniqueFd before = OpenBeneath(directory_, "ex-a", O_PATH | O_DIRECTORY);
    if (calls_.RenameExchange(directory_, "ex-a", directory_, "ex-b") != 0) return false;
    struct stat moved {
    }, now{};
    return fstat(before.get(), &moved) == 0 && fstatat(directory_, "ex-b", &now, 0) == 0 && moved.st_ino == now.st_ino;
  }
  bool HardLinks() {
    struct stat info {};
    return Make("hl-a") && calls_.Link(directory_, "hl-a", directory_, "hl-b") == 0 &&
           fstatat(directory_, "hl-b", &info, 0) == 0 && info.st_nlink == 2;
  }
  bool DirectorySync() { return calls_.Sync(directory_) == 0; }
  bool Allocate() {
    const base::UniqueFd fd(calls_.Create(directory_, "al", O_WRONLY | O_EXCL, 0600));
    return fd && calls_.Allocate(fd.get(), 0, 4096) == 0;
  }
  bool Attributes() {
    const base::UniqueFd fd(calls_.Create(directory_, "at", O_WRONLY | O_EXCL, 0600));
    return fd && calls_.SetAttribute(fd.get(), "user.crossdock", "1", 1) == 0;
  }
  bool CaseSensitive() { return Make("case") && !Exists("CASE"); }
  // "é" in one character; storage that decomposes it lists two.
  bool KeepsNames() {
    const std::string name = "n-\xC3\xA9";
    if (!Make(name)) return false;
    const auto names = ListDirectory(directory_, "");
    return names.ok() && std::find(names->begin(), names->end(), name) != names->end();
  }
  std::chrono::nanoseconds TimeResolution() {
    const base::UniqueFd fd(calls_.Create(directory_, "tm", O_WRONLY | O_EXCL, 0600));
    if (!fd) return {};
    // 987,654,321 ns past an odd second: each coarser clock cuts it shorter.
    const timespec given{1'000'000'001, 987'654'321};
    const timespec times[2] = {{0, UTIME_OMIT}, given};
    struct stat info {};
    if (futimens(fd.get(), times) != 0 || calls_.Sync(fd.get()) != 0 || fstat(fd.get(), &info) != 0) return {};
    const int64_t lost = Nanoseconds(given) - Nanoseconds(info.st_mtim);
    for (const int64_t step : {int64_t{1}, int64_t{100}, int64_t{1'000}, int64_t{1'000'000}, int64_t{1'000'000'000},
                               int64_t{2'000'000'000}}) {
      if (lost >= 0 && lost < step) return std::chrono::nanoseconds(step);
    }
    return {};
  }

 private:
  FileCalls& calls_;
  const int directory_;
};

void RemoveLitter(int staging, FileCalls& calls, int64_t now) {
  const auto names = ListDirectory(staging, kStagingRoot);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    struct stat info {};
    if (!name.starts_with(kPrefix) || fstatat(staging, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (now - info.st_mtim.tv_sec > kLitterAge) (void)RemoveTree(staging, name, calls);
  }
}

void TryAll(Probe probe, VolumeGuarantees* guarantees) {
  guarantees->rename_no_replace = probe.RenameNoReplace();
  guarantees->rename_exchange = probe.RenameExchange();
  guarantees->hard_links = probe.HardLinks();
  guarantees->directory_sync = probe.DirectorySync();
  guarantees->allocate = probe.Allocate();
  guarantees->attributes = probe.Attributes();
  guarantees->case_sensitive = probe.CaseSensitive();
  guarantees->keeps_names = probe.KeepsNames();
  guarantees->time_resolution = probe.TimeResolution();
}

}  // namespace

VolumeGuarantees ProbeVolume(const Volume& volume, base::Random& random) {
  FileCalls& calls = volume.calls();
  VolumeGuarantees guarantees;
  guarantees.filesystem = FilesystemName(volume.root());
  const auto refused = [&] {
    guarantees.why_not = std::generic_category().message(errno);
    return guarantees;
  };
  const bool made = calls.MakeDirectory(volume.root(), kStagingRoot, 0700) == 0;
  if (!made && errno != EEXIST) return refused();
  const base::UniqueFd staging = OpenBeneath(volume.root(), kStagingRoot, O_RDONLY | O_DIRECTORY);
  if (!staging) return refused();
  // By another agent of the site at the same time, too.
  const std::string name = base::NewId(random, kPrefix.substr(0, kPrefix.size() - 1));
  const bool own = calls.MakeDirectory(staging.get(), name, 0700) == 0;
  const int error = errno;
  if (const base::UniqueFd directory = OpenBeneath(staging.get(), name, O_RDONLY | O_DIRECTORY); own && directory) {
    guarantees.writable = true;
    TryAll(Probe(calls, directory.get()), &guarantees);
    struct stat info {};
    // The storage's own clock, which dates the litter.
    if (fstat(directory.get(), &info) == 0) RemoveLitter(staging.get(), calls, info.st_mtim.tv_sec);
  }
  if (own) (void)RemoveTree(staging.get(), name, calls);
  // A volume that is only read from stays as it was.
  if (made) calls.Unlink(volume.root(), kStagingRoot, AT_REMOVEDIR);
  errno = error;
  return guarantees.writable ? guarantees : refused();
}

std::string Describe(const VolumeGuarantees& guarantees) {
  if (!guarantees.writable) {
    return base::StrCat(guarantees.filesystem, ": cannot be written (", guarantees.why_not, "); a source only");
  }
  std::string text = guarantees.filesystem;
  text += guarantees.PublishesAtOnce() ? ": publishes at once" : ": publishes by mkdir and rename";
  text += guarantees.MergesAtOnce() ? ", merges at once" : ", merges only visibly";
  const auto add = [&](bool has, std::string_view what) {
    if (!has) text += base::StrCat(", ", what);
  };
  add(guarantees.hard_links, "no hard links");
  add(guarantees.directory_sync, "no sync of directories");
  add(guarantees.allocate, "no reservation of blocks");
  add(guarantees.attributes, "no extended attributes");
  add(guarantees.case_sensitive, "upper and lower case are the same");
  add(guarantees.keeps_names, "changes the bytes of names");
  const int64_t step = guarantees.time_resolution.count();
  if (step == 0) return text + ", does not keep times";
  return step == 1 ? text : base::StrCat(text, ", times in steps of ", step, " ns");
}

}  // namespace crossdock::agent
