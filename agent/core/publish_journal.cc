#include "agent/core/publish_journal.h"

#include "lib/base/digest.h"
#include "lib/base/status.h"
#include "lib/wire/byte_codec.h"

namespace crossdock::agent {
namespace {

constexpr std::string_view kMagic = "crossdock/publish/v3\n";
// Journals that an older program left are finished too: without the record of what is joined,
constexpr std::string_view kMagic2 = "crossdock/publish/v2\n";
// and without all that concerns merging.
constexpr std::string_view kMagic1 = "crossdock/publish/v1\n";

constexpr uint8_t kVerifyMax = 2;  // readback

constexpr std::string_view kMergeNames[] = {"never", "whole", "visible"};

// What a sound checksum does not say: that the program which wrote it kept to what the fields may hold.
bool IsSound(const PublishJournal& journal) {
  if (journal.verify > kVerifyMax) return false;
  for (const std::string* digest : {&journal.listing_digest, &journal.content_root, &journal.policy_digest}) {
    if (!digest->empty() && digest->size() != base::kSha256Size) return false;
  }
  return true;
}

}  // namespace

std::string_view Name(Merge merge) { return kMergeNames[static_cast<size_t>(merge)]; }

std::optional<Merge> ParseMerge(std::string_view name) {
  for (const Merge merge : {Merge::kNever, Merge::kWhole, Merge::kVisible}) {
    if (Name(merge) == name) return merge;
  }
  return std::nullopt;
}

std::string Encode(const PublishJournal& journal) {
  wire::ByteWriter out;
  out.Raw(kMagic).U8(static_cast<uint8_t>(journal.phase)).Short(journal.transfer).Short(journal.agent);
  out.U64(journal.epoch.generation).U64(journal.epoch.n).U8(static_cast<uint8_t>(journal.form));
  out.Short(journal.destination).Short(journal.listing_digest).Short(journal.content_root);
  out.Short(journal.policy_digest).U64(static_cast<uint64_t>(journal.began_us));
  out.U64(static_cast<uint64_t>(journal.ended_us)).U8(journal.verify);
  out.U64(journal.files).U64(journal.bytes).U64(journal.data_inode).U8(journal.already_present ? 1 : 0);
  out.U8(static_cast<uint8_t>(journal.merge)).U8(journal.replace ? 1 : 0).U8(static_cast<uint8_t>(journal.way));
  out.U64(journal.merged_inode).U64(journal.old_inode);
  const JournalRecord& record = journal.record;
  out.Short(record.site).Short(record.version).Short(record.comment).Short(record.formats);
  out.U64(static_cast<uint64_t>(record.at_us));
  const std::string checksum = base::Sha256(out.bytes());
  return out.Raw(checksum).Take();
}

absl::StatusOr<PublishJournal> DecodeJournal(std::string_view bytes) {
  const auto broken = [] {
    return base::WithReason(base::FailedPrecondition("the publish journal is damaged"), "JOURNAL_DAMAGED");
  };
  if (bytes.size() < base::kSha256Size) return broken();
  const std::string_view body = bytes.substr(0, bytes.size() - base::kSha256Size);
  if (base::Sha256(body) != bytes.substr(body.size())) return broken();
  wire::ByteReader in(body);
  const std::string_view magic = in.Raw(kMagic.size());
  if (magic != kMagic && magic != kMagic2 && magic != kMagic1) return broken();
  PublishJournal journal;
  const uint8_t phase = in.U8();
  journal.transfer = in.Short();
  journal.agent = in.Short();
  journal.epoch.generation = in.U64();
  journal.epoch.n = in.U64();
  const uint8_t form = in.U8();
  journal.destination = in.Short();
  journal.listing_digest = in.Short();
  journal.content_root = in.Short();
  journal.policy_digest = in.Short();
  journal.began_us = static_cast<int64_t>(in.U64());
  journal.ended_us = static_cast<int64_t>(in.U64());
  journal.verify = in.U8();
  journal.files = in.U64();
  journal.bytes = in.U64();
  journal.data_inode = in.U64();
  journal.already_present = in.U8() == 1;
  uint8_t merge = 0;
  uint8_t way = 0;
  if (magic != kMagic1) {
    merge = in.U8();
    journal.replace = in.U8() == 1;
    way = in.U8();
    journal.merged_inode = in.U64();
    journal.old_inode = in.U64();
  }
  if (magic == kMagic) {
    JournalRecord& record = journal.record;
    record.site = in.Short();
    record.version = in.Short();
    record.comment = in.Short();
    record.formats = in.Short();
    record.at_us = static_cast<int64_t>(in.U64());
  }
  if (!in.Complete() || phase < 1 || phase > 3 || form < 1 || form > 3 || merge > 2 || way > 2) return broken();
  journal.merge = static_cast<Merge>(merge);
  journal.way = static_cast<PublishWay>(way);
  journal.phase = static_cast<PublishPhase>(phase);
  journal.form = static_cast<wire::PackageForm>(form);
  if (!IsSound(journal)) return broken();
  return journal;
}

}  // namespace crossdock::agent
