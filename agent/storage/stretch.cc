#include "agent/storage/stretch.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace crossdock::agent {
namespace {

constexpr int kStretchesMax = 200'000;
constexpr uint64_t kStatBlock = 512;  // of st_blocks, whatever the filesystem's are

}  // namespace

Stretch StretchAt(int fd, uint64_t offset, uint64_t end) {
  const auto seek = [&](uint64_t from, int what) { return lseek(fd, static_cast<off_t>(from), what); };
  off_t data = seek(offset, SEEK_DATA);
  if (data < 0 && errno == ENXIO) {
    // Nothing but a hole from here to the file's end, if that is not before `offset`.
    struct stat info {};
    if (fstat(fd, &info) != 0) return {offset, end - offset, false};
    data = info.st_size;
  }
  if (data < 0) return {offset, end - offset, false};
  const uint64_t stored = static_cast<uint64_t>(data);
  if (stored >= end) return {offset, end - offset, true};
  if (stored >= offset + kHoleMin) return {offset, stored - offset, true};
  const off_t hole = seek(std::max(stored, offset), SEEK_HOLE);
  if (hole < 0) return {offset, end - offset, false};
  // So long at least that a file of many small holes is not read crumb by crumb.
  const uint64_t until = std::max(static_cast<uint64_t>(hole), offset + kHoleMin);
  return {offset, std::min(until, end) - offset, false};
}

bool MayHaveHoles(const struct stat& info) {
  return static_cast<uint64_t>(info.st_blocks) * kStatBlock < static_cast<uint64_t>(info.st_size);
}

uint64_t CountHoles(int fd, uint64_t size) {
  uint64_t bytes = 0;
  int stretches = 0;
  for (uint64_t at = 0; at < size && stretches < kStretchesMax; ++stretches) {
    const Stretch stretch = StretchAt(fd, at, size);
    if (stretch.hole) bytes += stretch.length;
    at = stretch.end();
  }
  return bytes;
}

}  // namespace crossdock::agent
