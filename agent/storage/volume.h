// A volume: a named storage root of a site. Every path is taken beneath its root by the kernel itself (openat2), so
// that no link, no `..` and no nested mount leads out, whoever renames what meanwhile.
//
// Thread-safe.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/core/publish_journal.h"
#include "agent/storage/file_calls.h"
#include "lib/base/fd.h"

namespace crossdock::agent {

// Where attempts stage, at the volume's root: on the filesystem that the rename needs. Scans never enter it.
inline constexpr char kStagingRoot[] = ".crossdock";

enum class Durability {
  kSafe,  // synced before it is acknowledged
  kFast,  // synced once, before it is published: a power cut may lose what was acknowledged, and it is sent again
};

struct VolumeOptions {
  // Whether extended attributes ("user.…") belong to packages that come from here, and are set on those that land here.
  bool keep_attributes = true;
  // The most that a transfer may ask for here. The site's own word: nothing that an orchestrator says goes beyond it.
  Merge merge_allowed = Merge::kNever;
  bool replace_allowed = false;
  Durability durability = Durability::kSafe;
};

// Opens `path` beneath `directory` without following any symbolic link and without leaving the mount. "" is the
// directory itself. On failure the result is empty and errno says why; a link on the way is ELOOP, a way out EXDEV.
base::UniqueFd OpenBeneath(int directory, const std::string& path, int flags, mode_t mode = 0);

// Makes what is missing of `path` and above it, beneath `directory`, and makes all its names durable.
// Returns 0 or an errno.
int MakeDirectories(int directory, const std::string& path, mode_t mode, FileCalls& calls);

// Opens the directory that holds `path` (beneath `directory`) and puts the last name of it in `name`.
base::UniqueFd OpenParent(int directory, const std::string& path, std::string* name);

class Volume {
 public:
  // A part of the free space that is spoken for; gives back what was not consumed. The volume must outlive it.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept { *this = std::move(other); }
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation() { Release(); }
    // `bytes` of it are on the disk now. Thread-safe.
    void Consume(uint64_t bytes);
    void Release();

   private:
    friend class Volume;
    Volume* volume_ = nullptr;
    std::atomic<uint64_t> left_ = 0;
  };

  // `calls` must outlive the volume.
  static absl::StatusOr<std::unique_ptr<Volume>> Open(std::string name, const std::string& root,
                                                      const VolumeOptions& options, FileCalls& calls);

  const std::string& name() const { return name_; }
  int root() const { return root_.get(); }
  const VolumeOptions& options() const { return options_; }
  FileCalls& calls() const { return calls_; }
  // LANDING_NOT_ALLOWED when a transfer asks for more than the volume's configuration lets it.
  absl::Status CheckAllowed(Merge merge, bool replace) const;
  // True on filesystems where reserving a file's blocks costs nothing (ext4, XFS, btrfs).
  bool cheap_fallocate() const { return cheap_fallocate_; }

  struct Space {
    uint64_t bytes_free = 0;  // to unprivileged users, less what is reserved
    uint64_t bytes_total = 0;
  };
  absl::StatusOr<Space> space() const;
  // DESTINATION_FULL when `bytes` more, with `files` more files and directories, do not fit beside what is reserved
  // already; DESTINATION_READ_ONLY on a volume that is mounted so.
  absl::StatusOr<Reservation> Reserve(uint64_t bytes, uint64_t files);

 private:
  Volume(std::string name, base::UniqueFd root, const VolumeOptions& options, FileCalls& calls);

  const std::string name_;
  const base::UniqueFd root_;
  const VolumeOptions options_;
  FileCalls& calls_;
  bool cheap_fallocate_ = false;
  std::atomic<uint64_t> reserved_ = 0;
};

}  // namespace crossdock::agent
