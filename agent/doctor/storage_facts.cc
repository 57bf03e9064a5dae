#include "agent/doctor/storage_facts.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "lib/base/fd.h"
#include "lib/base/strings.h"

namespace crossdock::agent {
namespace {

using base::StrCat;

constexpr uint64_t kGiB = uint64_t{1} << 30;
// A frame or two of any format would not fit.
constexpr uint64_t kFreeLeast = 10 * kGiB;
constexpr std::chrono::milliseconds kSyncSlow{50};
constexpr char kTried[] = ".crossdock-doctor";
constexpr char kRenamed[] = ".crossdock-doctor-renamed";

std::string FilesystemName(unsigned long magic) {
  constexpr unsigned long kXfs = 0x58465342;
  constexpr unsigned long kZfs = 0x2FC12FC1;
  constexpr unsigned long kLustre = 0x0BD00BD0;
  constexpr unsigned long kCephMagic = 0x00C36400;
  switch (magic) {
    case NFS_SUPER_MAGIC:
      return "nfs";
    case kXfs:
      return "xfs";
    case EXT4_SUPER_MAGIC:
      return "ext4";
    case BTRFS_SUPER_MAGIC:
      return "btrfs";
    case TMPFS_MAGIC:
      return "tmpfs";
    case OVERLAYFS_SUPER_MAGIC:
      return "overlayfs";
    case FUSE_SUPER_MAGIC:
      return "fuse";
    case SMB2_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
      return "smb";
    case kZfs:
      return "zfs";
    case kLustre:
      return "lustre";
    case kCephMagic:
      return "ceph";
    default: {
      char text[32];
      std::snprintf(text, sizeof text, "filesystem %lx", magic);
      return text;
    }
  }
}

std::string Problem(const char* doing) { return StrCat(doing, ": ", std::strerror(errno)); }

std::string Gigabytes(uint64_t bytes) { return StrCat(bytes / kGiB, " GiB"); }

}  // namespace

StorageFacts TryStorage(const std::string& root, const base::Clock& clock) {
  StorageFacts facts;
  const base::UniqueFd directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs about {};
  if (!directory || ::fstatfs(directory.get(), &about) != 0) {
    facts.problem = Problem("opening it");
    return facts;
  }
  facts.filesystem = FilesystemName(static_cast<unsigned long>(about.f_type));
  facts.bytes_free = about.f_bavail * static_cast<uint64_t>(about.f_bsize);
  facts.bytes_total = about.f_blocks * static_cast<uint64_t>(about.f_bsize);
  const base::Steady begin = clock.MonotonicNow();
  const base::UniqueFd file(
      ::openat(directory.get(), kTried, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), kTried, sizeof kTried) < 0 || ::fsync(file.get()) != 0)
    facts.problem = Problem("writing a file");
  facts.sync_time = std::chrono::duration_cast<std::chrono::milliseconds>(clock.MonotonicNow() - begin);
  facts.renames_exclusively = ::renameat2(directory.get(), kTried, directory.get(), kRenamed, RENAME_NOREPLACE) == 0;
  ::unlinkat(directory.get(), kTried, 0);
  ::unlinkat(directory.get(), kRenamed, 0);
  return facts;
}

host::Finding JudgeStorage(std::string_view volume, const StorageFacts& facts) {
  const std::string name = StrCat("volume ", volume);
  if (!facts.problem.empty())
    return {host::Verdict::kProblem,
            name,
            facts.problem,
            "a directory that this user may write to",
            "nothing is sent from there or lands there",
            "mount it, or chown it to the agent's user"};
  const std::string found =
      StrCat(facts.filesystem, ", ", Gigabytes(facts.bytes_free), " of ", Gigabytes(facts.bytes_total),
             " free, a small file durable in ", facts.sync_time.count(), " ms, ",
             facts.renames_exclusively ? "publishes by one rename" : "publishes in two steps");
  if (facts.bytes_free < kFreeLeast)
    return {host::Verdict::kWarning,
            name,
            found,
            StrCat("at least ", Gigabytes(kFreeLeast), " free"),
            "what does not fit waits (DESTINATION_FULL)",
            "make room"};
  if (facts.sync_time > kSyncSlow)
    return {host::Verdict::kWarning,
            name,
            found,
            StrCat("a small file durable in ", kSyncSlow.count(), " ms"),
            "packages of many small files",
            "look at the storage's cache and its load"};
  return host::Fine(name, found);
}

}  // namespace crossdock::agent
