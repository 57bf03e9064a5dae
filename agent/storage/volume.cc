#include "agent/storage/volume.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

base::UniqueFd OpenBeneath(int directory, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  const char* const name = path.empty() ? "." : path.c_str();
  // EAGAIN: somebody renamed a directory while the kernel walked; a storm of that is an attack, so the tries end.
  for (int tries = 0; tries < 64; ++tries) {
    const auto fd = static_cast<int>(syscall(SYS_openat2, directory, name, &how, sizeof how));
    if (fd >= 0) return base::UniqueFd(fd);
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return {};
}

int MakeDirectories(int directory, const std::string& path, mode_t mode, FileCalls& calls) {
  for (size_t end = path.find('/'); !path.empty(); end = path.find('/', end + 1)) {
    const std::string above = path.substr(0, end);
    std::string name;
    const base::UniqueFd parent = OpenParent(directory, above, &name);
    if (!parent) return errno;
    if (calls.MakeDirectory(parent.get(), name, mode) != 0 && errno != EEXIST) return errno;
    // What is there already may have been made by a program that died before this.
    if (calls.Sync(parent.get()) != 0) return errno;
    if (end == std::string::npos) break;
  }
  return 0;
}

base::UniqueFd OpenParent(int directory, const std::string& path, std::string* name) {
  const size_t slash = path.rfind('/');
  *name = slash == std::string::npos ? path : path.substr(slash + 1);
  return OpenBeneath(directory, slash == std::string::npos ? "" : path.substr(0, slash), O_RDONLY | O_DIRECTORY);
}

absl::StatusOr<std::unique_ptr<Volume>> Volume::Open(std::string name, const std::string& root,
                                                     const VolumeOptions& options, FileCalls& calls) {
  base::UniqueFd fd(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return base::Errno(errno, "the root ", root, " of volume '", name, "' cannot be opened");
  return std::unique_ptr<Volume>(new Volume(std::move(name), std::move(fd), options, calls));
}

Volume::Volume(std::string name, base::UniqueFd root, const VolumeOptions& options, FileCalls& calls)
    : name_(std::move(name)), root_(std::move(root)), options_(options), calls_(calls) {
  struct statfs info {};
  if (fstatfs(root_.get(), &info) == 0) {
    cheap_fallocate_ =
        info.f_type == EXT4_SUPER_MAGIC || info.f_type == 0x58465342 /*XFS*/ || info.f_type == BTRFS_SUPER_MAGIC;
  }
}

absl::Status Volume::CheckAllowed(Merge merge, bool replace) const {
  if (merge > options_.merge_allowed) {
    return Fail(wire::Reason::kLandingNotAllowed, "the transfer asks for `merge: ", Name(merge), "`, and volume '",
                name_, "' allows `", Name(options_.merge_allowed),
                "`; `merge_allowed` in the agent's configuration says so");
  }
  if (!replace || options_.replace_allowed) return absl::OkStatus();
  return Fail(wire::Reason::kLandingNotAllowed, "the transfer asks to replace files, and volume '", name_,
              "' does not allow it; `replace_allowed` in the agent's configuration says so");
}

absl::StatusOr<Volume::Space> Volume::space() const {
  struct statvfs info {};
  if (calls_.FileSystem(root_.get(), &info) != 0)
    return base::Errno(errno, "cannot ask for the space of volume '", name_, "'");
  const uint64_t available = info.f_bavail * info.f_frsize;
  return Space{available - std::min(available, reserved_.load()), info.f_blocks * info.f_frsize};
}

absl::StatusOr<Volume::Reservation> Volume::Reserve(uint64_t bytes, uint64_t files) {
  struct statvfs info {};
  if (calls_.FileSystem(root_.get(), &info) != 0)
    return DestinationError(errno, "cannot ask for the space of volume", name_);
  if ((info.f_flag & ST_RDONLY) != 0) {
    return Fail(wire::Reason::kDestinationReadOnly, "volume '", name_, "' is mounted read-only");
  }
  // Each file ends in a block of which half is lost on average; a whole one each is on the safe side.
  const uint64_t needed = bytes + files * std::min<uint64_t>(info.f_frsize, 4096);
  const uint64_t before = reserved_.fetch_add(needed);
  const uint64_t available = info.f_bavail * info.f_frsize;
  if (needed > available || before > available - needed) {
    reserved_.fetch_sub(needed);
    return Fail(wire::Reason::kDestinationFull, "volume '", name_, "' has ", available, " bytes free, ", before,
                " of them reserved by other transfers, and this one needs ", needed, "; it goes on when there is room");
  }
  if (info.f_files > 0 && info.f_favail < files) {
    reserved_.fetch_sub(needed);
    return Fail(wire::Reason::kDestinationFull, "volume '", name_, "' has room for ", info.f_favail,
                " more files, and this transfer brings ", files, "; it goes on when there is room");
  }
  Reservation reservation;
  reservation.volume_ = this;
  reservation.left_ = needed;
  return reservation;
}

Volume::Reservation& Volume::Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  Release();
  volume_ = std::exchange(other.volume_, nullptr);
  left_ = other.left_.exchange(0);
  return *this;
}

void Volume::Reservation::Consume(uint64_t bytes) {
  uint64_t left = left_.load();
  while (!left_.compare_exchange_weak(left, left - std::min(left, bytes))) {
  }
  if (volume_ != nullptr) volume_->reserved_.fetch_sub(std::min(left, bytes));
}

void Volume::Reservation::Release() {
  if (volume_ != nullptr) volume_->reserved_.fetch_sub(left_.exchange(0));
  volume_ = nullptr;
}

}  // namespace crossdock::agent
