#include "lib/wire/frames.h"

#include <algorithm>
#include <optional>

#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/wire/byte_codec.h"
#include "lib/wire/reason.h"

namespace crossdock::wire {
namespace {

constexpr uint32_t kTextPayloadMax = 2 + kReasonSizeMax + 2 + kDetailSizeMax;
constexpr uint32_t kBlockSize = 20;
constexpr uint64_t kFileSizeMax = INT64_MAX;

struct Limits {
  FrameType type;
  bool control;
  uint32_t min;
  uint32_t max;
};

constexpr Limits kLimits[] = {
    {FrameType::kHello, true, 1, 1024},
    {FrameType::kManifestChunk, true, 9, kManifestChunkSizeMax},
    {FrameType::kManifestEnd, true, 40, 40},
    {FrameType::kHave, true, 1, kControlPayloadMax},
    {FrameType::kFileAck, true, 4, kControlPayloadMax},
    {FrameType::kBlockRefused, true, kBlockSize + 4, kBlockSize + kTextPayloadMax},
    {FrameType::kSent, true, 16, 16},
    {FrameType::kPublished, true, 1, 1},
    {FrameType::kStop, true, 4, kTextPayloadMax},
    {FrameType::kError, true, 4, kTextPayloadMax},
    {FrameType::kAlive, true, 0, 0},
    {FrameType::kBlockAck, true, kBlockSize, kControlPayloadMax},
    {FrameType::kStreams, true, 2, 2},
    {FrameType::kLegHello, false, 22, 22 + kTransferIdSizeMax},
    {FrameType::kBlockHeader, false, kBlockSize, kBlockSize},
    {FrameType::kSegment, false, 1, kSegmentSizeMax},
    {FrameType::kBlockTrailer, false, 17, 17},
    {FrameType::kLegEnd, false, 0, 0},
    {FrameType::kHole, false, 8, 8},
};

std::string Framed(FrameType type, std::string_view payload) {
  ByteWriter out;
  out.U8(static_cast<uint8_t>(type)).U32(static_cast<uint32_t>(payload.size())).Raw(payload);
  return out.Take();
}

std::string_view Cut(std::string_view text, size_t size) { return text.substr(0, size); }

void WriteDigest(ByteWriter& out, std::string_view digest) {
  INVARIANT(digest.empty() || digest.size() == base::kSha256Size) << "a digest of " << digest.size() << " bytes";
  out.U8(static_cast<uint8_t>(digest.size())).Raw(digest);
}

void WriteBlock(ByteWriter& out, const Block& block) { out.U32(block.index).U64(block.offset).U64(block.length); }

// False when it would reach beyond every file.
bool ReadBlock(ByteReader& in, Block* block) {
  block->index = in.U32();
  block->offset = in.U64();
  block->length = in.U64();
  return block->length <= kFileSizeMax && block->offset <= kFileSizeMax - block->length;
}

// None, or 32 bytes.
bool ReadDigest(ByteReader& in, std::string* digest) {
  const uint8_t size = in.U8();
  *digest = in.Raw(size);
  return size == 0 || size == base::kSha256Size;
}

struct Encoder {
  std::string operator()(const Hello& hello) const {
    INVARIANT(hello.transfer.size() <= kTransferIdSizeMax) << "transfer id too long";
    ByteWriter out;
    out.U16(hello.version_min).U16(hello.version_max).Short(hello.transfer);
    out.U64(hello.epoch.generation).U64(hello.epoch.n).U64(hello.roster_number).U64(hello.policy_number);
    WriteDigest(out, hello.policy_digest);
    WriteDigest(out, hello.listing_digest);
    WriteDigest(out, hello.content_root);
    out.U8(static_cast<uint8_t>(hello.form))
        .U64(hello.entries)
        .U64(hello.files)
        .U64(hello.bytes)
        .U64(hello.holes)
        .U16(hello.streams);
    return Framed(FrameType::kHello, out.bytes());
  }
  std::string operator()(const ManifestChunk& chunk) const {
    INVARIANT(chunk.chunk.size() <= kManifestChunkSizeMax) << "manifest chunk too large";
    return Framed(FrameType::kManifestChunk, chunk.chunk);
  }
  std::string operator()(const ManifestEnd& end) const {
    INVARIANT(end.listing_digest.size() == base::kSha256Size) << "listing digest";
    return Framed(FrameType::kManifestEnd, ByteWriter().U64(end.entries).Raw(end.listing_digest).bytes());
  }
  std::string operator()(const Have& have) const {
    ByteWriter out;
    out.U8(have.last ? 1 : 0);
    for (const Have::Range& range : have.ranges) out.U32(range.first).U32(range.count);
    INVARIANT(out.size() <= kControlPayloadMax) << "too many ranges";
    return Framed(FrameType::kHave, out.bytes());
  }
  std::string operator()(const FileAck& ack) const {
    ByteWriter out;
    for (const uint32_t index : ack.indexes) out.U32(index);
    INVARIANT(out.size() <= kControlPayloadMax) << "too many acknowledgements";
    return Framed(FrameType::kFileAck, out.bytes());
  }
  std::string operator()(const BlockAck& ack) const {
    ByteWriter out;
    for (const Block& block : ack.blocks) WriteBlock(out, block);
    INVARIANT(out.size() <= kControlPayloadMax) << "too many acknowledgements";
    return Framed(FrameType::kBlockAck, out.bytes());
  }
  std::string operator()(const BlockRefused& refused) const {
    ByteWriter out;
    WriteBlock(out, refused.block);
    out.Short(Cut(refused.reason, kReasonSizeMax)).Short(Cut(refused.detail, kDetailSizeMax));
    return Framed(FrameType::kBlockRefused, out.bytes());
  }
  std::string operator()(const Streams& streams) const {
    return Framed(FrameType::kStreams, ByteWriter().U16(streams.count).bytes());
  }
  std::string operator()(const Sent& sent) const {
    return Framed(FrameType::kSent, ByteWriter().U64(sent.files).U64(sent.bytes).bytes());
  }
  std::string operator()(const Published& published) const {
    return Framed(FrameType::kPublished, ByteWriter().U8(published.already_present ? 1 : 0).bytes());
  }
  std::string operator()(const Stop& stop) const { return Text(FrameType::kStop, stop.reason, stop.detail); }
  std::string operator()(const PeerError& error) const { return Text(FrameType::kError, error.reason, error.detail); }
  std::string operator()(const Alive&) const { return Framed(FrameType::kAlive, ""); }

  static std::string Text(FrameType type, std::string_view reason, std::string_view detail) {
    ByteWriter out;
    out.Short(Cut(reason, kReasonSizeMax)).Short(Cut(detail, kDetailSizeMax));
    return Framed(type, out.bytes());
  }
};

absl::Status Unsound(std::string_view what) {
  return Fail(Reason::kPeerProtocol, "the peer sent a ", what, " frame that is not sound");
}

absl::StatusOr<ControlFrame> DecodeHello(ByteReader in) {
  Hello hello;
  hello.version_min = in.U16();
  hello.version_max = in.U16();
  hello.transfer = in.Short();
  hello.epoch.generation = in.U64();
  hello.epoch.n = in.U64();
  hello.roster_number = in.U64();
  hello.policy_number = in.U64();
  const bool digests = ReadDigest(in, &hello.policy_digest) && ReadDigest(in, &hello.listing_digest) &&
                       ReadDigest(in, &hello.content_root);
  const uint8_t form = in.U8();
  hello.entries = in.U64();
  hello.files = in.U64();
  hello.bytes = in.U64();
  hello.holes = in.U64();
  hello.streams = in.U16();
  if (!digests || !in.Complete() || hello.version_min > hello.version_max || form < 1 || form > 3 ||
      hello.transfer.size() > kTransferIdSizeMax || hello.listing_digest.empty() ||
      hello.entries > kManifestEntriesMax || hello.files > hello.entries || hello.holes > hello.bytes ||
      hello.streams > kStreamsMax) {
    return Unsound("hello");
  }
  hello.form = static_cast<PackageForm>(form);
  return hello;
}

absl::StatusOr<ControlFrame> DecodeHave(ByteReader in) {
  Have have;
  const uint8_t last = in.U8();
  have.last = last == 1;
  while (in.ok() && in.left() > 0) {
    Have::Range range;
    range.first = in.U32();
    range.count = in.U32();
    if (range.count == 0 || range.first >= kManifestEntriesMax || range.count > kManifestEntriesMax - range.first) {
      return Unsound("have");
    }
    have.ranges.push_back(range);
  }
  if (last > 1 || !in.Complete()) return Unsound("have");
  return have;
}

absl::StatusOr<ControlFrame> DecodeAck(ByteReader in) {
  FileAck ack;
  ack.indexes.reserve(in.left() / 4);
  while (in.ok() && in.left() > 0) ack.indexes.push_back(in.U32());
  if (!in.Complete()) return Unsound("file_ack");
  return ack;
}

absl::StatusOr<ControlFrame> DecodeBlockAck(ByteReader in) {
  BlockAck ack;
  bool sound = true;
  ack.blocks.reserve(in.left() / kBlockSize);
  while (sound && in.ok() && in.left() > 0) sound = ReadBlock(in, &ack.blocks.emplace_back());
  if (!sound || !in.Complete()) return Unsound("block_ack");
  return ack;
}

absl::StatusOr<ControlFrame> DecodeRefused(ByteReader in) {
  BlockRefused refused;
  const bool sound = ReadBlock(in, &refused.block);
  refused.reason = in.Short();
  refused.detail = in.Short();
  if (!sound || !in.Complete() || refused.reason.size() > kReasonSizeMax || refused.detail.size() > kDetailSizeMax) {
    return Unsound("block_refused");
  }
  return refused;
}

template <typename T>
absl::StatusOr<ControlFrame> DecodeText(ByteReader in) {
  T text;
  text.reason = in.Short();
  text.detail = in.Short();
  if (!in.Complete() || text.reason.size() > kReasonSizeMax || text.detail.size() > kDetailSizeMax) {
    return Unsound("stop or error");
  }
  return text;
}

}  // namespace

bool IsBlockOf(const Block& block, uint64_t size) {
  if (block.length > size || block.offset > size - block.length) return false;
  if (block.offset == 0 && block.length == size) return true;
  return block.length > 0 && block.offset % kBlockUnit == 0 && (block.length % kBlockUnit == 0 || block.end() == size);
}

std::string Encode(const ControlFrame& frame) { return std::visit(Encoder(), frame); }

std::string Encode(const LegHello& frame) {
  INVARIANT(frame.transfer.size() <= kTransferIdSizeMax) << "transfer id too long";
  ByteWriter out;
  out.Short(frame.transfer).U64(frame.epoch.generation).U64(frame.epoch.n).U16(frame.leg).U16(frame.attempt);
  return Framed(FrameType::kLegHello, out.bytes());
}

std::string Encode(const Block& block) {
  ByteWriter out;
  WriteBlock(out, block);
  return Framed(FrameType::kBlockHeader, out.bytes());
}

std::string Encode(const Hole& frame) { return Framed(FrameType::kHole, ByteWriter().U64(frame.length).bytes()); }

std::string Encode(const BlockTrailer& frame) {
  ByteWriter out;
  out.U8(frame.withdrawn ? 1 : 0);
  out.Raw({reinterpret_cast<const char*>(frame.xxh3.data()), frame.xxh3.size()});
  return Framed(FrameType::kBlockTrailer, out.bytes());
}

std::string EncodeLegEnd() { return Framed(FrameType::kLegEnd, ""); }

std::array<char, kFrameHeaderSize> EncodeSegmentHeader(uint32_t size) {
  const auto byte = [size](int shift) { return static_cast<char>(size >> shift); };
  return {static_cast<char>(FrameType::kSegment), byte(24), byte(16), byte(8), byte(0)};
}

absl::StatusOr<FrameHeader> DecodeHeader(std::string_view bytes, bool control) {
  ByteReader in(bytes);
  const uint8_t type = in.U8();
  const uint32_t size = in.U32();
  if (!in.Complete()) return Fail(Reason::kPeerProtocol, "a frame header has ", bytes.size(), " bytes");
  for (const Limits& limits : kLimits) {
    if (static_cast<uint8_t>(limits.type) != type || limits.control != control) continue;
    if (size >= limits.min && size <= limits.max) return FrameHeader{limits.type, size};
    return Fail(Reason::kPeerProtocol, "the peer announced ", size, " bytes for a frame of type ", type);
  }
  return Fail(Reason::kPeerProtocol, "the peer sent a frame of type ", type, ", which does not belong on a ",
              control ? "control" : "data", " leg");
}

absl::StatusOr<ControlFrame> DecodeControl(FrameType type, std::string_view payload) {
  ByteReader in(payload);
  switch (type) {
    case FrameType::kHello:
      return DecodeHello(in);
    case FrameType::kManifestChunk:
      return ManifestChunk{std::string(payload)};
    case FrameType::kManifestEnd: {
      ManifestEnd end;
      end.entries = in.U64();
      end.listing_digest = in.Raw(base::kSha256Size);
      if (!in.Complete()) return Unsound("manifest_end");
      return end;
    }
    case FrameType::kHave:
      return DecodeHave(in);
    case FrameType::kFileAck:
      return DecodeAck(in);
    case FrameType::kBlockAck:
      return DecodeBlockAck(in);
    case FrameType::kBlockRefused:
      return DecodeRefused(in);
    case FrameType::kStreams: {
      const uint16_t count = in.U16();
      if (!in.Complete() || count < 1 || count > kStreamsMax) return Unsound("streams");
      return Streams{count};
    }
    case FrameType::kSent: {
      Sent sent;
      sent.files = in.U64();
      sent.bytes = in.U64();
      if (!in.Complete()) return Unsound("sent");
      return sent;
    }
    case FrameType::kPublished: {
      const uint8_t already = in.U8();
      if (!in.Complete() || already > 1) return Unsound("published");
      return Published{already == 1};
    }
    case FrameType::kStop:
      return DecodeText<Stop>(in);
    case FrameType::kError:
      return DecodeText<PeerError>(in);
    case FrameType::kAlive:
      if (!in.Complete()) return Unsound("alive");
      return Alive{};
    case FrameType::kLegHello:
    case FrameType::kBlockHeader:
    case FrameType::kSegment:
    case FrameType::kBlockTrailer:
    case FrameType::kLegEnd:
    case FrameType::kHole:
      break;
  }
  return Unsound("data");
}

absl::StatusOr<LegHello> DecodeLegHello(std::string_view payload) {
  ByteReader in(payload);
  LegHello hello;
  hello.transfer = in.Short();
  hello.epoch.generation = in.U64();
  hello.epoch.n = in.U64();
  hello.leg = in.U16();
  hello.attempt = in.U16();
  if (!in.Complete() || hello.transfer.size() > kTransferIdSizeMax) return Unsound("leg_hello");
  return hello;
}

absl::StatusOr<Block> DecodeBlock(std::string_view payload) {
  ByteReader in(payload);
  Block block;
  const bool sound = ReadBlock(in, &block);
  if (!sound || !in.Complete()) return Unsound("block_header");
  return block;
}

absl::StatusOr<Hole> DecodeHole(std::string_view payload) {
  ByteReader in(payload);
  const Hole hole{in.U64()};
  if (!in.Complete() || hole.length == 0 || hole.length > kFileSizeMax) return Unsound("hole");
  return hole;
}

absl::StatusOr<BlockTrailer> DecodeBlockTrailer(std::string_view payload) {
  ByteReader in(payload);
  BlockTrailer trailer;
  const uint8_t withdrawn = in.U8();
  trailer.withdrawn = withdrawn == 1;
  const std::string_view digest = in.Raw(trailer.xxh3.size());
  if (!in.Complete() || withdrawn > 1) return Unsound("block_trailer");
  std::copy(digest.begin(), digest.end(), reinterpret_cast<char*>(trailer.xxh3.data()));
  return trailer;
}

}  // namespace crossdock::wire
