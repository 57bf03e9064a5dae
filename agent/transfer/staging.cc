#include "agent/transfer/staging.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "agent/storage/io_reason.h"
#include "agent/storage/source_file.h"
#include "agent/storage/tree.h"
#include "lib/base/status.h"
#include "lib/wire/name.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

uint64_t HashPath(std::string_view path) { return XXH3_64bits(path.data(), path.size()); }

std::string DirectoryName(const Staging::Request& request) {
  return base::StrCat(request.agent, "-", request.epoch.generation, ".", request.epoch.n);
}

// The epoch of a staging directory of `agent`; none when it is another's.
std::optional<wire::Epoch> EpochOf(std::string_view name, std::string_view agent) {
  if (!name.starts_with(agent) || name.size() <= agent.size() || name[agent.size()] != '-') return std::nullopt;
  name.remove_prefix(agent.size() + 1);
  wire::Epoch epoch;
  const char* const end = name.data() + name.size();
  auto [at, error] = std::from_chars(name.data(), end, epoch.generation);
  if (error != std::errc() || at == end || *at != '.') return std::nullopt;
  auto [last, error_n] = std::from_chars(at + 1, end, epoch.n);
  if (error_n != std::errc() || last != end) return std::nullopt;
  return epoch;
}

absl::Status RemoveAttempt(Volume& volume, int transfer, const std::string& name) {
  // What is no directory, a link say, is unlinked and not followed.
  const base::UniqueFd attempt = OpenBeneath(transfer, name, O_RDONLY | O_DIRECTORY);
  if (!attempt) return RemoveTree(transfer, name, volume.calls());
  if (faccessat(attempt.get(), "journal", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    return base::WithReason(
        base::FailedPrecondition("the attempt ", name, " may have been committed; it must be finished first"),
        "STAGING_JOURNAL");
  }
  // Held while it is removed, so that no attempt begins here meanwhile.
  const auto lock = Ledger::Open(attempt.get(), /*create=*/false, volume.calls(), [](const LedgerRecord&, uint64_t) {});
  if (base::ReasonOf(lock.status()) == Name(wire::Reason::kStagingBusy)) return lock.status();
  return RemoveTree(transfer, name, volume.calls());
}

}  // namespace

class Staging::Collector {
 public:
  // Of a ledger that was not synced, records count in the run of the machine that wrote them, for whoever does not
  // promise that they are synced.
  Collector(Earlier& earlier, bool durable, std::string boot_id)
      : earlier_(earlier), durable_(durable), boot_id_(std::move(boot_id)) {}

  void operator()(const LedgerRecord& record, uint64_t at) {
    empty_ = false;
    if (const auto* header = std::get_if<LedgerHeader>(&record)) {
      usable_ = header->durable || (!durable_ && !boot_id_.empty() && header->boot_id == boot_id_);
    }
    if (!usable_) return;
    if (const auto* file = std::get_if<LedgerFile>(&record)) {
      earlier_.parts.erase(HashPath(file->path));
      earlier_.files.push_back({HashPath(file->path), at});
    } else if (const auto* block = std::get_if<LedgerBlock>(&record)) {
      EarlierPart& part = PartOf(*block);
      part.bytes += block->length;
      part.partial.blocks.push_back(*block);
      part.partial.blocks.back().path = {};
    } else if (const auto* hash = std::get_if<LedgerHashState>(&record)) {
      PartOf(*hash).partial.hash = *hash;
    }
  }
  bool empty() const { return empty_; }

 private:
  EarlierPart& PartOf(const StagedFile& staged) {
    EarlierPart& part = earlier_.parts[HashPath(staged.path)];
    StagedFile file = staged;
    file.path = {};
    // Begun anew since: another staged file, or of another state of the source.
    if (file != part.file) part = {file, {}, 0};
    return part;
  }

  Earlier& earlier_;
  const bool durable_;
  const std::string boot_id_;
  bool usable_ = false;
  bool empty_ = true;
};

absl::StatusOr<std::unique_ptr<Staging>> Staging::Open(Volume& volume, const Request& request) {
  for (const std::string& name : {request.transfer, request.agent}) {
    if (wire::CheckName(name) || name.size() > 128) {
      return base::InvalidArgument("'", base::PercentEscape(name), "' cannot name a staging directory");
    }
  }
  const std::string above = base::StrCat(std::string(kStagingRoot), "/", request.transfer);
  if (const int error = MakeDirectories(volume.root(), above, 0700, volume.calls()); error != 0) {
    return DestinationError(error, base::StrCat("on volume '", volume.name(), "' cannot make"), above);
  }
  base::UniqueFd transfer = OpenBeneath(volume.root(), above, O_RDONLY | O_DIRECTORY);
  if (!transfer) return DestinationError(errno, "cannot open", above);
  std::unique_ptr<Staging> staging(new Staging(volume, above, std::move(transfer)));
  RETURN_IF_ERROR(staging->OpenOwn(request));
  RETURN_IF_ERROR(staging->OpenEarlier(request));
  return staging;
}

absl::Status Staging::OpenOwn(const Request& request) {
  name_ = DirectoryName(request);
  const std::string data = name_ + "/data";
  if (const int error = MakeDirectories(transfer_.get(), data, 0700, volume_.calls()); error != 0) {
    return DestinationError(error, "cannot make", data);
  }
  directory_ = OpenBeneath(transfer_.get(), name_, O_RDONLY | O_DIRECTORY);
  data_ = OpenBeneath(transfer_.get(), data, O_RDONLY | O_DIRECTORY);
  if (!directory_ || !data_) return DestinationError(errno, "cannot open", data);

  Earlier own;
  own.name = name_;
  Collector collect(own, request.durable, volume_.calls().BootId());
  ASSIGN_OR_RETURN(ledger_, Ledger::Open(directory_.get(), /*create=*/true, volume_.calls(),
                                         [&](const LedgerRecord& record, uint64_t at) { collect(record, at); }));
  if (!collect.empty()) {
    own.data = OpenBeneath(transfer_.get(), data, O_RDONLY | O_DIRECTORY);
    if (!own.data) return DestinationError(errno, "cannot open", data);
    earlier_.push_back(std::move(own));
  }
  RETURN_IF_ERROR(ledger_->Append(LedgerHeader{request.transfer, request.epoch, request.listing_digest,
                                               volume_.calls().BootId(), request.durable}));
  if (!request.durable) return absl::OkStatus();
  RETURN_IF_ERROR(ledger_->Sync());
  if (volume_.calls().Sync(directory_.get()) != 0) return DestinationError(errno, "cannot sync", name_);
  return absl::OkStatus();
}

absl::Status Staging::OpenEarlier(const Request& request) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(transfer_.get(), above_));
  for (const std::string& name : names) {
    const auto epoch = EpochOf(name, request.agent);
    if (!epoch || name == name_) continue;
    if (*epoch > request.epoch) {
      return Fail(wire::Reason::kEpochStale, "a newer attempt at this transfer (", name, ") has been here");
    }
    Earlier earlier;
    earlier.name = name;
    const base::UniqueFd directory = OpenBeneath(transfer_.get(), name, O_RDONLY | O_DIRECTORY);
    earlier.data = OpenBeneath(transfer_.get(), name + "/data", O_RDONLY | O_DIRECTORY);
    if (!directory || !earlier.data) continue;
    Collector collect(earlier, request.durable, volume_.calls().BootId());
    auto ledger = Ledger::Open(directory.get(), /*create=*/false, volume_.calls(),
                               [&](const LedgerRecord& record, uint64_t at) { collect(record, at); });
    if (base::ReasonOf(ledger.status()) == Name(wire::Reason::kStagingBusy)) return ledger.status();
    if (ledger.ok()) {
      earlier.ledger = *std::move(ledger);
    } else if (faccessat(directory.get(), "ledger", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
      continue;  // storage fails: perhaps it can be read another time
    }
    // Without one it fell before its ledger was made: nothing to take over
    earlier_.push_back(std::move(earlier));
  }
  for (Earlier& earlier : earlier_) {
    std::stable_sort(earlier.files.begin(), earlier.files.end(),
                     [](const EarlierFile& a, const EarlierFile& b) { return a.path_hash < b.path_hash; });
  }
  return absl::OkStatus();
}

bool Staging::has_earlier() const {
  return std::any_of(earlier_.begin(), earlier_.end(),
                     [](const Earlier& e) { return !e.files.empty() || !e.parts.empty(); });
}

absl::Status Staging::Adopt(const wire::Manifest& manifest, bool bound, const Whole& whole, const Part& part) {
  for (uint32_t i = 0; i < manifest.entries.size(); ++i) {
    const wire::Entry& entry = manifest.entries[i];
    if (entry.type != wire::EntryType::kFile) continue;
    bool taken = false;
    for (const Earlier& earlier : earlier_) {
      ASSIGN_OR_RETURN(taken, AdoptWhole(earlier, entry, bound));
      if (taken) break;
    }
    if (taken) whole(i);
    if (taken) continue;
    // Each attempt takes over what the one before had, so that one of them has the most.
    const auto bytes = [hash = HashPath(entry.path)](const Earlier& earlier) {
      const auto found = earlier.parts.find(hash);
      return found == earlier.parts.end() ? 0 : found->second.bytes;
    };
    const auto most = std::max_element(earlier_.begin(), earlier_.end(),
                                       [&](const Earlier& a, const Earlier& b) { return bytes(a) < bytes(b); });
    if (most != earlier_.end()) RETURN_IF_ERROR(AdoptPart(*most, entry, i, part).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Staging::AdoptWhole(const Earlier& earlier, const wire::Entry& entry, bool bound) {
  const uint64_t hash = HashPath(entry.path);
  auto at = std::lower_bound(earlier.files.begin(), earlier.files.end(), hash,
                             [](const EarlierFile& file, uint64_t value) { return file.path_hash < value; });
  for (; at != earlier.files.end() && at->path_hash == hash; ++at) {
    const Ledger& ledger = earlier.ledger == nullptr ? *ledger_ : *earlier.ledger;
    ASSIGN_OR_RETURN(const LedgerRecord record, ledger.Read(at->at));
    const auto* const file = std::get_if<LedgerFile>(&record);
    if (file == nullptr || file->path != entry.path || (bound && file->sha256 != entry.sha256)) continue;
    ASSIGN_OR_RETURN(const bool taken, TakeOver(earlier, *file, entry, /*whole=*/true));
    if (!taken) continue;
    // This epoch's own is recorded already.
    if (earlier.ledger != nullptr) RETURN_IF_ERROR(ledger_->Append(record));
    return true;
  }
  return false;
}

absl::StatusOr<bool> Staging::AdoptPart(const Earlier& earlier, const wire::Entry& entry, uint32_t index,
                                        const Part& part) {
  const auto found = earlier.parts.find(HashPath(entry.path));
  if (found == earlier.parts.end() || found->second.partial.blocks.empty()) return false;
  ASSIGN_OR_RETURN(const bool taken, TakeOver(earlier, found->second.file, entry, /*whole=*/false));
  if (!taken) return false;
  base::UniqueFd fd = OpenBeneath(data_.get(), entry.path, O_RDWR | O_NOFOLLOW);
  if (!fd) return DestinationError(errno, "cannot open the staging of", entry.path);
  PartialFile partial = found->second.partial;
  if (earlier.ledger != nullptr) {
    for (LedgerBlock& block : partial.blocks) {
      block.path = entry.path;
      RETURN_IF_ERROR(ledger_->Append(block));
    }
    if (partial.hash) {
      partial.hash->path = entry.path;
      RETURN_IF_ERROR(ledger_->Append(*partial.hash));
    }
  }
  part(index, std::move(partial), std::move(fd), found->second.file.staged_inode);
  return true;
}

absl::StatusOr<bool> Staging::TakeOver(const Earlier& earlier, const StagedFile& staged, const wire::Entry& entry,
                                       bool whole) {
  if (staged.size != entry.size || staged.mtime_ns != entry.mtime_ns || staged.source_inode != entry.inode) {
    return false;
  }
  std::string name;
  const base::UniqueFd from = OpenParent(earlier.data.get(), entry.path, &name);
  struct stat info {};
  if (!from || fstatat(from.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode) ||
      info.st_ino != staged.staged_inode) {
    return false;
  }
  // The time of one that is not complete is that of its last write.
  if (whole && (static_cast<uint64_t>(info.st_size) != entry.size || Nanoseconds(info.st_mtim) != entry.mtime_ns)) {
    return false;
  }
  // Permissions may have changed at the source without its time.
  if (whole && (info.st_mode & 07777) != entry.mode && fchmodat(from.get(), name.c_str(), entry.mode, 0) != 0) {
    return false;
  }
  if (earlier.ledger == nullptr) return true;  // this epoch's own: it is where it should be
  const base::UniqueFd to = OpenParent(data_.get(), entry.path, &name);
  if (!to) return DestinationError(errno, "cannot open the staging of", entry.path);
  FileCalls& calls = volume_.calls();
  calls.Unlink(to.get(), name, 0);
  if (calls.Link(from.get(), name, to.get(), name) != 0 && calls.Rename(from.get(), name, to.get(), name) != 0) {
    return DestinationError(errno, "cannot take over", entry.path);
  }
  return true;
}

absl::Status Staging::RemoveEarlier() {
  std::vector<Earlier> kept;
  absl::Status removed;
  for (Earlier& earlier : std::exchange(earlier_, {})) {
    const base::UniqueFd attempt = OpenBeneath(transfer_.get(), earlier.name, O_RDONLY | O_DIRECTORY);
    const bool pending = attempt && faccessat(attempt.get(), "journal", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    const bool stays = earlier.name == name_ || pending || !removed.ok();
    if (!stays) removed = RemoveTree(transfer_.get(), earlier.name, volume_.calls());
    if (stays || !removed.ok()) kept.push_back(std::move(earlier));
  }
  earlier_ = std::move(kept);
  return removed;
}

absl::Status Staging::Remove() {
  for (const Earlier& earlier : earlier_) {
    if (earlier.name != name_) RETURN_IF_ERROR(RemoveTree(transfer_.get(), earlier.name, volume_.calls()));
  }
  earlier_.clear();
  RETURN_IF_ERROR(RemoveTree(transfer_.get(), name_, volume_.calls()));
  // The transfer's directory goes with its last attempt; another agent's staging keeps it.
  std::string name;
  const base::UniqueFd above = OpenParent(volume_.root(), above_, &name);
  if (above) unlinkat(above.get(), name.c_str(), AT_REMOVEDIR);
  return absl::OkStatus();
}

absl::Status RemoveStaging(Volume& volume, const std::string& transfer, const std::string& agent,
                           const wire::Epoch& epoch) {
  if (wire::CheckName(transfer))
    return base::InvalidArgument("'", base::PercentEscape(transfer), "' is no transfer id");
  const base::UniqueFd root = OpenBeneath(volume.root(), kStagingRoot, O_RDONLY | O_DIRECTORY);
  if (!root) return errno == ENOENT ? absl::OkStatus() : DestinationError(errno, "cannot open", kStagingRoot);
  const base::UniqueFd directory = OpenBeneath(root.get(), transfer, O_RDONLY | O_DIRECTORY);
  if (!directory) return errno == ENOENT ? absl::OkStatus() : DestinationError(errno, "cannot open", transfer);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory.get(), transfer));
  for (const std::string& name : names) {
    const auto of = EpochOf(name, agent);
    if (of && *of <= epoch) RETURN_IF_ERROR(RemoveAttempt(volume, directory.get(), name));
  }
  // The transfer's directory goes with its last attempt; another agent's, or a newer one, keeps it.
  unlinkat(root.get(), transfer.c_str(), AT_REMOVEDIR);
  return absl::OkStatus();
}

}  // namespace crossdock::agent
