// What the sender lists: taken in as it comes, checked against what was decided, and answered with what is here
// already.
#include <algorithm>

#include "agent/storage/tree.h"
#include "agent/transfer/receive_attempt.h"
#include "agent/transfer/staged_file.h"
#include "agent/transfer/staged_tree.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::Reason;

// As many as a frame holds with room to spare.
constexpr size_t kRangesPerFrame = 65536;

}  // namespace

absl::Status ReceiveAttempt::ReserveSpace(uint64_t bytes, uint64_t entries) {
  auto reserved = deps_.volume.Reserve(bytes, entries);
  if (base::ReasonOf(reserved.status()) == Name(Reason::kDestinationFull)) {
    // What was taken over has its other name there.
    if (IsSafe()) {
      RETURN_IF_ERROR(staging_->ledger().Sync());
      RETURN_IF_ERROR(SyncDirectories(staging_->data(), deps_.volume.calls()));
    }
    RETURN_IF_ERROR(staging_->RemoveEarlier());
    reserved = deps_.volume.Reserve(bytes, entries);
  }
  RETURN_IF_ERROR(reserved.status());
  reservation_ = *std::move(reserved);
  return absl::OkStatus();
}

absl::Status ReceiveAttempt::CheckForm() {
  const bool named = !plan_.destination.files.empty();
  if (named != (hello_.form == wire::PackageForm::kFiles)) {
    return Fail(Reason::kPeerListing, "the sender brings another kind of package than was assigned");
  }
  // The volume's root cannot be renamed into place; what stands in it can be linked.
  if (plan_.destination.path.empty()) hello_.form = wire::PackageForm::kFiles;
  return absl::OkStatus();
}

absl::Status ReceiveAttempt::TakeChunk(const wire::ManifestChunk& chunk) {
  base::MutexLock lock(mutex_);
  if (manifest_checked_) return Fail(Reason::kPeerProtocol, "the manifest goes on after its end");
  const size_t before = manifest_.entries.size();
  const absl::Status taken = TakeEntries(chunk);
  if (taken.ok()) {
    changed_.NotifyAll();
  } else {
    // No leg may look for files whose directories were not made: it would find another reason first.
    manifest_.entries.resize(before);
  }
  return taken;
}

absl::Status ReceiveAttempt::TakeEntries(const wire::ManifestChunk& chunk) {
  const size_t before = manifest_.entries.size();
  RETURN_IF_ERROR(decoder_.Add(chunk.chunk, &manifest_));
  if (manifest_.entries.size() > hello_.entries) return Fail(Reason::kPeerProtocol, "more entries than announced");
  // Directories first: legs create files in them as soon as they see the entries.
  for (size_t i = before; i < manifest_.entries.size(); ++i) {
    const wire::Entry& entry = manifest_.entries[i];
    const bool file = entry.type == wire::EntryType::kFile;
    states_.push_back(file ? FileState::kMissing : FileState::kNoFile);
    arriving_on_.push_back(0);
    listed_files_ += file ? 1 : 0;
    if (file && entry.size == 0 && !plan_.allow_empty_files) {
      return Fail(Reason::kFileEmpty, "'", base::PercentEscape(entry.path), "' has no content");
    }
  }
  const auto news = std::span(manifest_.entries).subspan(before);
  if (!names_) names_.emplace(deps_.volume, staging_->directory());
  RETURN_IF_ERROR(names_->Add(news));
  return MakeStagedDirectories(deps_.volume, staging_->data(), news);
}

absl::Status ReceiveAttempt::TakeEnd(const wire::ManifestEnd& end) {
  base::MutexLock lock(mutex_);
  if (manifest_checked_) return Fail(Reason::kPeerProtocol, "the manifest ends twice");
  if (end.entries != manifest_.entries.size() || listed_files_ != hello_.files || manifest_.bytes() != hello_.bytes) {
    return Fail(Reason::kPeerProtocol, "the manifest is not what the sender announced");
  }
  if (wire::ListingDigest(manifest_) != plan_.terms.listing_digest) {
    return Fail(Reason::kPeerListing, "the sender's manifest is not the listing that was decided");
  }
  const bool bound = !plan_.terms.content_root.empty();
  if (bound) {
    const auto root = wire::ContentRoot(manifest_);
    if (!root.ok() || *root != plan_.terms.content_root) {
      return Fail(Reason::kPeerContent, "the sender's manifest is not the content that was approved");
    }
  }
  if (hello_.form == wire::PackageForm::kFile && (manifest_.entries.size() != 1 || listed_files_ != 1)) {
    return Fail(Reason::kPeerProtocol, "a package of one file has ", manifest_.entries.size(), " entries");
  }
  if (!have_said_) {
    RETURN_IF_ERROR(CheckDestinationListing(deps_.volume, manifest_, Destination()));
    RETURN_IF_ERROR(SayHave());
  }
  names_.reset();
  manifest_checked_ = true;
  changed_.NotifyAll();
  StartPublisherIfComplete();
  return absl::OkStatus();
}

absl::Status ReceiveAttempt::SayHave() {
  wire::Have have;
  uint64_t bytes = hello_.bytes - hello_.holes, entries = hello_.entries;  // that are not here
  // Holes among what is here are taken for bytes: what is reserved may be too little, never too much.
  const auto is_here = [&](uint64_t stored) {
    bytes -= std::min(bytes, stored);
    --entries;
  };
  const auto whole = [&](uint32_t index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    states_[index] = FileState::kLanded;
    ++landed_;
    ++result_.files_resumed;
    counters_.files_done.fetch_add(1);
    counters_.bytes_done.fetch_add(manifest_.entries[index].size);
    is_here(manifest_.entries[index].size);
    if (!have.ranges.empty() && have.ranges.back().first + have.ranges.back().count == index) {
      ++have.ranges.back().count;
    } else {
      have.ranges.push_back({index, 1});
    }
    if (have.ranges.size() == kRangesPerFrame) control_->Queue(std::exchange(have, {}));
  };
  const auto part = [&](uint32_t index, PartialFile partial, base::UniqueFd fd, uint64_t inode)
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                          is_here(SpaceOf(fd.get(), manifest_.entries[index].size));
                          AdoptParts(index, std::move(partial), std::move(fd), inode);
                        };
  RETURN_IF_ERROR(staging_->Adopt(manifest_, !plan_.terms.content_root.empty(), whole, part));
  if (staging_->has_earlier()) RETURN_IF_ERROR(ReserveSpace(bytes, entries));
  have.last = true;
  control_->Queue(have);
  have_said_ = true;
  return absl::OkStatus();
}

}  // namespace crossdock::agent
