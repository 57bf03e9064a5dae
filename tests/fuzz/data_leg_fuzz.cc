// Any bytes as a data leg: leg_hello (block_header (segment | hole)* block_trailer)* leg_end, each header of one
// spelling.
#include "lib/wire/frames.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

// The frame that `header` and `payload` are, encoded again; or the refusal.
absl::StatusOr<std::string> Again(wire::FrameHeader header, std::string_view payload) {
  switch (header.type) {
    case wire::FrameType::kLegHello: {
      ASSIGN_OR_RETURN(const wire::LegHello hello, wire::DecodeLegHello(payload));
      return wire::Encode(hello);
    }
    case wire::FrameType::kBlockHeader: {
      ASSIGN_OR_RETURN(const wire::Block block, wire::DecodeBlock(payload));
      INVARIANT(block.end() >= block.offset && block.end() <= uint64_t{INT64_MAX}) << "a block beyond every file";
      for (const uint64_t size : {uint64_t{0}, block.length, block.end(), uint64_t{INT64_MAX}}) {
        if (wire::IsBlockOf(block, size)) INVARIANT(block.end() <= size) << "a block beyond its file";
      }
      return wire::Encode(block);
    }
    case wire::FrameType::kHole: {
      ASSIGN_OR_RETURN(const wire::Hole hole, wire::DecodeHole(payload));
      INVARIANT(hole.length > 0 && hole.length <= uint64_t{INT64_MAX}) << "a hole beyond every file";
      return wire::Encode(hole);
    }
    case wire::FrameType::kBlockTrailer: {
      ASSIGN_OR_RETURN(const wire::BlockTrailer trailer, wire::DecodeBlockTrailer(payload));
      return wire::Encode(trailer);
    }
    case wire::FrameType::kSegment: {
      INVARIANT(payload.size() >= 1 && payload.size() <= wire::kSegmentSizeMax) << payload.size();
      const auto bytes = wire::EncodeSegmentHeader(header.size);
      return std::string(bytes.data(), bytes.size()).append(payload);
    }
    case wire::FrameType::kLegEnd:
      return wire::EncodeLegEnd();
    default:
      INVARIANT(false) << "a control frame on a data leg";
      return std::string();
  }
}

}  // namespace

bool FuzzDataLeg(std::string_view input) {
  bool accepted = false;
  while (input.size() >= wire::kFrameHeaderSize) {
    const absl::StatusOr<wire::FrameHeader> header = wire::DecodeHeader(input.substr(0, wire::kFrameHeaderSize), false);
    if (!header.ok()) {
      CheckRefusal(header.status());
      return accepted;
    }
    const size_t size = wire::kFrameHeaderSize + header->size;
    INVARIANT(header->size <= wire::kSegmentSizeMax) << header->size;
    if (input.size() < size) return accepted;
    const absl::StatusOr<std::string> again = Again(*header, input.substr(wire::kFrameHeaderSize, header->size));
    if (!again.ok()) {
      CheckRefusal(again.status());
      return accepted;
    }
    INVARIANT(*again == input.substr(0, size)) << "two spellings of one frame";
    accepted = true;
    input.remove_prefix(size);
  }
  return accepted;
}

}  // namespace crossdock::fuzz
