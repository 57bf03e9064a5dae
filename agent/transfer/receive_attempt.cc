#include "agent/transfer/receive_attempt.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/core/stops.h"
#include "agent/record/ledger_digests.h"
#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "agent/transfer/data_receiver.h"
#include "agent/transfer/destination.h"
#include "agent/transfer/leg_loop.h"
#include "agent/transfer/publish.h"
#include "agent/transfer/staged_file.h"
#include "agent/transfer/staged_tree.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/name.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

using wire::Reason;

namespace {

// As many as a frame holds with room to spare.
constexpr size_t kRangesPerFrame = 65536;

}  // namespace

ReceiveAttempt::ReceiveAttempt(ReceivePlan plan, const Deps& deps, RecordTerms record)
    : plan_(std::move(plan)), record_(std::move(record)), deps_(deps) {}

ReceiveAttempt::~ReceiveAttempt() = default;

absl::StatusOr<ReceiveResult> ReceiveAttempt::Run(std::stop_token stop) {
  RETURN_IF_ERROR(CheckTerms(plan_.terms));
  if (!plan_.destination.path.empty()) RETURN_IF_ERROR(wire::RequirePath(plan_.destination.path));
  result_.began = deps_.clock.Now();
  result_.listing_digest = plan_.terms.listing_digest;
  result_.content_root = plan_.terms.content_root;
  const Staging::Request request{plan_.terms.transfer, plan_.agent, plan_.terms.epoch, plan_.terms.listing_digest,
                                 plan_.durability == Durability::kSafe};
  auto staging = Staging::Open(deps_.volume, request);
  if (!staging.ok()) {
    Refuse(staging.status(), stop);
    return staging.status();
  }
  staging_ = *std::move(staging);
  Lifeline lifeline(stop);
  lifeline_ = &lifeline;
  auto result = RunInside(lifeline);
  pool_.reset();
  reservation_.Release();
  names_.reset();
  staging_.reset();
  counters_.stage = Stage::kEnded;
  return result;
}

void ReceiveAttempt::Refuse(const absl::Status& status, const std::stop_token& stop) {
  counters_.stage = Stage::kConnecting;
  const StopAfter limit(stop, plan_.refusal_wait);
  Lifeline lifeline(limit.token());
  if (auto stream = DialControl(deps_.dialer, lifeline); stream.ok()) {
    const std::stop_callback abort(lifeline.token(), [&] { (*stream)->Abort(); });
    ControlChannel control(**stream, deps_.clock, lifeline);
    control.SayWhy(status);
    control.Close();
  }
  counters_.stage = Stage::kEnded;
}

absl::StatusOr<ReceiveResult> ReceiveAttempt::RunInside(Lifeline& lifeline) {
  pool_ = std::make_unique<LandingPool>(staging_->data(), deps_.volume.calls(), staging_->ledger(), plan_.verify,
                                        plan_.durability);
  std::optional<std::stop_callback<std::function<void()>>> wake;
  wake.emplace(lifeline.token(), [this] {
    pool_->Stop();
    base::MutexLock lock(mutex_);
    changed_.NotifyAll();
  });
  counters_.stage = Stage::kConnecting;
  StartLegs(plan_.terms.streams, lifeline);
  auto stream = DialControl(deps_.dialer, lifeline);
  if (!stream.ok()) {
    lifeline.Fail(stream.status());
    legs_.clear();
    return lifeline.status().ok() ? stream.status() : lifeline.status();
  }
  ControlChannel control(**stream, deps_.clock, lifeline);
  const absl::Status status = Talk(control);
  // Once it publishes, neither the sender's loss nor a stop takes that back; its own word is the result.
  const bool published = JoinPublisher();
  if (published && status.ok()) control.Close();
  if (!published) lifeline.Fail(status);
  lifeline.Finish();
  // Legs and pool queue on the control channel: they end before it does.
  legs_.clear();
  wake.reset();
  // What is landing still hands on to the pool what follows from it, so that it goes before its pointer does.
  pool_->End();
  pool_.reset();
  if (published) return result_;
  return lifeline.status();
}

absl::Status ReceiveAttempt::Talk(ControlChannel& control) {
  const absl::Status greeted = Greet(control);
  if (greeted.ok()) {
    return control.Run([this](wire::ControlFrame frame) { return Handle(std::move(frame)); }, nullptr);
  }
  lifeline_->Fail(greeted);
  control.SayWhy(lifeline_->status());
  return greeted;
}

bool ReceiveAttempt::JoinPublisher() {
  std::thread publisher;
  {
    base::MutexLock lock(mutex_);
    // A file that lands from now on is the next attempt's.
    publisher_closed_ = true;
    publisher.swap(publisher_);
  }
  if (!publisher.joinable()) return false;
  publisher.join();
  return result_.ended != base::Instant();
}

absl::Status ReceiveAttempt::Greet(ControlChannel& control) {
  ASSIGN_OR_RETURN(const wire::ControlFrame frame, control.ReceiveNow());
  const auto* peer = std::get_if<wire::Hello>(&frame);
  if (peer == nullptr) return Fail(Reason::kPeerProtocol, "the sender did not begin with hello");
  RETURN_IF_ERROR(CheckHello(*peer, plan_.terms));
  if (peer->files != plan_.terms.files || peer->bytes != plan_.terms.bytes) {
    return Fail(Reason::kPeerListing, "the sender announces ", peer->files, " files and ", peer->bytes,
                " bytes, not what was decided");
  }
  hello_ = *peer;
  result_.peer_roster_number = peer->roster_number;
  counters_.files_total = result_.files = peer->files;
  counters_.bytes_total = result_.bytes = peer->bytes;
  // What earlier attempts left counts once it is known how much of it can be used. Holes take no room.
  if (!staging_->has_earlier()) RETURN_IF_ERROR(ReserveSpace(peer->bytes - peer->holes, peer->entries));
  wire::Hello hello = MakeHello(plan_.terms);
  hello.form = peer->form;
  RETURN_IF_ERROR(control.SendNow(hello));
  counters_.stage = Stage::kMoving;
  base::MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckForm());
  // At once: a list of a million that grows is there twice for a moment.
  manifest_.entries.reserve(hello_.entries);
  control_ = &control;
  greeted_ = true;
  // Nothing here to be compared with the manifest: the sender may begin at once.
  const bool something_there =
      OpenBeneath(deps_.volume.root(), plan_.destination.path, O_PATH | O_NOFOLLOW) || errno != ENOENT;
  if (!staging_->has_earlier() && !something_there) {
    have_said_ = true;
    control.Queue(wire::Have{true, {}});
  }
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::Status ReceiveAttempt::ReserveSpace(uint64_t bytes, uint64_t entries) {
  auto reserved = deps_.volume.Reserve(bytes, entries);
  if (base::ReasonOf(reserved.status()) == Name(Reason::kDestinationFull)) {
    // What was taken over has its other name there.
    if (plan_.durability == Durability::kSafe) {
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

absl::StatusOr<bool> ReceiveAttempt::Handle(wire::ControlFrame frame) {
  if (const auto* chunk = std::get_if<wire::ManifestChunk>(&frame)) {
    RETURN_IF_ERROR(TakeChunk(*chunk));
  } else if (const auto* end = std::get_if<wire::ManifestEnd>(&frame)) {
    RETURN_IF_ERROR(TakeEnd(*end));
  } else if (const auto* refused = std::get_if<wire::BlockRefused>(&frame)) {
    return Fail(wire::ParseReason(refused->reason).value_or(Reason::kPeerProtocol),
                "the sender withdrew a file: ", base::PercentEscape(refused->detail));
  } else if (const auto* streams = std::get_if<wire::Streams>(&frame)) {
    RETURN_IF_ERROR(TakeStreams(*streams));
  } else if (!std::holds_alternative<wire::Sent>(frame)) {
    return Fail(Reason::kPeerProtocol, "the sender sent a frame that only receivers send");
  }
  return true;
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

absl::Status ReceiveAttempt::TakeStreams(const wire::Streams& streams) {
  if (streams.count < legs_.size() || streams.count > wire::StreamsMaxOf(plan_.terms.streams)) {
    return Fail(Reason::kPeerProtocol, "the sender asks for ", streams.count, " data legs, having ", legs_.size());
  }
  StartLegs(streams.count, *lifeline_);
  return absl::OkStatus();
}

void ReceiveAttempt::StartLegs(uint16_t count, Lifeline& lifeline) {
  {
    base::MutexLock lock(mutex_);
    legs_alive_ += count - static_cast<int>(legs_.size());
  }
  while (legs_.size() < count) {
    legs_.emplace_back([this, leg = static_cast<uint16_t>(legs_.size() + 1), &lifeline] { RunDataLeg(leg, lifeline); });
  }
}

void ReceiveAttempt::RunDataLeg(uint16_t leg, Lifeline& lifeline) {
  const absl::Status status = RunLeg(leg, deps_.dialer, lifeline, [&](ByteStream& stream, uint16_t attempt) {
    {
      // What comes before the control leg's greeting waits in the socket.
      base::MutexLock lock(mutex_);
      while (!greeted_ && !lifeline.ended()) changed_.Wait(mutex_);
    }
    LegClock clock(counters_.stages, deps_.clock);
    TimedStream timed(stream, clock, nullptr);
    LegOutcome outcome =
        DataReceiver(*this, timed, clock, leg).Run({plan_.terms.transfer, plan_.terms.epoch, leg, attempt});
    base::MutexLock lock(mutex_);
    if (Complete()) outcome.status = absl::OkStatus();
    return outcome;
  });
  bool last = false;
  {
    base::MutexLock lock(mutex_);
    last = --legs_alive_ == 0 && !Complete();
  }
  if (last && !status.ok()) lifeline.Fail(base::Annotate(status, "no data leg is left"));
}

void ReceiveAttempt::FileLanded(uint32_t index, const absl::Status& status) {
  if (base::ReasonOf(status) == Name(Reason::kDigestMismatch)) {
    wire::Block whole{index, 0, 0};
    {
      base::MutexLock lock(mutex_);
      states_[index] = FileState::kMissing;
      whole.length = manifest_.entries[index].size;
    }
    RefuseUnkept(whole, status);
    return;
  }
  if (!status.ok()) {
    lifeline_->Fail(status);
    return;
  }
  base::MutexLock lock(mutex_);
  states_[index] = FileState::kLanded;
  ++landed_;
  counters_.files_done.fetch_add(1, std::memory_order_relaxed);
  // Those of parts have been counted.
  if (parts_.erase(index) == 0) {
    counters_.bytes_done.fetch_add(manifest_.entries[index].size, std::memory_order_relaxed);
  }
  control_->QueueAck(index);
  StartPublisherIfComplete();
}

bool ReceiveAttempt::Complete() const { return manifest_checked_ && landed_ == listed_files_; }

void ReceiveAttempt::StartPublisherIfComplete() {
  if (!Complete() || publisher_closed_ || publisher_.joinable() || lifeline_->ended()) return;
  publisher_ = std::thread([this] {
    const absl::Status status = PublishAll();
    if (status.ok()) {
      result_.bytes_received = counters_.bytes_moved;
      result_.ended = deps_.clock.Now();
      control_->Queue(wire::Published{result_.already_present});
      control_->FinishWhenWritten();
    } else {
      lifeline_->Fail(status);
    }
  });
}

PackagePlace ReceiveAttempt::Destination() const {
  return {hello_.form, plan_.destination.path, plan_.merge, plan_.replace};
}

absl::Status ReceiveAttempt::PublishAll() {
  counters_.stage = Stage::kVerifying;
  RETURN_IF_ERROR(FinishTree());
  ASSIGN_OR_RETURN(const DestinationState there, CheckDestination(deps_.volume, staging_->data(), Destination()));
  if (there == DestinationState::kFree) RETURN_IF_ERROR(Record());
  struct stat info {};
  if (fstat(staging_->data(), &info) != 0) return DestinationError(errno, "cannot look at", "data");
  PublishJournal journal;
  journal.transfer = plan_.terms.transfer;
  journal.agent = plan_.agent;
  journal.epoch = plan_.terms.epoch;
  journal.form = hello_.form;
  journal.destination = plan_.destination.path;
  journal.listing_digest = plan_.terms.listing_digest;
  journal.content_root = plan_.terms.content_root;
  journal.policy_digest = plan_.terms.policy_digest;
  journal.began_us = result_.began.time_since_epoch().count();
  journal.verify = static_cast<uint8_t>(plan_.verify);
  journal.files = result_.files;
  journal.bytes = result_.bytes;
  journal.data_inode = info.st_ino;
  journal.merge = plan_.merge;
  journal.replace = plan_.replace;
  journal.already_present = there == DestinationState::kIdentical;
  counters_.stage = Stage::kCommitting;
  if (lifeline_->ended()) return lifeline_->status();
  ASSIGN_OR_RETURN(journal,
                   Publish(deps_.volume, staging_->directory(), std::move(journal), plan_.commit, deps_.clock));
  counters_.stage = Stage::kPublishing;
  result_.already_present = journal.already_present;
  if (plan_.published) RETURN_IF_ERROR(plan_.published(journal));
  // The package is there: what is left in staging is litter, and no reason to call the attempt failed.
  absl::Status removed = EndPublish(deps_.volume, staging_->directory());
  if (removed.ok()) removed = staging_->Remove();
  if (!removed.ok())
    LOG_WARNING("staging is left over", {{"transfer", journal.transfer}, {"error", removed.ToString()}});
  return absl::OkStatus();
}

const wire::Manifest& ReceiveAttempt::LandedManifest() {
  // The lock is for the analysis and for TSan's sake only.
  base::MutexLock lock(mutex_);
  const wire::Manifest* const manifest = &manifest_;
  return *manifest;
}

absl::Status ReceiveAttempt::FinishTree() {
  const wire::Manifest& manifest = LandedManifest();
  // This very epoch may have been here before.
  if (hello_.form == wire::PackageForm::kDirectory) {
    RETURN_IF_ERROR(RemoveOwnRecord(deps_.volume, staging_->data(), manifest));
  }
  RETURN_IF_ERROR(FinishStagedTree(deps_.volume, staging_->data(), manifest, plan_.durability == Durability::kSafe));
  if (plan_.durability == Durability::kFast) return absl::OkStatus();
  RETURN_IF_ERROR(staging_->ledger().Sync());
  return SyncDirectories(staging_->data(), deps_.volume.calls());
}

absl::Status ReceiveAttempt::Record() {
  const std::string& destination = plan_.destination.path;
  // What joins a directory is recorded by whoever owns that directory's record.
  const bool whole = hello_.form == wire::PackageForm::kDirectory && InodeAt(deps_.volume.root(), destination) == 0;
  if (!whole || record_.formats.empty()) return absl::OkStatus();
  const wire::Manifest& manifest = LandedManifest();
  ASSIGN_OR_RETURN(const LandedDigests digests, ReadLedgerDigests(deps_.volume, staging_->directory(), manifest));
  return WriteRecord(deps_.volume, staging_->data(), manifest, digests, record_,
                     destination.substr(destination.rfind('/') + 1), deps_.clock.Now());
}

}  // namespace crossdock::agent
