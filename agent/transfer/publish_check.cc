// What stands at the destination, before anything is sent and again before anything is promised.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <functional>
#include <map>
#include <set>

#include "agent/record/joined_record.h"
#include "agent/record/record_files.h"
#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "agent/transfer/destination.h"
#include "agent/transfer/publish.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

using wire::PackageForm;

// A directory that must be the package and nothing else.
bool StandsAlone(const PackagePlace& place) {
  return place.form == PackageForm::kDirectory && place.merge == Merge::kNever;
}

struct Counts {
  uint64_t staged = 0;
  uint64_t same = 0;
};

// Counts the staged names that stand at the destination with the same content; DESTINATION_EXISTS for another that may
// not give way.
absl::StatusOr<Counts> CompareStaged(Volume& volume, int data, const PackagePlace& place) {
  Counts counts;
  KeptRecords records(volume, data, place.destination);
  RETURN_IF_ERROR(WalkTree(data, [&](const std::string& path, const struct stat& info) -> absl::Status {
    const std::string target = TargetOf(place.form, place.destination, path);
    if (S_ISDIR(info.st_mode)) {
      const base::UniqueFd there = OpenBeneath(volume.root(), target, O_PATH | O_DIRECTORY);
      return there || errno == ENOENT ? absl::OkStatus() : AlreadyThere(target);
    }
    ++counts.staged;
    // The record of what stands there tells of its landing as well; that of a directory which is joined goes its way.
    const bool goes_on = StandsAlone(place)
                             ? IsRecordChain(path) && ContinuedRecord(volume, data, path, volume.root(), target)
                             : records.StaysBehind(path);
    if (goes_on) {
      ++counts.same;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Standing there, Compare(volume, data, path, volume.root(), target));
    if (there == Standing::kDirectory || (there == Standing::kOther && !place.replace)) return AlreadyThere(target);
    if (there == Standing::kSame) ++counts.same;
    return absl::OkStatus();
  }));
  return counts;
}

// Whether what stands at `target` could be `entry`, or may give way to it.
bool MayBe(const Volume& volume, const std::string& target, const wire::Entry& entry, const PackagePlace& place,
           bool alone) {
  std::string name;
  const base::UniqueFd parent = OpenParent(volume.root(), target, &name);
  struct stat info {};
  if (!parent || fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return !alone;
  if (entry.type == wire::EntryType::kDirectory) return S_ISDIR(info.st_mode);
  if (place.replace && !S_ISDIR(info.st_mode)) return true;
  if (entry.type == wire::EntryType::kSymlink) return S_ISLNK(info.st_mode);
  if (entry.type == wire::EntryType::kHardLink) return S_ISREG(info.st_mode);  // its size is the first name's
  if (!alone && !RecordFolderOf(entry.path).empty()) return true;              // it may stay behind
  if (IsRecordChain(entry.path)) return S_ISREG(info.st_mode);                 // it grows
  return S_ISREG(info.st_mode) && static_cast<uint64_t>(info.st_size) == entry.size;
}

// Files, links and the like below `path`, a package is the whole directory; without what an integrity record has grown
// by since it landed, of which `landed` tells by the path of a file that may be such.
absl::StatusOr<uint64_t> CountFiles(const Volume& volume, const std::string& path,
                                    const std::function<bool(const std::string& below)>& landed) {
  const base::UniqueFd directory = OpenBeneath(volume.root(), path, O_RDONLY | O_DIRECTORY);
  if (!directory) return DestinationError(errno, "cannot open", path);
  uint64_t files = 0;
  RETURN_IF_ERROR(WalkTree(directory.get(), [&](const std::string& below, const struct stat& info) {
    const bool record = S_ISREG(info.st_mode) && !RecordFolderOf(below).empty();
    if (!S_ISDIR(info.st_mode) && !(record && landed(below))) ++files;
    return absl::OkStatus();
  }));
  return files;
}

}  // namespace

absl::StatusOr<DestinationState> CheckDestination(Volume& volume, int data, const PackagePlace& place) {
  if (place.form == PackageForm::kDirectory) {
    if (InodeAt(volume.root(), place.destination) == 0) return DestinationState::kFree;
    if (!OpenBeneath(volume.root(), place.destination, O_PATH | O_DIRECTORY)) return AlreadyThere(place.destination);
  }
  ASSIGN_OR_RETURN(const Counts counts, CompareStaged(volume, data, place));
  const bool identical = counts.same == counts.staged;
  if (!StandsAlone(place)) return identical ? DestinationState::kIdentical : DestinationState::kFree;
  // What is missing or besides makes it another.
  std::map<std::string, std::set<std::string>> records;  // by the chain's path, what belongs to it
  const auto landed = [&](const std::string& below) {
    if (InodeAt(data, below) != 0) return false;
    const std::string folder(RecordFolderOf(below));
    const std::string chain = mhl::Below(folder, mhl::kChainName);
    const auto [record, first] = records.try_emplace(chain);
    if (first) {
      const std::string staged = InodeAt(data, chain) != 0 ? chain : std::string();
      const auto continued = ContinuedRecord(volume, data, staged, volume.root(), mhl::Below(place.destination, chain));
      if (continued) record->second.insert(chain);
      for (const mhl::ChainLink& link : continued.value_or(mhl::Chain())) {
        record->second.insert(mhl::Below(folder, link.path));
      }
    }
    return record->second.contains(below);
  };
  ASSIGN_OR_RETURN(const uint64_t there, CountFiles(volume, place.destination, landed));
  if (!identical || there != counts.staged) return AlreadyThere(place.destination);
  return DestinationState::kIdentical;
}

absl::Status CheckDestinationListing(Volume& volume, const wire::Manifest& manifest, const PackagePlace& place) {
  const bool directory = place.form == PackageForm::kDirectory;
  const bool alone = StandsAlone(place);
  if (directory && InodeAt(volume.root(), place.destination) == 0) return absl::OkStatus();
  uint64_t listed = 0;
  for (const wire::Entry& entry : manifest.entries) {
    const std::string target = TargetOf(place.form, place.destination, entry.path);
    if (!MayBe(volume, target, entry, place, alone)) return AlreadyThere(alone ? place.destination : target);
    if (entry.type != wire::EntryType::kDirectory) ++listed;
  }
  if (directory && !OpenBeneath(volume.root(), place.destination, O_PATH | O_DIRECTORY)) {
    return AlreadyThere(place.destination);
  }
  if (!alone) return absl::OkStatus();
  const auto landed = [&](const std::string& below) { return FindEntry(manifest, below) == nullptr; };
  ASSIGN_OR_RETURN(const uint64_t there, CountFiles(volume, place.destination, landed));
  return there == listed ? absl::OkStatus() : AlreadyThere(place.destination);
}

}  // namespace crossdock::agent
