#include "lib/wire/frames.h"

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::wire {
namespace {

Hello SampleHello() {
  Hello hello;
  hello.transfer = "t-1";
  hello.epoch = {7, 9};
  hello.roster_number = 3;
  hello.policy_number = 4;
  hello.policy_digest = std::string(32, 'p');
  hello.listing_digest = std::string(32, 'l');
  hello.form = PackageForm::kFiles;
  hello.entries = 12;
  hello.files = 10;
  hello.bytes = 1000;
  hello.holes = 400;
  hello.streams = 8;
  return hello;
}

std::vector<ControlFrame> Samples() {
  return {SampleHello(),
          ManifestChunk{ManifestEncoder(Manifest{}).NextChunk()},
          ManifestEnd{5, std::string(32, 'd')},
          Have{true, {{0, 3}, {9, 1}}},
          FileAck{{1, 2, 70000}},
          BlockAck{{{1, 0, 5}, {70000, kBlockUnit, kBlockUnit}}},
          BlockRefused{{4, kBlockUnit, 9}, "SOURCE_CHANGED", "its size is another"},
          Streams{12},
          Sent{10, 1000},
          Published{true},
          Stop{"CANCELLED", "by paula"},
          PeerError{"PEER_POLICY", ""},
          Alive{}};
}

absl::StatusOr<ControlFrame> DecodeWhole(std::string_view frame) {
  ASSIGN_OR_RETURN(const FrameHeader header, DecodeHeader(frame.substr(0, kFrameHeaderSize), true));
  frame.remove_prefix(kFrameHeaderSize);
  REQUIRE(header.size == frame.size());
  return DecodeControl(header.type, frame);
}

TEST_CASE("every control frame comes back as it was sent", "[wire][frames]") {
  for (const ControlFrame& frame : Samples()) {
    const auto decoded = DecodeWhole(Encode(frame));
    REQUIRE(decoded.ok());
    CHECK(*decoded == frame);
  }
}

TEST_CASE("the bytes of frames are fixed", "[wire][frames]") {
  CHECK(base::ToHex(Encode(ControlFrame(Alive{}))) == "0b00000000");
  CHECK(base::ToHex(Encode(ControlFrame(FileAck{{1, 258}}))) == "05000000080000000100000102");
  CHECK(base::ToHex(Encode(ControlFrame(Have{true, {{2, 3}}}))) == "0400000009010000000200000003");
  CHECK(base::ToHex(Encode(ControlFrame(Stop{"A", "b"}))) == "0900000006000141000162");
  CHECK(base::ToHex(Encode(Block{3, 1, 256})) == "41000000140000000300000000000000010000000000000100");
  CHECK(base::ToHex(Encode(ControlFrame(BlockAck{{{3, 1, 256}}}))) ==
        "0c000000140000000300000000000000010000000000000100");
  CHECK(base::ToHex(Encode(ControlFrame(BlockRefused{{3, 1, 256}, "A", "b"}))) ==
        "060000001a00000003000000000000000100000000000001000001410001"
        "62");
  BlockTrailer trailer;
  trailer.xxh3.fill(0xab);
  CHECK(base::ToHex(Encode(trailer)) == "430000001100abababababababababababababababab");
  CHECK(base::ToHex(EncodeLegEnd()) == "4400000000");
  const auto segment = EncodeSegmentHeader(0x00012345);
  CHECK(base::ToHex({segment.data(), segment.size()}) == "4200012345");
  CHECK(base::ToHex(Encode(ControlFrame(SampleHello()))) ==
        "010000008f0001"
        "0001"
        "0003742d31"
        "0000000000000007"
        "0000000000000009"
        "0000000000000003"
        "0000000000000004"
        "20" +
            base::ToHex(std::string(32, 'p')) + "20" + base::ToHex(std::string(32, 'l')) +
            "00"
            "02"
            "000000000000000c"
            "000000000000000a"
            "00000000000003e8"
            "0000000000000190"
            "0008");
}

TEST_CASE("every truncation of every frame is refused, or is another whole frame", "[wire][frames]") {
  for (const ControlFrame& frame : Samples()) {
    const std::string whole = Encode(frame);
    const auto header = DecodeHeader(std::string_view(whole).substr(0, kFrameHeaderSize), true);
    REQUIRE(header.ok());
    for (size_t size = 0; size < whole.size() - kFrameHeaderSize; ++size) {
      const auto decoded = DecodeControl(header->type, std::string_view(whole).substr(kFrameHeaderSize, size));
      // Lists have no count of their own, the length is the count: a shorter list is a list. Chunks are read later.
      const bool list = header->type == FrameType::kHave || header->type == FrameType::kFileAck ||
                        header->type == FrameType::kBlockAck || header->type == FrameType::kManifestChunk;
      if (!list) CHECK_FALSE(decoded.ok());
      if (decoded.ok()) CHECK_FALSE(*decoded == frame);
    }
    for (size_t size = 0; size < kFrameHeaderSize; ++size) CHECK_FALSE(DecodeHeader(whole.substr(0, size), true).ok());
    if (header->type != FrameType::kManifestChunk) {
      CHECK_FALSE(DecodeControl(header->type, whole.substr(kFrameHeaderSize) + "x").ok());
    }
  }
}

TEST_CASE("a length above its type's limit is refused before anything is read", "[wire][frames]") {
  const std::pair<uint8_t, uint32_t> cases[] = {
      {1, 1025}, {2, (1u << 20) + 1}, {3, 41}, {4, kControlPayloadMax + 1}, {6, 5000},
      {7, 17},   {9, 0xffffffffu},    {11, 1}};
  for (const auto& [type, size] : cases) {
    const std::string header = {static_cast<char>(type), static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                                static_cast<char>(size >> 8), static_cast<char>(size)};
    const auto decoded = DecodeHeader(header, true);
    CHECK_FALSE(decoded.ok());
    CHECK(base::ReasonOf(decoded.status()) == "PEER_PROTOCOL");
  }
  const auto segment = EncodeSegmentHeader(kSegmentSizeMax + 1);
  CHECK_FALSE(DecodeHeader({segment.data(), segment.size()}, false).ok());
}

TEST_CASE("a data frame on the control leg is refused, and the other way round", "[wire][frames]") {
  const std::string end = EncodeLegEnd();
  CHECK(DecodeHeader(end, false).ok());
  CHECK_FALSE(DecodeHeader(end, true).ok());
  const std::string alive = Encode(ControlFrame(Alive{}));
  CHECK(DecodeHeader(alive, true).ok());
  CHECK_FALSE(DecodeHeader(alive, false).ok());
}

TEST_CASE("data frames come back as they were sent, and truncated ones do not", "[wire][frames]") {
  const LegHello hello{"t-1", {7, 9}, 3, 1};
  const std::string bytes = Encode(hello).substr(kFrameHeaderSize);
  CHECK(DecodeLegHello(bytes).value() == hello);
  for (size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(DecodeLegHello(bytes.substr(0, size)).ok());
  const Block block{3, 0, 256};
  const std::string header = Encode(block).substr(kFrameHeaderSize);
  CHECK(DecodeBlock(header).value() == block);
  for (size_t size = 0; size < header.size(); ++size) CHECK_FALSE(DecodeBlock(header.substr(0, size)).ok());
  BlockTrailer trailer;
  trailer.withdrawn = true;
  const std::string end = Encode(trailer).substr(kFrameHeaderSize);
  CHECK(DecodeBlockTrailer(end).value() == trailer);
  for (size_t size = 0; size < end.size(); ++size) CHECK_FALSE(DecodeBlockTrailer(end.substr(0, size)).ok());
}

TEST_CASE("a hole comes back as it was sent, on data legs alone", "[wire][frames]") {
  const std::string bytes = Encode(Hole{200'000'000'000});
  CHECK(base::ToHex(bytes) ==
        "4500000008"
        "0000002e90edd000");
  CHECK(DecodeHeader(bytes.substr(0, kFrameHeaderSize), /*control=*/false)->type == FrameType::kHole);
  CHECK_FALSE(DecodeHeader(bytes.substr(0, kFrameHeaderSize), /*control=*/true).ok());
  const std::string payload = bytes.substr(kFrameHeaderSize);
  CHECK(DecodeHole(payload).value() == Hole{200'000'000'000});
  for (size_t size = 0; size < payload.size(); ++size) CHECK_FALSE(DecodeHole(payload.substr(0, size)).ok());
  CHECK_FALSE(DecodeHole(payload + "x").ok());
  CHECK_FALSE(DecodeHole(std::string(8, '\0')).ok());
  CHECK_FALSE(DecodeHole(std::string(8, '\xff')).ok());
}

TEST_CASE("a hello with impossible numbers is refused", "[wire][frames]") {
  const auto refused = [](auto change) {
    Hello hello = SampleHello();
    change(hello);
    return !DecodeWhole(Encode(ControlFrame(hello))).ok();
  };
  CHECK_FALSE(refused([](Hello&) {}));
  CHECK(refused([](Hello& h) { h.version_min = 2; }));
  CHECK(refused([](Hello& h) { h.listing_digest.clear(); }));
  CHECK(refused([](Hello& h) { h.entries = kManifestEntriesMax + 1; }));
  CHECK(refused([](Hello& h) { h.files = 13; }));
  CHECK(refused([](Hello& h) { h.holes = 1001; }));
  CHECK(refused([](Hello& h) { h.streams = 65; }));
}

TEST_CASE("a block beyond every file is refused", "[wire][frames]") {
  const uint64_t most = INT64_MAX;
  for (const Block& block : {Block{0, most, 1}, Block{0, 1, most}, Block{0, UINT64_MAX, UINT64_MAX}}) {
    CHECK_FALSE(DecodeBlock(Encode(block).substr(kFrameHeaderSize)).ok());
    CHECK_FALSE(DecodeWhole(Encode(ControlFrame(BlockAck{{block}}))).ok());
    CHECK_FALSE(DecodeWhole(Encode(ControlFrame(BlockRefused{block, "A", ""}))).ok());
  }
}

TEST_CASE("a block begins at a unit and ends at one, or at the file's end", "[wire][frames]") {
  const uint64_t size = 2 * kBlockUnit + 7;
  CHECK(IsBlockOf({0, 0, size}, size));
  CHECK(IsBlockOf({0, 0, 0}, 0));
  CHECK(IsBlockOf({0, kBlockUnit, kBlockUnit}, size));
  CHECK(IsBlockOf({0, 2 * kBlockUnit, 7}, size));
  CHECK_FALSE(IsBlockOf({0, 2 * kBlockUnit, 6}, size));
  CHECK_FALSE(IsBlockOf({0, 2 * kBlockUnit, 8}, size));
  CHECK_FALSE(IsBlockOf({0, 1, kBlockUnit}, size));
  CHECK_FALSE(IsBlockOf({0, kBlockUnit, 0}, size));
  CHECK_FALSE(IsBlockOf({0, UINT64_MAX, 2}, size));
}

}  // namespace
}  // namespace crossdock::wire
