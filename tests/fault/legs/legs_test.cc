// Attempts whose bytes somebody spoils: between the agents, where a relay stands, and inside TLS, where only the peer
// agent can.
#include "catch2/catch.hpp"
#include "tests/fault/legs/bad_line.h"
#include "tests/fault/legs/relayed_pair.h"

namespace crossdock::agent {
namespace {

using wire::FrameType;

constexpr char kName[] = "plate.mov";
constexpr size_t kSize = 6'000'000;

struct Studio : RelayedPair {
  Studio() { Write(Source(kName), content); }
  void CheckArrived(const Outcome& outcome) const {
    INFO(outcome.sent.status() << " / " << outcome.received.status());
    REQUIRE(outcome.sent.ok());
    REQUIRE(outcome.received.ok());
    CHECK(*base::ReadFile(Destination(kName), 2 * kSize) == content);
    CHECK(StagingIsEmpty());
  }
  const std::string content = Noise(kSize);
};

// Once, at the first frame of this type.
Tamper Once(FrameType wanted, std::function<std::string(const std::string& frame, bool* cut)> change) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  return [=](uint16_t, FrameType type, const std::string& frame, bool* cut) {
    return type == wanted && !done->exchange(true) ? change(frame, cut) : frame;
  };
}

std::string Header(uint8_t type, uint32_t size) {
  std::string header(1, static_cast<char>(type));
  for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(size >> shift);
  return header;
}

TEST_CASE(
    "T-31: bytes that are flipped, repeated, dropped or swapped between the agents are noticed, and the transfer "
    "recovers") {
  Studio studio;
  studio.streams = 1;  // no other leg takes over
  const auto mischief =
      GENERATE(test::Mischief::kFlip, test::Mischief::kDuplicate, test::Mischief::kDrop, test::Mischief::kSwap);
  // Well behind admission: only the agents' own TLS can notice.
  test::BadLine between(studio.line.far.wan(), mischief, 500'000);
  studio.far_address = between.address();
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome);
  CHECK(between.done() == 1);
  // The spoilt leg was dialled again.
  CHECK(between.connections() > 1 + studio.streams);
}

TEST_CASE("T-31: bytes that are flipped while a leg is admitted get it no further, and the next try does") {
  Studio studio;
  test::BadLine between(studio.line.far.wan(), test::Mischief::kFlip, 100);
  studio.far_address = between.address();
  studio.CheckArrived(studio.Run());
  CHECK(between.done() == 1);
}

TEST_CASE("T-35: a data leg that ends inside a frame, at a frame's end or before its end is dialled again") {
  Studio studio;
  studio.streams = 1;
  const FrameType type =
      GENERATE(FrameType::kLegHello, FrameType::kBlockHeader, FrameType::kSegment, FrameType::kBlockTrailer);
  const size_t left = GENERATE(as<size_t>{}, 0, 3, wire::kFrameHeaderSize, wire::kFrameHeaderSize + 1, 1u << 30);
  studio.tamper = Once(type, [left](const std::string& frame, bool* cut) {
    *cut = true;
    return frame.substr(0, left);
  });
  studio.CheckArrived(studio.Run());
  // Behind its trailer the whole file has arrived.
  if (type != FrameType::kBlockTrailer || left < 1u << 30) CHECK(studio.dials > 1 + studio.streams);
}

TEST_CASE("T-31: segments in another order are noticed by their digest, and come again") {
  Studio studio;
  auto first = std::make_shared<std::string>();
  auto done = std::make_shared<std::atomic<int>>(0);
  studio.streams = 1;
  studio.tamper = [=](uint16_t, FrameType type, const std::string& frame, bool*) -> std::string {
    if (type != FrameType::kSegment || *done >= 2) return frame;
    if (++*done == 1) {
      *first = frame;
      return "";
    }
    return frame + *first;
  };
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome);
  CHECK(outcome.sent->bytes_sent > kSize);
}

TEST_CASE("T-31: a whole block that comes twice changes nothing") {
  Studio studio;
  studio.streams = 1;
  auto block = std::make_shared<std::string>();
  studio.tamper = [=](uint16_t, FrameType type, const std::string& frame, bool*) {
    if (type == FrameType::kBlockHeader) block->clear();
    if (type != FrameType::kLegHello && type != FrameType::kLegEnd) *block += frame;
    return type == FrameType::kBlockTrailer ? frame + *block : frame;
  };
  studio.CheckArrived(studio.Run());
}

TEST_CASE("T-31: frames that no honest sender writes end the attempt with a word for it, and the next one recovers") {
  Studio studio;
  studio.streams = 1;
  SECTION("a segment twice") {
    studio.tamper = [](uint16_t, FrameType type, const std::string& frame, bool*) {
      return type == FrameType::kSegment ? frame + frame : frame;
    };
  }
  SECTION("a trailer twice") {
    studio.tamper = Once(FrameType::kBlockTrailer, [](const std::string& frame, bool*) { return frame + frame; });
  }
  SECTION("a block without its end") {
    studio.tamper = Once(FrameType::kBlockTrailer, [](const std::string&, bool*) { return std::string(); });
    studio.Write(studio.Source("second.mov"), Noise(100'000));
  }
  SECTION("an unknown type") {
    studio.tamper =
        Once(FrameType::kBlockHeader, [](const std::string& frame, bool*) { return Header(99, 4) + "what" + frame; });
  }
  SECTION("a type of the control leg") {
    studio.tamper = Once(FrameType::kBlockHeader, [](const std::string& frame, bool*) {
      return wire::Encode(wire::ControlFrame(wire::Alive{})) + frame;
    });
  }
  SECTION("a length above the type's limit") {
    studio.tamper = Once(FrameType::kSegment, [](const std::string& frame, bool*) {
      return Header(static_cast<uint8_t>(FrameType::kSegment), wire::kSegmentSizeMax + 1) + frame;
    });
  }
  SECTION("the largest length that can be written") {
    studio.tamper = Once(FrameType::kBlockHeader, [](const std::string& frame, bool*) {
      return Header(static_cast<uint8_t>(FrameType::kBlockHeader), UINT32_MAX) + frame;
    });
  }
  SECTION("a block of a file that is not in the manifest") {
    studio.tamper = Once(FrameType::kBlockHeader, [](const std::string&, bool*) {
      return wire::Encode(wire::Block{7'000, 0, wire::kBlockUnit});
    });
  }
  SECTION("another hello") {
    studio.tamper = Once(FrameType::kBlockHeader, [](const std::string& frame, bool*) {
      return wire::Encode(wire::LegHello{"t-1", {1, 1}, 1, 0}) + frame;
    });
  }
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  CHECK(base::ReasonOf(outcome.received.status()) == "PEER_PROTOCOL");
  CHECK_FALSE(outcome.sent.ok());
  CHECK_FALSE(std::filesystem::exists(studio.Destination("")));
  studio.tamper = nullptr;
  studio.CheckArrived(studio.Run());
}

TEST_CASE("T-30: a data leg of an older attempt is not taken for this one's") {
  Studio studio;
  studio.streams = 1;
  studio.tamper = Once(FrameType::kLegHello, [](const std::string&, bool*) {
    return wire::Encode(wire::LegHello{"t-1", {1, 0}, 1, 0});
  });
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  CHECK(base::ReasonOf(outcome.received.status()) == "EPOCH_STALE");
  CHECK_FALSE(std::filesystem::exists(studio.Destination("")));
}

TEST_CASE("T-30: a data leg of another transfer is turned away, and the right one taken") {
  Studio studio;
  studio.streams = 1;
  studio.tamper = Once(FrameType::kLegHello, [](const std::string&, bool*) {
    return wire::Encode(wire::LegHello{"t-2", {1, 1}, 1, 0});
  });
  studio.CheckArrived(studio.Run());
  CHECK(studio.dials > 1 + studio.streams);
}

}  // namespace
}  // namespace crossdock::agent
