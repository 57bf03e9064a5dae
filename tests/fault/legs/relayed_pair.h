// An attempt over real legs: two relays, admission by ticket, TLS from agent to agent; and an end that misbehaves
// inside all of that.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "agent/legs/relay_legs.h"
#include "lib/wire/frames.h"
#include "tests/support/attempt_pair.h"
#include "tests/support/relay_line.h"

namespace crossdock::agent {

// What becomes of one frame that the sender writes on a data leg: the bytes that really go. Empty and `cut`: the line
// ends here.
using Tamper = std::function<std::string(uint16_t leg, wire::FrameType type, const std::string& frame, bool* cut)>;

// Passes whole frames through `tamper`.
class TamperedStream : public ByteStream {
 public:
  TamperedStream(std::unique_ptr<ByteStream> stream, uint16_t leg, const Tamper& tamper)
      : stream_(std::move(stream)), leg_(leg), tamper_(tamper) {}
  absl::StatusOr<size_t> Read(char* bytes, size_t size) override { return stream_->Read(bytes, size); }
  absl::Status Write(std::string_view bytes) override {
    held_.append(bytes);
    std::string out;
    bool cut = false;
    while (!cut && held_.size() >= wire::kFrameHeaderSize) {
      const auto header = wire::DecodeHeader(std::string_view(held_).substr(0, wire::kFrameHeaderSize), leg_ == 0);
      REQUIRE(header.ok());
      const size_t size = wire::kFrameHeaderSize + header->size;
      if (held_.size() < size) break;
      out += tamper_(leg_, header->type, held_.substr(0, size), &cut);
      held_.erase(0, size);
    }
    if (!out.empty()) RETURN_IF_ERROR(stream_->Write(out));
    if (!cut) return absl::OkStatus();
    stream_->Abort();
    return wire::Fail(wire::Reason::kPeerLost, "the test ended the line");
  }
  absl::Status CloseWrite() override { return stream_->CloseWrite(); }
  void Abort() override { stream_->Abort(); }
  bool HasBuffered() const override { return stream_->HasBuffered(); }
  int fd() const override { return stream_->fd(); }

 private:
  const std::unique_ptr<ByteStream> stream_;
  const uint16_t leg_;
  const Tamper& tamper_;
  std::string held_;
};

class RelayedPair : public AttemptPair {
 public:
  RelayedPair() {
    sender_legs = &sender_;
    receiver_legs = &receiver_;
    streams = 2;
    bytes_per_second_max = 0;
  }

  relay::Line line;
  // Where the sender's relay dials the receiver's; empty: directly.
  std::string far_address;
  Tamper tamper;  // of the sender's data legs
  std::atomic<int> dials{0};

 private:
  class Legs : public LegDialer {
   public:
    Legs(RelayedPair& pair, bool sender)
        : pair_(pair),
          sender_(sender),
          legs_(sender ? pair.line.sender : pair.line.receiver, [this] { return WayNow(); }) {}
    absl::StatusOr<std::unique_ptr<ByteStream>> Dial(uint16_t leg, uint16_t attempt, std::stop_token stop) override {
      if (sender_) ++pair_.dials;
      auto stream = legs_.Dial(leg, attempt, std::move(stop));
      if (!stream.ok() || !sender_ || leg == 0 || !pair_.tamper) return stream;
      return std::make_unique<TamperedStream>(*std::move(stream), leg, pair_.tamper);
    }

   private:
    std::string Sign(wire::Ticket ticket) const {
      ticket.epoch = {1, pair_.epoch};
      ticket.streams_max = wire::kStreamsMax;
      if (ticket.next_hop && !pair_.far_address.empty()) ticket.next_hop->address = pair_.far_address;
      return *wire::SignTicket(ticket, pair_.line.ticket_key);
    }
    Way WayNow() const {
      const relay::Line& line = pair_.line;
      if (!sender_)
        return {line.far.lan(), line.far.key.spki(), Sign(line.ReceiverTicket()), "", line.sender.spki(), false};
      return {line.near.lan(),         line.near.key.spki(), Sign(line.SenderTicket()),
              Sign(line.NextTicket()), line.receiver.spki(), true};
    }
    RelayedPair& pair_;
    const bool sender_;
    RelayLegs legs_;
  };

  Legs sender_{*this, true};
  Legs receiver_{*this, false};
};

}  // namespace crossdock::agent
