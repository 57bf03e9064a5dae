// What two agents say to each other inside their TLS connection (docs/wire_protocol_frames.md has the bytes).
//
// Control leg: frames both ways, each a header (type u8, payload length u32) and its payload; every type has a limit of
// its own. Data legs: the sender speaks, the receiver only listens; the same header, then
//
//   leg_hello  (block_header  (segment | hole)*  block_trailer)*  leg_end
//
// Pure. Nothing here trusts a length: a decoder sees whole payloads that the header's limit let in.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/wire/manifest.h"

namespace crossdock::wire {

inline constexpr uint16_t kProtocolVersion = 1;
inline constexpr size_t kFrameHeaderSize = 5;
inline constexpr uint32_t kControlPayloadMax = (1u << 20) + 64;
inline constexpr uint32_t kSegmentSizeMax = 1u << 20;
inline constexpr size_t kTransferIdSizeMax = 128;
inline constexpr size_t kReasonSizeMax = 64;
inline constexpr size_t kDetailSizeMax = 4096;
inline constexpr uint16_t kStreamsMax = 64;
// An attempt of `streams` data legs may grow to so many, on a line that is long for its rate.
inline constexpr uint16_t StreamsMaxOf(uint16_t streams) {
  return streams < kStreamsMax / 4 ? static_cast<uint16_t>(4 * streams) : kStreamsMax;
}

enum class FrameType : uint8_t {
  kHello = 1,
  kManifestChunk = 2,
  kManifestEnd = 3,
  kHave = 4,
  kFileAck = 5,
  kBlockRefused = 6,
  kSent = 7,
  kPublished = 8,
  kStop = 9,
  kError = 10,
  kAlive = 11,
  kBlockAck = 12,
  kStreams = 13,
  // Data legs.
  kLegHello = 64,
  kBlockHeader = 65,
  kSegment = 66,
  kBlockTrailer = 67,
  kLegEnd = 68,
  kHole = 69,
};

struct FrameHeader {
  FrameType type = FrameType::kAlive;
  uint32_t size = 0;  // of the payload
};

// The fence of an attempt: generation of the authority, then the number within it.
struct Epoch {
  uint64_t generation = 0;
  uint64_t n = 0;
  auto operator<=>(const Epoch&) const = default;
};

// How the package stands at its path.
enum class PackageForm : uint8_t {
  kDirectory = 1,  // the path is a directory, and all that is in it
  kFiles = 2,      // named files below the path
  kFile = 3,       // the path is one file
};

// Some of a file's bytes: what one leg carries in one go. A whole file is a block from 0 to its size. Others begin at a
// multiple of kBlockUnit and end at one, or at the file's end.
struct Block {
  uint32_t index = 0;   // of the manifest entry
  uint64_t offset = 0;  // of the first byte
  uint64_t length = 0;
  uint64_t end() const { return offset + length; }
  bool operator==(const Block&) const = default;
};
inline constexpr uint64_t kBlockUnit = 4u << 20;
// Whether a file of `size` bytes can be sent in blocks of which this is one.
bool IsBlockOf(const Block& block, uint64_t size);

// Both ways, first. A side that finds a difference says `error` and ends.
struct Hello {
  uint16_t version_min = kProtocolVersion;
  uint16_t version_max = kProtocolVersion;
  std::string transfer;
  Epoch epoch;
  uint64_t roster_number = 0;
  uint64_t policy_number = 0;
  std::string policy_digest;   // 32 bytes or none
  std::string listing_digest;  // 32 bytes
  std::string content_root;    // 32 bytes, or none when the content is not bound
  PackageForm form = PackageForm::kDirectory;
  uint64_t entries = 0;
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t holes = 0;    // sender: so many of `bytes` its storage holds as holes; for the receiver's reservation alone
  uint16_t streams = 0;  // data legs to begin with
  bool operator==(const Hello&) const = default;
};
// Sender: a piece of the manifest (ManifestEncoder).
struct ManifestChunk {
  std::string chunk;
  bool operator==(const ManifestChunk&) const = default;
};
struct ManifestEnd {
  uint64_t entries = 0;
  std::string listing_digest;  // 32 bytes
  bool operator==(const ManifestEnd&) const = default;
};
// Receiver: these files it holds already. The sender sends no content before it has seen `last`.
struct Have {
  struct Range {
    uint32_t first = 0;  // index of a manifest entry
    uint32_t count = 0;
    bool operator==(const Range&) const = default;
  };
  bool last = false;
  std::vector<Range> ranges;
  bool operator==(const Have&) const = default;
};
// Receiver: these files are verified, and durable where the attempt asks for that.
struct FileAck {
  std::vector<uint32_t> indexes;
  bool operator==(const FileAck&) const = default;
};
// Receiver: these blocks of files that are not whole yet are kept. Before the last `have` it says so what it holds.
struct BlockAck {
  std::vector<Block> blocks;
  bool operator==(const BlockAck&) const = default;
};
// Either side: this cannot be sent or kept, and why. Receiver with DIGEST_MISMATCH: send it again.
struct BlockRefused {
  Block block;
  std::string reason;
  std::string detail;
  bool operator==(const BlockRefused&) const = default;
};
// Sender: so many data legs from now on, more than before.
struct Streams {
  uint16_t count = 0;
  bool operator==(const Streams&) const = default;
};
// Sender: every file was acknowledged.
struct Sent {
  uint64_t files = 0;
  uint64_t bytes = 0;
  bool operator==(const Sent&) const = default;
};
// Receiver: the package stands at its place.
struct Published {
  bool already_present = false;
  bool operator==(const Published&) const = default;
};
// Either side: an orderly end before the work is done (cancelled, draining).
struct Stop {
  std::string reason;
  std::string detail;
  bool operator==(const Stop&) const = default;
};
struct PeerError {
  std::string reason;
  std::string detail;
  bool operator==(const PeerError&) const = default;
};
// Either side, when it has said nothing for a while.
struct Alive {
  bool operator==(const Alive&) const = default;
};

using ControlFrame = std::variant<Hello, ManifestChunk, ManifestEnd, Have, FileAck, BlockAck, BlockRefused, Streams,
                                  Sent, Published, Stop, PeerError, Alive>;

// First on each data leg, so that a leg can never be taken for another attempt's.
struct LegHello {
  std::string transfer;
  Epoch epoch;
  uint16_t leg = 0;
  uint16_t attempt = 0;  // how often this leg was dialled before
  bool operator==(const LegHello&) const = default;
};
using Digest128 = std::array<uint8_t, 16>;
// In the place of a segment: so many zeros of the block, which do not cross. A range that its file does not store.
struct Hole {
  uint64_t length = 0;  // at least 1
  bool operator==(const Hole&) const = default;
};
// After a block's bytes and holes.
struct BlockTrailer {
  bool withdrawn = false;  // the sender could not read it to its end; `file_refused` says why
  Digest128 xxh3{};        // XXH3-128 of the bytes, those of holes too; canonical (big-endian)
  bool operator==(const BlockTrailer&) const = default;
};

// The whole frame: header and payload. Strings above their limit are cut (detail) or refused (INVARIANT: our own bug).
std::string Encode(const ControlFrame& frame);
std::string Encode(const LegHello& frame);
// The header frame of a block.
std::string Encode(const Block& block);
std::string Encode(const Hole& frame);
std::string Encode(const BlockTrailer& frame);
std::string EncodeLegEnd();
// Header of a segment of `size` bytes, which follow it.
std::array<char, kFrameHeaderSize> EncodeSegmentHeader(uint32_t size);

// Reads a header (kFrameHeaderSize bytes): a type that `control` legs or data legs know, with a length in its limits.
absl::StatusOr<FrameHeader> DecodeHeader(std::string_view bytes, bool control);
absl::StatusOr<ControlFrame> DecodeControl(FrameType type, std::string_view payload);
absl::StatusOr<LegHello> DecodeLegHello(std::string_view payload);
absl::StatusOr<Block> DecodeBlock(std::string_view payload);
absl::StatusOr<Hole> DecodeHole(std::string_view payload);
absl::StatusOr<BlockTrailer> DecodeBlockTrailer(std::string_view payload);

}  // namespace crossdock::wire
