// Any bytes as one side's control leg: frame after frame, each of one spelling, the manifest put together on the way.
#include "lib/wire/frames.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

// What may be trusted of a frame that was read.
struct Sound {
  wire::ManifestDecoder* decoder;
  wire::Manifest* manifest;

  // False when the attempt ends here.
  bool operator()(const wire::ManifestChunk& chunk) const {
    const absl::Status added = decoder->Add(chunk.chunk, manifest);
    if (!added.ok()) CheckRefusal(added);
    return added.ok();
  }
  bool operator()(const wire::Have& have) const {
    for (const wire::Have::Range& range : have.ranges) {
      INVARIANT(range.count > 0 && uint64_t{range.first} + range.count <= wire::kManifestEntriesMax) << "a range";
    }
    return true;
  }
  bool operator()(const wire::BlockAck& ack) const {
    for (const wire::Block& block : ack.blocks) Check(block);
    return true;
  }
  bool operator()(const wire::BlockRefused& refused) const {
    Check(refused.block);
    return true;
  }
  template <typename Frame>
  bool operator()(const Frame&) const {
    return true;
  }

  static void Check(const wire::Block& block) {
    INVARIANT(block.end() >= block.offset && block.end() <= uint64_t{INT64_MAX}) << "a block beyond every file";
  }
};

}  // namespace

bool FuzzControlLeg(std::string_view input) {
  wire::ManifestDecoder decoder;
  wire::Manifest manifest;
  bool accepted = false;
  while (input.size() >= wire::kFrameHeaderSize) {
    const absl::StatusOr<wire::FrameHeader> header = wire::DecodeHeader(input.substr(0, wire::kFrameHeaderSize), true);
    if (!header.ok()) {
      CheckRefusal(header.status());
      return accepted;
    }
    INVARIANT(header->size <= wire::kControlPayloadMax) << header->size;
    const size_t size = wire::kFrameHeaderSize + header->size;
    if (input.size() < size) return accepted;
    const absl::StatusOr<wire::ControlFrame> frame =
        wire::DecodeControl(header->type, input.substr(wire::kFrameHeaderSize, header->size));
    if (!frame.ok()) {
      CheckRefusal(frame.status());
      return accepted;
    }
    INVARIANT(wire::Encode(*frame) == input.substr(0, size)) << "two spellings of one frame";
    if (!std::visit(Sound{&decoder, &manifest}, *frame)) return accepted;
    accepted = true;
    input.remove_prefix(size);
  }
  return accepted;
}

}  // namespace crossdock::fuzz
