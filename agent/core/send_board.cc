#include "agent/core/send_board.h"

namespace crossdock::agent {
namespace {

constexpr uint64_t kLarge = 64u << 20;

}  // namespace

SendBoard::SendBoard(const wire::Manifest& manifest) : slots_(manifest.entries.size()) {
  for (const bool large : {true, false}) {
    for (uint32_t i = 0; i < slots_.size(); ++i) {
      const wire::Entry& entry = manifest.entries[i];
      if (entry.type != wire::EntryType::kFile || (entry.size >= kLarge) != large) continue;
      slots_[i].state = State::kWaiting;
      order_.push_back(i);
    }
  }
  files_ = order_.size();
}

bool SendBoard::Have(uint32_t index) { return Acknowledge(index); }

std::optional<uint32_t> SendBoard::Next(uint16_t leg) {
  while (HasWaiting()) {
    uint32_t index = 0;
    if (!again_.empty()) {
      index = again_.front();
      again_.pop_front();
    } else {
      index = order_[cursor_++];
    }
    Slot& slot = slots_[index];
    // Acknowledged while it waited: a copy that was on a lost leg had arrived after all.
    if (slot.state != State::kWaiting) continue;
    slot.state = State::kInFlight;
    slot.leg = leg;
    ++slot.tries;
    return index;
  }
  return std::nullopt;
}

bool SendBoard::Acknowledge(uint32_t index) {
  if (index >= slots_.size() || slots_[index].state == State::kNoFile) return false;
  if (slots_[index].state != State::kAcknowledged) ++acknowledged_;
  slots_[index].state = State::kAcknowledged;
  return true;
}

bool SendBoard::Again(uint32_t index) {
  if (index >= slots_.size() || slots_[index].state == State::kNoFile) return false;
  // A refusal that was under way when the leg broke, or when another copy had arrived: nothing more to do.
  if (slots_[index].state != State::kInFlight) return true;
  if (slots_[index].tries >= kTriesMax) return false;
  slots_[index].state = State::kWaiting;
  again_.push_back(index);
  return true;
}

void SendBoard::LegLost(uint16_t leg) {
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.state != State::kInFlight || slot.leg != leg) continue;
    slot.state = State::kWaiting;
    --slot.tries;
    again_.push_back(i);
  }
}

}  // namespace crossdock::agent
