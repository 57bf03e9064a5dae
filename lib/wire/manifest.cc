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
constexpr uint8_t kVersion = 2;
constexpr size_t kChunkHeaderSize = 9;
constexpr uint8_t kHasSha256 = 1;
constexpr uint8_t kHasAttributes = 2;
constexpr uint8_t kSparse = 4;
// Above what the largest entry takes: path, target and attributes at their limits.
constexpr size_t kEntrySizeMax = 16384;

std::string_view View(const Digest256& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

bool IsLink(EntryType type) { return type == EntryType::kSymlink || type == EntryType::kHardLink; }

void WriteAttributes(ByteWriter& out, const Attributes& attributes) {
  out.U8(static_cast<uint8_t>(attributes.size()));
  for (const Attribute& attribute : attributes) out.Short(attribute.name).Short(attribute.value);
}

void Write(ByteWriter& out, const Entry& entry) {
  const int flags =
      (entry.sha256 ? kHasSha256 : 0) | (entry.attributes ? kHasAttributes : 0) | (entry.sparse ? kSparse : 0);
  out.U8(static_cast<uint8_t>(entry.type)).U8(static_cast<uint8_t>(flags)).U16(entry.mode);
  out.Short(entry.path).U64(entry.size).I64(entry.mtime_ns).U64(entry.inode);
  if (entry.sha256) out.Raw(View(*entry.sha256));
  if (IsLink(entry.type)) out.Short(*entry.link_target);
  if (entry.attributes) WriteAttributes(out, *entry.attributes);
}

absl::StatusOr<Entry> Read(ByteReader& in) {
  Entry entry;
  const uint8_t type = in.U8();
  const uint8_t flags = in.U8();
  if (type < 1 || type > 4 || (flags & ~(kHasSha256 | kHasAttributes | kSparse)) != 0) {
    return Fail(Reason::kPeerProtocol, "a manifest entry has type ", type, " and flags ", flags);
  }
  entry.type = static_cast<EntryType>(type);
  entry.sparse = (flags & kSparse) != 0;
  entry.mode = in.U16();
  entry.path = in.Short();
  entry.size = in.U64();
  entry.mtime_ns = in.I64();
  entry.inode = in.U64();
  if ((flags & kHasSha256) != 0) {
    const std::string_view digest = in.Raw(base::kSha256Size);
    std::copy(digest.begin(), digest.end(), reinterpret_cast<char*>(entry.sha256.emplace().data()));
  }
  if (IsLink(entry.type)) entry.link_target = std::make_shared<const std::string>(in.Short());
  if ((flags & kHasAttributes) != 0) {
    Attributes attributes(in.U8());
    for (Attribute& attribute : attributes) {
      attribute.name = in.Short();
      attribute.value = in.Short();
    }
    entry.attributes = std::make_shared<const Attributes>(std::move(attributes));
  }
  if (!in.ok()) return Fail(Reason::kPeerProtocol, "a manifest chunk ends inside an entry");
  return entry;
}

absl::Status CheckAttributes(const Attributes& attributes) {
  size_t size = 0;
  for (size_t i = 0; i < attributes.size(); ++i) {
    size += attributes[i].name.size() + attributes[i].value.size();
    if (!IsPortableAttribute(attributes[i].name) || (i > 0 && attributes[i - 1].name >= attributes[i].name)) {
      return Fail(Reason::kPeerProtocol, "the attribute '", base::PercentEscape(attributes[i].name), "' is not sound");
    }
  }
  if (attributes.empty() || attributes.size() > kAttributesMax || size > kAttributesSizeMax) {
    return Fail(Reason::kPeerProtocol, attributes.size(), " attributes of ", size, " bytes are not sound");
  }
  return absl::OkStatus();
}

absl::Status CheckLink(const Entry& entry) {
  if (entry.link_target == nullptr) {
    return Fail(Reason::kPeerProtocol, "the link '", base::PercentEscape(entry.path), "' has no target");
  }
  if (entry.type == EntryType::kHardLink) return RequirePath(*entry.link_target);
  if (LinkStaysInside(entry.path, *entry.link_target)) return absl::OkStatus();
  return Fail(Reason::kSymlinkOutside, "the link '", base::PercentEscape(entry.path), "' leads out of its package");
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

const Entry* FindEntry(const Manifest& manifest, std::string_view path) {
  const auto at = std::lower_bound(manifest.entries.begin(), manifest.entries.end(), path,
                                   [](const Entry& entry, std::string_view value) { return entry.path < value; });
  return at != manifest.entries.end() && at->path == path ? &*at : nullptr;
}

bool IsPortableAttribute(std::string_view name) {
  constexpr std::string_view kUser = "user.";
  return name.size() <= kNameSizeMax && name.starts_with(kUser) && !name.starts_with("user.overlay.") &&
         !CheckName(name.substr(kUser.size()));
}

size_t TextSize(const Entry& entry) {
  size_t size = entry.path.size() + (entry.link_target ? entry.link_target->size() : 0);
  if (!entry.attributes) return size;
  for (const Attribute& attribute : *entry.attributes) size += attribute.name.size() + attribute.value.size();
  return size;
}

absl::Status CheckEntry(const Entry& entry) {
  RETURN_IF_ERROR(RequirePath(entry.path));
  const bool file = entry.type == EntryType::kFile;
  const bool link = IsLink(entry.type);
  const bool files_own = entry.size != 0 || entry.inode != 0 || entry.sha256 || entry.sparse;
  const bool not_of_links = entry.mode != 0 || entry.mtime_ns != 0 || entry.attributes;
  if (entry.mode > 0777 || entry.size > static_cast<uint64_t>(INT64_MAX) || (!file && files_own) ||
      (link && not_of_links) || (!link && entry.link_target != nullptr)) {
    return Fail(Reason::kPeerProtocol, "the manifest entry of '", base::PercentEscape(entry.path), "' is not sound");
  }
  if (entry.attributes) RETURN_IF_ERROR(CheckAttributes(*entry.attributes));
  return link ? CheckLink(entry) : absl::OkStatus();
}

ManifestEncoder::ManifestEncoder(const Manifest& manifest, size_t chunk_size_aim)
    : manifest_(manifest), aim_(std::min(chunk_size_aim, kManifestChunkSizeMax - kEntrySizeMax)) {}

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
    if (entry.type == EntryType::kHardLink) {
      const Entry* const named = FindEntry(*manifest, *entry.link_target);
      if (named == nullptr || named->type != EntryType::kFile) {
        return Fail(Reason::kPeerProtocol, "'", base::PercentEscape(entry.path), "' is a name of no file before it");
      }
    }
    text_ += TextSize(entry);
    if (text_ > kManifestTextMax) return Fail(Reason::kPeerProtocol, "the manifest's names are too much together");
    manifest->entries.push_back(std::move(entry));
  }
  if (!in.Complete()) return Fail(Reason::kPeerProtocol, in.left(), " bytes follow the last entry of a manifest chunk");
  return absl::OkStatus();
}

static_assert(2 * kPathSizeMax + kAttributesSizeMax + 4 * kAttributesMax + 128 < kEntrySizeMax);
static_assert(kChunkHeaderSize + kManifestChunkSizeAim + kEntrySizeMax < kManifestChunkSizeMax);

ListingDigester::ListingDigester() { sha256_.Update("crossdock/listing/v2\n"); }

void ListingDigester::Add(const Entry& entry) {
  ByteWriter out;
  out.U8(static_cast<uint8_t>(entry.type)).U16(entry.mode).Short(entry.path).U64(entry.size);
  out.I64(entry.type == EntryType::kFile ? entry.mtime_ns : 0).U64(entry.inode);
  if (entry.link_target) out.Short(*entry.link_target);
  WriteAttributes(out, entry.attributes ? *entry.attributes : Attributes());
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
