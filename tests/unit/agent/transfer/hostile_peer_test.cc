// A peer that does not keep to the protocol, or stops taking part: frames that are truncated, repeated, reordered,
// oversized or unknown. The attempt ends with a reason, nothing appears, and an honest peer gets through afterwards.
#include <filesystem>

#include "agent/storage/xxh3.h"
#include "tests/support/on_storage.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;
using wire::ControlFrame;

// As the monotonic clock would be after a test's wish.
class HurriedClock : public base::SystemClock {
 public:
  std::atomic<int> seconds_ahead = 0;
  base::Steady MonotonicNow() const override {
    return SystemClock::MonotonicNow() + std::chrono::seconds(seconds_ahead.load());
  }
};

// One data leg; `a` and `b` are its files, indexes 0 and 1, and `d` a directory, index 2.
struct HostilePeer : AttemptPair {
  HostilePeer() : AttemptPair(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") {
    Write(Source("a"), "alpha");
    Write(Source("b"), "beta");
    fs::create_directories(Source("d"));
    decided = Scanned();
    terms.transfer = "t-1";
    terms.epoch = {1, ++epoch};
    terms.listing_digest = decided.listing_digest;
    terms.streams = streams = 1;
    terms.files = decided.manifest.files();
    terms.bytes = decided.manifest.bytes();
  }
  wire::Hello Hello() const {
    wire::Hello hello = MakeHello(terms);
    hello.form = wire::PackageForm::kDirectory;
    hello.entries = decided.manifest.entries.size();
    hello.files = terms.files;
    hello.bytes = terms.bytes;
    return hello;
  }
  std::string Manifest() const {
    wire::ManifestEncoder encoder(decided.manifest);
    return Encode(ControlFrame(wire::ManifestChunk{encoder.NextChunk()}));
  }
  std::string End() const {
    return Encode(ControlFrame(wire::ManifestEnd{decided.manifest.entries.size(), decided.listing_digest}));
  }
  std::string LegHello() const { return Encode(wire::LegHello{"t-1", terms.epoch, 1, 0}); }
  static std::string Segment(std::string_view bytes) {
    const auto header = wire::EncodeSegmentHeader(static_cast<uint32_t>(bytes.size()));
    return std::string(header.data(), header.size()) + std::string(bytes);
  }
  static std::string Trailer(std::string_view bytes) {
    Xxh3 xxh3;
    xxh3.Update(bytes);
    return Encode(wire::BlockTrailer{false, xxh3.Finish()});
  }
  static std::string File(uint32_t index, std::string_view bytes) {
    return Encode(wire::Block{index, 0, bytes.size()}) + Segment(bytes) + Trailer(bytes);
  }

  // What the receiver makes of a sender that says this, and then nothing more, or that is gone then.
  enum class Then { kWaits, kIsGone };
  absl::Status Receive(const std::string& control, const std::string& data, Then then) {
    ExchangeDialer dialer(exchange, false);
    ReceivePlan plan;
    plan.terms = terms;
    plan.agent = "van-1";
    plan.destination = {"in/sh010", {}};
    plan.commit = [this]() -> absl::StatusOr<CommitVerdict> {
      ++asked;
      return CommitVerdict::kFenced;
    };
    ReceiveAttempt receiver(std::move(plan), {clock, *to, dialer});
    absl::Status status;
    std::thread other([&] { status = receiver.Run({}).status(); });
    {
      const auto first = exchange.Dial(true, 0, 0);
      const auto second = exchange.Dial(true, 1, 0);
      (void)(*first)->Write(control);
      (void)(*second)->Write(data);
      if (then == Then::kIsGone) {
        (void)(*first)->CloseWrite();
        (void)(*second)->CloseWrite();
      }
      other.join();
    }
    exchange.Forget();
    return status;
  }
  void CheckNothingAppeared() {
    CHECK(asked == 0);
    CHECK_FALSE(fs::exists(Destination("")));
    const auto honest = Run(decided);
    INFO(honest.sent.status() << " / " << honest.received.status());
    REQUIRE(honest.received.ok());
    CHECK(*base::ReadFile(Destination("a")) == "alpha");
  }

  ScanResult decided;
  AttemptTerms terms;
  int asked = 0;
};

TEST_CASE("a sender that breaks the control leg's rules is refused, and nothing appears") {
  HostilePeer peer;
  const std::string hello = Encode(ControlFrame(peer.Hello()));
  const std::string manifest = peer.Manifest();
  std::string other = manifest;
  other[other.size() / 2] ^= 1;
  wire::Hello more = peer.Hello();
  more.bytes += 1;
  struct Case {
    std::string what, control, reason;
  };
  const Case cases[] = {
      {"nothing", "", "PEER_LOST"},
      {"a truncated hello", hello.substr(0, hello.size() - 3), "PEER_LOST"},
      {"an unknown frame", std::string("\x63\0\0\0\0", 5), "PEER_PROTOCOL"},
      {"an unknown frame later", hello + std::string("\x63\0\0\0\0", 5), "PEER_PROTOCOL"},
      {"an oversized hello", std::string("\x01\x7f\xff\xff\xff", 5) + hello, "PEER_PROTOCOL"},
      {"an oversized chunk", hello + std::string("\x02\xff\xff\xff\xff", 5), "PEER_PROTOCOL"},
      {"the manifest before hello", manifest + hello, "PEER_PROTOCOL"},
      {"hello twice", hello + hello, "PEER_PROTOCOL"},
      {"another size than was decided", Encode(ControlFrame(more)), "PEER_LISTING"},
      {"the manifest twice", hello + manifest + manifest, "PEER_PROTOCOL"},
      {"a manifest that ends before it came", hello + peer.End(), "PEER_PROTOCOL"},
      {"a manifest that ends twice", hello + manifest + peer.End() + peer.End(), "PEER_PROTOCOL"},
      {"a manifest that goes on after its end", hello + manifest + peer.End() + manifest, "PEER_PROTOCOL"},
      {"a truncated manifest", hello + manifest.substr(0, manifest.size() - 1), "PEER_LOST"},
      {"a frame that only receivers send", hello + Encode(ControlFrame(wire::Published{false})), "PEER_PROTOCOL"},
      {"acknowledgements", hello + Encode(ControlFrame(wire::FileAck{{0}})), "PEER_PROTOCOL"},
      {"fewer legs than there are", hello + Encode(ControlFrame(wire::Streams{0})), "PEER_PROTOCOL"},
      {"more legs than may be", hello + Encode(ControlFrame(wire::Streams{60'000})), "PEER_PROTOCOL"},
      {"that all is sent, and nothing was", hello + manifest + peer.End() + Encode(ControlFrame(wire::Sent{2, 9})),
       "PEER_LOST"},
  };
  for (const Case& each : cases) {
    const absl::Status status = peer.Receive(each.control, peer.LegHello(), HostilePeer::Then::kIsGone);
    INFO(each.what << ": " << status);
    CHECK(base::ReasonOf(status) == each.reason);
  }
  // A flipped bit of the manifest makes it one that cannot be, or another than was decided.
  CHECK_FALSE(peer.Receive(hello + other + peer.End(), peer.LegHello(), HostilePeer::Then::kIsGone).ok());
  peer.CheckNothingAppeared();
}

TEST_CASE("a sender that breaks a data leg's rules is refused, and nothing appears") {
  HostilePeer peer;
  const std::string control = Encode(ControlFrame(peer.Hello())) + peer.Manifest() + peer.End();
  const std::string hello = peer.LegHello();
  const std::string header = Encode(wire::Block{0, 0, 5});
  struct Case {
    std::string what, data;
  };
  const Case cases[] = {
      {"a block without a hello", header + peer.Segment("alpha")},
      {"hello twice", hello + hello},
      {"an unknown frame", hello + std::string("\x63\0\0\0\0", 5)},
      {"a frame of the control leg", hello + Encode(ControlFrame(wire::Alive{}))},
      {"bytes without a block", hello + peer.Segment("alpha")},
      {"a trailer without a block", hello + peer.Trailer("alpha")},
      {"a block within a block", hello + header + header},
      {"more bytes than announced", hello + header + peer.Segment("alphabet")},
      {"fewer bytes than announced", hello + header + peer.Segment("alp") + peer.Trailer("alp")},
      {"an oversized segment", hello + header + std::string("\x42\x7f\xff\xff\xff", 5)},
      {"an empty segment", hello + header + std::string("\x42\0\0\0\0", 5)},
      {"a file of another size", hello + peer.File(0, "alphabet")},
      {"a block off the grid", hello + Encode(wire::Block{0, 1, 4})},
      {"a directory", hello + Encode(wire::Block{2, 0, 5})},
      {"a file that the manifest does not have", hello + Encode(wire::Block{7, 0, 5})},
      {"a block beyond every file", hello + Encode(wire::Block{0, ~0ull, 5})},
  };
  for (const Case& each : cases) {
    const absl::Status status = peer.Receive(control, each.data, HostilePeer::Then::kWaits);
    INFO(each.what << ": " << status);
    CHECK(base::ReasonOf(status) == "PEER_PROTOCOL");
  }
  const std::string stale = Encode(wire::LegHello{"t-1", {1, 0}, 1, 0});
  CHECK(base::ReasonOf(peer.Receive(control, stale, HostilePeer::Then::kWaits)) == "EPOCH_STALE");
  peer.CheckNothingAppeared();
}

TEST_CASE("files that come in another order, and twice, land once") {
  HostilePeer peer;
  const std::string control = Encode(ControlFrame(peer.Hello())) + peer.Manifest() + peer.End();
  const std::string data =
      peer.LegHello() + peer.File(1, "beta") + peer.File(1, "beta") + peer.File(0, "alpha") + peer.File(1, "beta");
  const absl::Status status = peer.Receive(control, data, HostilePeer::Then::kWaits);
  // It asked whether it may publish, which is as far as this sender gets.
  CHECK(base::ReasonOf(status) == "COMMIT_FENCED");
  CHECK(peer.asked == 1);
  peer.asked = 0;
  peer.CheckNothingAppeared();
}

// What the sender makes of a receiver that answers its hello with this; until it has ended, nobody reads.
absl::Status Send(HostilePeer& peer, const std::string& control, HurriedClock& clock,
                  const std::function<void(const SendAttempt&)>& meanwhile) {
  ExchangeDialer dialer(peer.exchange, true);
  SendPlan plan;
  plan.terms = peer.terms;
  plan.source = peer.source;
  plan.bytes_per_second_max = peer.bytes_per_second_max;
  SendAttempt sender(std::move(plan), {clock, *peer.from, dialer});
  absl::Status status;
  const auto first = peer.exchange.Dial(false, 0, 0);
  const auto second = peer.exchange.Dial(false, 1, 0);
  std::thread other([&] { status = sender.Run({}).status(); });
  (void)(*first)->Write(control);
  meanwhile(sender);
  other.join();
  return status;
}

TEST_CASE("a receiver that breaks the rules is refused, and the sender's part is not done") {
  HostilePeer peer;
  HurriedClock clock;
  const std::string hello = Encode(ControlFrame(MakeHello(peer.terms)));
  const std::string have = Encode(ControlFrame(wire::Have{true, {}}));
  struct Case {
    std::string what, control;
  };
  const Case cases[] = {
      {"no hello", have},
      {"an unknown frame", hello + std::string("\x63\0\0\0\0", 5)},
      {"an oversized frame", hello + std::string("\x04\x7f\xff\xff\xff", 5)},
      {"published before anything was acknowledged", hello + have + Encode(ControlFrame(wire::Published{false}))},
      {"files that do not exist", hello + Encode(ControlFrame(wire::Have{true, {{0, 4'000'000}}}))},
      {"a range that wraps around", hello + Encode(ControlFrame(wire::Have{true, {{0xffffffff, 0xffffffff}}}))},
      {"an acknowledgement of a directory", hello + have + Encode(ControlFrame(wire::FileAck{{2}}))},
      {"an acknowledgement of a block that is none",
       hello + have + Encode(ControlFrame(wire::BlockAck{{{0, 0, 1u << 30}}}))},
      {"a refusal of a file that does not exist",
       hello + have + Encode(ControlFrame(wire::BlockRefused{{77, 0, 5}, "DIGEST_MISMATCH", ""}))},
      {"a frame that only senders send", hello + have + Encode(ControlFrame(wire::Sent{2, 9}))},
  };
  for (const Case& each : cases) {
    const absl::Status status = Send(peer, each.control, clock, [](const SendAttempt&) {});
    INFO(each.what << ": " << status);
    CHECK(base::ReasonOf(status) == "PEER_PROTOCOL");
    peer.exchange.Forget();
  }
  peer.CheckNothingAppeared();
}

TEST_CASE("a receiver that stops reading and says nothing is given up, and what waits in its socket holds nobody") {
  HostilePeer peer;
  HurriedClock clock;
  peer.Write(peer.Source("a"), Noise(8'000'000));
  peer.decided = peer.Scanned();
  peer.terms.listing_digest = peer.decided.listing_digest;
  peer.terms.bytes = peer.decided.manifest.bytes();
  const std::string control = Encode(ControlFrame(MakeHello(peer.terms))) + Encode(ControlFrame(wire::Have{true, {}}));
  const absl::Status status = Send(peer, control, clock, [&](const SendAttempt& sender) {
    Await([&] { return sender.progress().bytes_moved > 0 && peer.exchange.HasFullLine(); });
    clock.seconds_ahead = 31;
  });
  INFO(status);
  CHECK(base::ReasonOf(status) == "PEER_SILENT");
}

TEST_CASE("a sender that says nothing any more is given up") {
  HostilePeer peer;
  HurriedClock clock;
  ExchangeDialer dialer(peer.exchange, false);
  ReceivePlan plan;
  plan.terms = peer.terms;
  plan.agent = "van-1";
  plan.destination = {"in/sh010", {}};
  ReceiveAttempt receiver(std::move(plan), {clock, *peer.to, dialer});
  const auto first = peer.exchange.Dial(true, 0, 0);
  const auto second = peer.exchange.Dial(true, 1, 0);
  absl::Status status;
  std::thread other([&] { status = receiver.Run({}).status(); });
  (void)(*first)->Write(Encode(ControlFrame(peer.Hello())) + peer.Manifest());
  while (receiver.progress().stage != Stage::kMoving) std::this_thread::yield();
  clock.seconds_ahead = 31;
  other.join();
  CHECK(base::ReasonOf(status) == "PEER_SILENT");
}

}  // namespace
}  // namespace crossdock::agent
