// Which file leaves next, on which leg, and what is still to be acknowledged.
//
// Pure: no files, no sockets, no threads. Not thread-safe; the sender holds it under its lock. Indexes are those of the
// manifest's entries.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "lib/wire/manifest.h"

namespace crossdock::agent {

class SendBoard {
 public:
  // How often one file may be sent: beyond that the path or the peer's storage is broken, not unlucky.
  static constexpr uint8_t kTriesMax = 4;

  explicit SendBoard(const wire::Manifest& manifest);

  // The receiver holds this file already. Returns false for an index that is no file.
  bool Have(uint32_t index);
  // The next file for `leg`, in flight from now on; none when nothing waits. Large files go first, so that none of
  // them is left over for a single leg at the end; otherwise the manifest's order.
  std::optional<uint32_t> Next(uint16_t leg);
  // Returns false for an index that is no file. Twice is once.
  bool Acknowledge(uint32_t index);
  // The receiver could not use it: it waits again. False when it has had its tries or is no file in flight.
  bool Again(uint32_t index);
  // All that this leg carried and nobody acknowledged waits again. Does not count as a try of the files.
  void LegLost(uint16_t leg);

  bool AllAcknowledged() const { return acknowledged_ == files_; }
  bool HasWaiting() const { return cursor_ < order_.size() || !again_.empty(); }
  uint64_t files() const { return files_; }
  uint64_t acknowledged() const { return acknowledged_; }

 private:
  enum class State : uint8_t { kNoFile, kWaiting, kInFlight, kAcknowledged };
  struct Slot {
    State state = State::kNoFile;
    uint8_t tries = 0;
    uint16_t leg = 0;
  };

  std::vector<Slot> slots_;
  std::vector<uint32_t> order_;
  size_t cursor_ = 0;
  std::deque<uint32_t> again_;
  uint64_t files_ = 0;
  uint64_t acknowledged_ = 0;
};

}  // namespace crossdock::agent
