// What of a file is stored, and what is a hole: a range that reads as zeros and takes no space.
//
// Thread-safe.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace crossdock::agent {

// A shorter hole between data is read and sent as zeros: to skip it would cost more than it saves.
inline constexpr uint64_t kHoleMin = 64u << 10;

// Consecutive bytes of a file that are all stored, or all in a hole.
struct Stretch {
  uint64_t offset = 0;
  uint64_t length = 0;
  bool hole = false;
  uint64_t end() const { return offset + length; }
};

// The stretch that begins at `offset`, of an open file, cut at `end`; `offset` is below `end`. Where the filesystem
// tells nothing of holes, or the file ends before `end`, all is data: whoever reads it finds out.
Stretch StretchAt(int fd, uint64_t offset, uint64_t end);

// Whether a file has less stored than its size: it may have holes. A filesystem that compresses says so of most files.
bool MayHaveHoles(const struct stat& info);

// The bytes of a file of `size` that are in holes. Of a file in more than 200,000 pieces, those of the first ones.
uint64_t CountHoles(int fd, uint64_t size);

}  // namespace crossdock::agent
