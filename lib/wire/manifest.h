// The manifest: what a package consists of, in one order and one spelling, so that its digest names it.
//
// Pure. A Manifest is not thread-safe; const access from several threads is.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/digest.h"

namespace crossdock::wire {

inline constexpr size_t kManifestChunkSizeMax = 1u << 20;
inline constexpr size_t kManifestEntriesMax = 4'000'000;
// Of all paths, targets and attributes together: what an entry's size does not bound.
inline constexpr size_t kManifestTextMax = 512u << 20;
// What the encoder aims at: small enough that the control leg turns to acknowledgements often.
inline constexpr size_t kManifestChunkSizeAim = 128u << 10;

// Of one file or directory; names and values together.
inline constexpr size_t kAttributesMax = 32;
inline constexpr size_t kAttributesSizeMax = 4096;

// kHardLink: one more name of a file that the package has under an earlier name.
enum class EntryType : uint8_t { kFile = 1, kDirectory = 2, kSymlink = 3, kHardLink = 4 };

using Digest256 = std::array<uint8_t, base::kSha256Size>;

// An extended attribute.
struct Attribute {
  std::string name;   // "user.…", see IsPortableAttribute
  std::string value;  // any bytes
  bool operator==(const Attribute&) const = default;
};
using Attributes = std::vector<Attribute>;  // in strictly ascending order of names

// 128 bytes and its path's: a million of them have to fit an agent of 256 MiB.
struct Entry {
  std::string path;   // relative to the package; hostile bytes that CheckPath has passed
  uint64_t size = 0;  // bytes; 0 of all but files
  int64_t mtime_ns =
      0;  // since 1970; of files and directories. A directory's is in no digest: it says nothing of content
  uint64_t inode = 0;  // at the source; of files
  uint16_t mode = 0;   // permission bits, at most 0777; of files and directories
  EntryType type = EntryType::kFile;
  bool sparse = false;  // a file with holes at the source: in no digest, since its bytes are the same without them
  std::optional<Digest256> sha256;                 // of files, when the content was hashed
  std::shared_ptr<const std::string> link_target;  // of links, never null there; of hard links the file's path
  std::shared_ptr<const Attributes> attributes;    // of files and directories; null when there are none
};

// Entries in strictly ascending order of their path's bytes, so that a directory stands before what it holds.
struct Manifest {
  std::vector<Entry> entries;

  uint64_t files() const;  // regular files
  uint64_t bytes() const;
  // True when every regular file has its SHA-256.
  bool hashed() const;
};

// The entry of `path`, null when there is none. The manifest must be sorted.
const Entry* FindEntry(const Manifest& manifest, std::string_view path);

// An extended attribute that may cross: a sound name behind "user.", at most 255 bytes in all. Those of overlay
// filesystems are not: they would change what the receiver's mounts show.
bool IsPortableAttribute(std::string_view name);

// One entry that breaks a rule of the encoding: path, type, sizes, mode, attributes, a link that leads out.
absl::Status CheckEntry(const Entry& entry);

// Cuts a manifest into chunks. `manifest` must outlive it and be sorted.
class ManifestEncoder {
 public:
  explicit ManifestEncoder(const Manifest& manifest, size_t chunk_size_aim = kManifestChunkSizeAim);
  bool done() const { return next_ == manifest_.entries.size() && started_; }
  // The next chunk, at most kManifestChunkSizeMax bytes. An empty manifest is one chunk without entries.
  std::string NextChunk();

 private:
  const Manifest& manifest_;
  const size_t aim_;
  size_t next_ = 0;
  bool started_ = false;
};

// Puts chunks together again; refuses what is out of order, doubled, unsound or too large, and hard links to what is no
// file before them. After an error it is spent.
class ManifestDecoder {
 public:
  absl::Status Add(std::string_view chunk, Manifest* manifest);

 private:
  uint64_t text_ = 0;
};

// What counts against kManifestTextMax.
size_t TextSize(const Entry& entry);

// SHA-256 (32 raw bytes) over what a listing says: type, mode, path, size, mtime of files, inode, a link's target and
// the attributes of each entry.
class ListingDigester {
 public:
  ListingDigester();
  void Add(const Entry& entry);
  std::string Finish();

 private:
  base::Sha256Stream sha256_;
};
std::string ListingDigest(const Manifest& manifest);

// SHA-256 (32 raw bytes) over the content: type, path, size, SHA-256 or target of each entry. An error when a file
// has not been hashed.
absl::StatusOr<std::string> ContentRoot(const Manifest& manifest);

}  // namespace crossdock::wire
