#include "agent/core/send_board.h"

#include <algorithm>

namespace crossdock::agent {
namespace {

using wire::Block;
using wire::kBlockUnit;

// Takes `taken` out of the ranges (offset → length); returns how many bytes that were in them.
uint64_t Subtract(const Block& taken, std::map<uint64_t, uint64_t>* ranges) {
  uint64_t removed = 0;
  auto at = ranges->upper_bound(taken.offset);
  if (at != ranges->begin()) --at;
  while (at != ranges->end() && at->first < taken.end()) {
    const uint64_t begin = at->first;
    const uint64_t end = begin + at->second;
    if (end <= taken.offset) {
      ++at;
      continue;
    }
    at = ranges->erase(at);
    if (begin < taken.offset) ranges->emplace(begin, taken.offset - begin);
    if (end > taken.end()) ranges->emplace(taken.end(), end - taken.end());
    removed += std::min(end, taken.end()) - std::max(begin, taken.offset);
  }
  return removed;
}

}  // namespace

SendBoard::SendBoard(const wire::Manifest& manifest, uint16_t legs)
    : manifest_(manifest), legs_(std::max<uint16_t>(legs, 1)), slots_(manifest.entries.size()) {
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    if (manifest.entries[i].type != wire::EntryType::kFile) continue;
    slots_[i].state = State::kWaiting;
    order_.push_back(i);
    bytes_waiting_ += manifest.entries[i].size;
  }
  files_ = order_.size();
}

bool SendBoard::Acknowledge(uint32_t index) {
  if (!IsFile(index)) return false;
  Slot& slot = slots_[index];
  if (slot.state == State::kAcknowledged) return true;
  ++acknowledged_;
  bytes_acknowledged_ += manifest_.entries[index].size;
  if (const auto cut = cuts_.find(index); cut != cuts_.end()) {
    for (const auto& [offset, length] : cut->second.waiting) bytes_waiting_ -= length;
    bytes_acknowledged_ -= cut->second.acknowledged;
    cuts_.erase(cut);
  } else if (slot.state == State::kWaiting) {
    bytes_waiting_ -= manifest_.entries[index].size;
  }
  slot.state = State::kAcknowledged;
  return true;
}

bool SendBoard::Acknowledge(const Block& block) {
  if (!IsFile(block.index) || !wire::IsBlockOf(block, manifest_.entries[block.index].size)) return false;
  Slot& slot = slots_[block.index];
  // A file that is on its way whole needs no parts.
  if (slot.state == State::kAcknowledged || (slot.state == State::kInFlight && !cuts_.contains(block.index))) {
    return true;
  }
  Cut& cut = CutOf(block.index);
  const uint64_t waited = Subtract(block, &cut.waiting);
  bytes_waiting_ -= waited;
  const uint64_t news = cut.flying.erase(block.offset) > 0 ? block.length : waited;
  cut.acknowledged += news;
  bytes_acknowledged_ += news;
  return true;
}

std::optional<uint32_t> SendBoard::Front() {
  while (HasWaiting()) {
    const uint32_t index = again_.empty() ? order_[cursor_] : again_.front();
    const auto cut = cuts_.find(index);
    const bool waits = cut != cuts_.end() ? !cut->second.waiting.empty() : slots_[index].state == State::kWaiting;
    if (waits) return index;
    // Acknowledged while it waited: a copy that was on a lost leg had arrived after all, or all blocks had before.
    if (cut != cuts_.end()) slots_[index].state = State::kInFlight;
    PopFront();
  }
  return std::nullopt;
}

void SendBoard::PopFront() {
  if (again_.empty()) {
    ++cursor_;
  } else {
    again_.pop_front();
  }
}

SendBoard::Cut& SendBoard::CutOf(uint32_t index) {
  const auto [at, made] = cuts_.try_emplace(index);
  if (made) at->second.waiting.emplace(0, manifest_.entries[index].size);
  return at->second;
}

std::optional<Block> SendBoard::Next(uint16_t leg) {
  const std::optional<uint32_t> index = Front();
  if (!index) return std::nullopt;
  const uint64_t size = manifest_.entries[*index].size;
  // Half of a leg's part of what is left: all legs come to their ends at about the same time.
  const uint64_t fair = bytes_waiting_ / (uint64_t{2} * legs_);
  if (!cuts_.contains(*index) && size <= std::max(kBlockUnit, std::min(fair, kWholeMax))) {
    slots_[*index].state = State::kInFlight;
    slots_[*index].leg = leg;
    bytes_waiting_ -= size;
    PopFront();
    return Block{*index, 0, size};
  }
  Cut& cut = CutOf(*index);
  const Block block = NextBlock(*index, cut, leg, fair);
  if (cut.waiting.empty()) {
    slots_[*index].state = State::kInFlight;
    PopFront();
  }
  return block;
}

Block SendBoard::NextBlock(uint32_t index, Cut& cut, uint16_t leg, uint64_t fair) {
  const auto [offset, left] = *cut.waiting.begin();
  const uint64_t length = std::min(left, std::clamp(fair / kBlockUnit * kBlockUnit, kBlockUnit, kBlockMax));
  cut.waiting.erase(cut.waiting.begin());
  if (left > length) cut.waiting.emplace(offset + length, left - length);
  cut.flying[offset] = {length, leg};
  bytes_waiting_ -= length;
  return {index, offset, length};
}

void SendBoard::WaitAgain(uint32_t index) {
  // One that still waits stands where it stood.
  if (slots_[index].state == State::kWaiting) return;
  slots_[index].state = State::kWaiting;
  again_.push_back(index);
}

bool SendBoard::Again(const Block& block) {
  if (!IsFile(block.index) || !wire::IsBlockOf(block, manifest_.entries[block.index].size)) return false;
  Slot& slot = slots_[block.index];
  const auto cut = cuts_.find(block.index);
  // A refusal that was under way when the leg broke, or when another copy had arrived: nothing more to do.
  if (slot.state == State::kAcknowledged || (cut == cuts_.end() && slot.state == State::kWaiting)) return true;
  if (++slot.refusals > kRefusalsMax) return false;
  if (cut == cuts_.end()) {
    bytes_waiting_ += manifest_.entries[block.index].size;
  } else {
    uint64_t had = block.length;  // of it the receiver has said that it holds this much
    for (auto at = cut->second.flying.begin(); at != cut->second.flying.end();) {
      const bool inside = at->first >= block.offset && at->first < block.end();
      if (inside) had -= at->second.length;
      at = inside ? cut->second.flying.erase(at) : std::next(at);
    }
    const uint64_t waited = Subtract(block, &cut->second.waiting);
    cut->second.acknowledged -= had - waited;
    bytes_acknowledged_ -= had - waited;
    cut->second.waiting.emplace(block.offset, block.length);
    bytes_waiting_ += block.length - waited;
  }
  WaitAgain(block.index);
  return true;
}

void SendBoard::LegLost(uint16_t leg) {
  for (auto& [index, cut] : cuts_) {
    bool lost = false;
    for (auto at = cut.flying.begin(); at != cut.flying.end();) {
      if (at->second.leg != leg) {
        ++at;
        continue;
      }
      // Not joined with what waits beside it: the receiver may still hold the lost one, or get it from the old leg.
      cut.waiting.emplace(at->first, at->second.length);
      bytes_waiting_ += at->second.length;
      at = cut.flying.erase(at);
      lost = true;
    }
    if (lost) WaitAgain(index);
  }
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != State::kInFlight || slots_[i].leg != leg || cuts_.contains(i)) continue;
    bytes_waiting_ += manifest_.entries[i].size;
    WaitAgain(i);
  }
}

}  // namespace crossdock::agent
