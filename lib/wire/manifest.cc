#include "lib/wire/manifest.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/wire/byte_codec.h"
#include "lib/wire/name.h"
#include "lib/wire/reason.h"

namespace crossdock::wire {
namespace {

// A chunk: version u8, index of its first entry u32, count u32, then the entries.
constexpr uint8_t kVersion = 1;
constexpr size_t kChunkHeaderSize = 9;
constexpr uint8_t kHasSha256 = 1;

std::string_view View(const Digest256& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

void Write(ByteWriter& out, const Entry& entry) {
  out.U8(static_cast<uint8_t>(entry.type)).U8(entry.sha256 ? kHasSha256 : 0).U16(static_cast<uint16_t>(entry.mode));
  out.Short(entry.path).U64(entry.size).I64(entry.mtime_ns).U64(entry.inode).U64(entry.device);
  if (entry.sha256) out.Raw(View(*entry.sha256));
  if (entry.type == EntryType::kSymlink) out.Short(*entry.link_target);
}

absl::StatusOr<Entry> Read(ByteReader& in) {
  Entry entry;
  const uint8_t type = in.U8();
  const uint8_t flags = in.U8();
  entry.mode = in.U16();
  entry.path = in.Short();
  entry.size = in.U64();
  entry.mtime_ns = in.I64();
  entry.inode = in.U64();
  entry.device = in.U64();
  if ((flags & kHasSha256) != 0) {
    const std::string_view digest = in.Raw(base::kSha256Size);
    std::copy(digest.begin(), digest.end(), reinterpret_cast<char*>(entry.sha256.emplace().data()));
  }
  if (type == static_cast<uint8_t>(EntryType::kSymlink)) {
    entry.link_target = std::make_shared<const std::string>(in.Short());
  }
  if (!in.ok()) return Fail(Reason::kPeerProtocol, "a manifest chunk ends inside an entry");
  if (type < 1 || type > 3 || (flags & ~kHasSha256) != 0) {
    return Fail(Reason::kPeerProtocol, "a manifest entry has type ", type, " and flags ", flags);
  }
  entry.type = static_cast<EntryType>(type);
  return entry;
}

}  // namespace

uint64_t Manifest::files() const {
  return static_cast<uint64_t>(
      std::count_if(entries.begin(), entries.end(), [](const Entry& e) { return e.type == EntryType::kFile; }));
}

uint64_t Manifest::bytes() const {
  uint64_t sum = 0;
  for (const Entry& entry : entries) sum += entry.size;
  return sum;
}

bool Manifest::hashed() const {
  return std::all_of(entries.begin(), entries.end(),
                     [](const Entry& e) { return e.type != EntryType::kFile || e.sha256.has_value(); });
}

absl::Status CheckEntry(const Entry& entry) {
  RETURN_IF_ERROR(RequirePath(entry.path));
  const bool file = entry.type == EntryType::kFile;
  if (entry.mode > 0777 || entry.size > static_cast<uint64_t>(INT64_MAX) ||
      (!file && (entry.size != 0 || entry.sha256.has_value()))) {
    return Fail(Reason::kPeerProtocol, "the manifest entry of '", base::PercentEscape(entry.path), "' is not sound");
  }
  if ((entry.type == EntryType::kSymlink) != (entry.link_target != nullptr)) {
    return Fail(Reason::kPeerProtocol, "'", base::PercentEscape(entry.path), "' has a link's target and is none");
  }
  if (entry.link_target && !LinkStaysInside(entry.path, *entry.link_target)) {
    return Fail(Reason::kSymlinkOutside, "the link '", base::PercentEscape(entry.path), "' leads out of its package");
  }
  return absl::OkStatus();
}

ManifestEncoder::ManifestEncoder(const Manifest& manifest, size_t chunk_size_aim)
    : manifest_(manifest), aim_(std::min(chunk_size_aim, kManifestChunkSizeMax - 16384)) {}

std::string ManifestEncoder::NextChunk() {
  INVARIANT(!done()) << "no chunk is left";
  started_ = true;
  const size_t first = next_;
  ByteWriter entries;
  while (next_ < manifest_.entries.size() && entries.size() < aim_) Write(entries, manifest_.entries[next_++]);
  ByteWriter chunk;
  chunk.U8(kVersion).U32(static_cast<uint32_t>(first)).U32(static_cast<uint32_t>(next_ - first));
  return chunk.Raw(entries.bytes()).Take();
}

absl::Status ManifestDecoder::Add(std::string_view chunk, Manifest* manifest) {
  if (chunk.size() > kManifestChunkSizeMax) {
    return Fail(Reason::kPeerProtocol, "a manifest chunk has ", chunk.size(), " bytes");
  }
  ByteReader in(chunk);
  const uint8_t version = in.U8();
  const uint32_t first = in.U32();
  const uint32_t count = in.U32();
  if (!in.ok() || version != kVersion) return Fail(Reason::kPeerProtocol, "a manifest chunk's header is not known");
  if (first != manifest->entries.size() || count > kManifestEntriesMax - first) {
    return Fail(Reason::kPeerProtocol, "a manifest chunk starts at entry ", first, " with ", count, " entries after ",
                manifest->entries.size());
  }
  for (uint32_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(Entry entry, Read(in));
    RETURN_IF_ERROR(CheckEntry(entry));
    if (!manifest->entries.empty() && manifest->entries.back().path >= entry.path) {
      return Fail(Reason::kPeerProtocol, "the manifest is not in order at '", base::PercentEscape(entry.path), "'");
    }
    manifest->entries.push_back(std::move(entry));
  }
  if (!in.Complete()) return Fail(Reason::kPeerProtocol, in.left(), " bytes follow the last entry of a manifest chunk");
  return absl::OkStatus();
}

static_assert(kChunkHeaderSize + kManifestChunkSizeAim + 16384 < kManifestChunkSizeMax);

ListingDigester::ListingDigester() { sha256_.Update("crossdock/listing/v1\n"); }

void ListingDigester::Add(const Entry& entry) {
  ByteWriter out;
  out.U8(static_cast<uint8_t>(entry.type)).Short(entry.path).U64(entry.size).I64(entry.mtime_ns).U64(entry.inode);
  if (entry.link_target) out.Short(*entry.link_target);
  sha256_.Update(out.bytes());
}

std::string ListingDigester::Finish() { return sha256_.Finish(); }

std::string ListingDigest(const Manifest& manifest) {
  ListingDigester digester;
  for (const Entry& entry : manifest.entries) digester.Add(entry);
  return digester.Finish();
}

absl::StatusOr<std::string> ContentRoot(const Manifest& manifest) {
  base::Sha256Stream sha256;
  sha256.Update("crossdock/content/v1\n");
  for (const Entry& entry : manifest.entries) {
    ByteWriter out;
    out.U8(static_cast<uint8_t>(entry.type)).Short(entry.path).U64(entry.size);
    if (entry.type == EntryType::kFile) {
      if (!entry.sha256) return base::FailedPrecondition("'", base::PercentEscape(entry.path), "' was not hashed yet");
      out.Raw(View(*entry.sha256));
    }
    if (entry.link_target) out.Short(*entry.link_target);
    sha256.Update(out.bytes());
  }
  return sha256.Finish();
}

}  // namespace crossdock::wire
