#include "agent/transfer/publish_record.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_split.h"
#include "agent/record/ledger_digests.h"
#include "agent/record/record_files.h"
#include "agent/storage/io_reason.h"
#include "agent/transfer/destination.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/byte_codec.h"

namespace crossdock::agent {
namespace {

constexpr char kListing[] = "listing";

RecordTerms FromJournal(const JournalRecord& record) {
  RecordTerms terms{record.site, record.version, record.comment, {}};
  for (const mhl::HashFormat format : mhl::kHashFormats) {
    for (const absl::string_view name : absl::StrSplit(record.formats, ',')) {
      if (base::ToStd(name) == mhl::Name(format)) terms.formats.push_back(format);
    }
  }
  return terms;
}

absl::Status ReadListing(const Volume& volume, int staging, wire::Manifest* manifest) {
  const base::UniqueFd fd = OpenBeneath(staging, kListing, O_RDONLY | O_NOFOLLOW);
  if (!fd) return DestinationError(errno, "cannot open", kListing);
  const auto fill = [&](std::string* bytes) -> absl::Status {
    for (size_t have = 0; have < bytes->size();) {
      const ssize_t got = volume.calls().Read(fd.get(), bytes->data() + have, bytes->size() - have);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return DestinationError(got < 0 ? errno : EIO, "cannot read", kListing);
      have += static_cast<size_t>(got);
    }
    return absl::OkStatus();
  };
  wire::ManifestDecoder decoder;
  while (true) {
    std::string size(4, '\0');
    RETURN_IF_ERROR(fill(&size));
    const uint32_t bytes = wire::ByteReader(size).U32();
    if (bytes == 0) return absl::OkStatus();
    if (bytes > wire::kManifestChunkSizeMax) return DestinationError(EIO, "cannot read", kListing);
    std::string chunk(bytes, '\0');
    RETURN_IF_ERROR(fill(&chunk));
    RETURN_IF_ERROR(decoder.Add(chunk, manifest));
  }
}

}  // namespace

JournalRecord ToJournal(const RecordTerms& terms, base::Instant at) {
  JournalRecord record{terms.site, terms.version, terms.comment, {}, at.time_since_epoch().count()};
  for (const mhl::HashFormat format : terms.formats) {
    record.formats += base::StrCat(record.formats.empty() ? "" : ",", mhl::Name(format));
  }
  return record;
}

absl::Status KeepListing(const Volume& volume, int staging, const wire::Manifest& manifest) {
  FileCalls& calls = volume.calls();
  const base::UniqueFd fd(calls.Create(staging, kListing, O_WRONLY | O_TRUNC, 0600));
  if (!fd) return DestinationError(errno, "cannot make", kListing);
  const auto put = [&](std::string_view bytes) -> absl::Status {
    while (!bytes.empty()) {
      const ssize_t written = calls.Write(fd.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return DestinationError(written < 0 ? errno : ENOSPC, "cannot write", kListing);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  };
  wire::ManifestEncoder encoder(manifest);
  while (!encoder.done()) {
    const std::string chunk = encoder.NextChunk();
    RETURN_IF_ERROR(put(wire::ByteWriter().U32(static_cast<uint32_t>(chunk.size())).Take()));
    RETURN_IF_ERROR(put(chunk));
  }
  RETURN_IF_ERROR(put(wire::ByteWriter().U32(0).Take()));
  // Its name is durable with the journal's, in the same directory.
  return calls.Sync(fd.get()) == 0 ? absl::OkStatus() : DestinationError(errno, "cannot make durable", kListing);
}

absl::Status JoinedRecord::Load() {
  if (loaded_) return absl::OkStatus();
  if (manifest_ == nullptr) {
    RETURN_IF_ERROR(ReadListing(volume_, staging_, &kept_));
    manifest_ = &kept_;
  }
  ASSIGN_OR_RETURN(digests_, ReadLedgerDigests(volume_, staging_, *manifest_));
  loaded_ = true;
  return absl::OkStatus();
}

absl::Status JoinedRecord::Run(int tree, bool write) {
  RETURN_IF_ERROR(Load());
  const base::UniqueFd data = OpenBeneath(staging_, "data", O_RDONLY | O_DIRECTORY);
  if (!data) return DestinationError(errno, "cannot open", "data");
  const RecordTerms terms = FromJournal(journal_.record);
  Joining joining{volume_, data.get(), *manifest_, digests_, terms, {}, journal_.destination};
  joining.at = base::Instant(std::chrono::microseconds(journal_.record.at_us));
  joining.one_file = journal_.form == wire::PackageForm::kFile;
  joining.replace = journal_.replace;
  return write ? ExtendRecord(joining, tree) : CheckExtendRecord(joining, tree);
}

absl::Status JoinedRecord::Extend(int tree) {
  if (!wanted()) return absl::OkStatus();
  const absl::Status status = Run(tree, /*write=*/true);
  const std::string_view reason = base::ReasonOf(status);
  if (journal_.phase == PublishPhase::kPrepared ||
      (reason != kReasonRecordInvalid && reason != kReasonRecordMismatch)) {
    return status;
  }
  LOG_ERROR("a package is published into a directory whose integrity record cannot be continued any more",
            {{"transfer", journal_.transfer}, {"error", base::ToStd(status.message())}});
  return absl::OkStatus();
}

absl::Status JoinedRecord::Check() {
  if (!wanted()) return absl::OkStatus();
  std::string name;
  const base::UniqueFd tree = journal_.form == wire::PackageForm::kFile
                                  ? OpenParent(volume_.root(), journal_.destination, &name)
                                  : OpenBeneath(volume_.root(), journal_.destination, O_RDONLY | O_DIRECTORY);
  if (tree) return Run(tree.get(), /*write=*/false);
  return errno == ENOENT ? absl::OkStatus() : DestinationError(errno, "cannot open", journal_.destination);
}

}  // namespace crossdock::agent
