// Which bytes leave next, on which leg, and what is still to be acknowledged.
//
// A file leaves whole while there is much to do besides; large files, and what is left near the end, leave in blocks
// over all legs, so that no leg is left alone with the last of it.
//
// Pure: no files, no sockets, no threads. Not thread-safe; the sender holds it under its lock. Indexes are those of the
// manifest's entries.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/wire/frames.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

class SendBoard {
 public:
  // How often a file, or its parts together, may arrive damaged: beyond that the path or the peer's storage is broken,
  // not unlucky.
  static constexpr uint8_t kRefusalsMax = 3;
  static constexpr uint64_t kWholeMax = 256u << 20;
  static constexpr uint64_t kBlockMax = 32u << 20;

  // `legs` share the work, at least 1.
  SendBoard(const wire::Manifest& manifest, uint16_t legs);

  // The receiver holds this file whole. False for an index that is no file. Twice is once.
  bool Acknowledge(uint32_t index);
  // The receiver holds this block; before anything is sent: from an earlier attempt. False when it is not of a file.
  bool Acknowledge(const wire::Block& block);
  // What `leg` sends next, in flight from now on; none when nothing waits. Files go in the manifest's order.
  std::optional<wire::Block> Next(uint16_t leg);
  // The receiver could not use it: it waits again, a whole file's blocks all of them. False when that happened too
  // often, or it is not of a file.
  bool Again(const wire::Block& block);
  // All that this leg carried and nobody acknowledged waits again. Does not count as a refusal.
  void LegLost(uint16_t leg);

  bool AllAcknowledged() const { return acknowledged_ == files_; }
  bool HasWaiting() const { return cursor_ < order_.size() || !again_.empty(); }
  uint64_t files() const { return files_; }
  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t bytes_acknowledged() const { return bytes_acknowledged_; }

 private:
  enum class State : uint8_t { kNoFile, kWaiting, kInFlight, kAcknowledged };
  struct Slot {
    State state = State::kNoFile;
    uint8_t refusals = 0;
    uint16_t leg = 0;  // of a file that left whole
  };
  // A file that leaves in blocks. Nothing of it is in two places; what was acknowledged is in none.
  struct Cut {
    std::map<uint64_t, uint64_t> waiting;  // offset → length
    struct Flying {
      uint64_t length = 0;
      uint16_t leg = 0;
    };
    std::map<uint64_t, Flying> flying;  // by offset
    uint64_t acknowledged = 0;          // bytes
  };

  bool IsFile(uint32_t index) const { return index < slots_.size() && slots_[index].state != State::kNoFile; }
  // The next index that has something waiting, which stays where it is.
  std::optional<uint32_t> Front();
  void PopFront();
  // The file's cut; all of the file waits in a new one.
  Cut& CutOf(uint32_t index);
  wire::Block NextBlock(uint32_t index, Cut& cut, uint16_t leg, uint64_t fair);
  void WaitAgain(uint32_t index);

  const wire::Manifest& manifest_;
  const uint16_t legs_;
  std::vector<Slot> slots_;
  std::unordered_map<uint32_t, Cut> cuts_;
  std::vector<uint32_t> order_;
  size_t cursor_ = 0;
  std::deque<uint32_t> again_;
  uint64_t bytes_waiting_ = 0;
  uint64_t files_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t bytes_acknowledged_ = 0;
};

}  // namespace crossdock::agent
