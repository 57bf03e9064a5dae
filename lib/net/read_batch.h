// On a busy connection poll would wake its reader for every packet. A batch makes it wait for more than a crumb, and
// never longer than kPatience.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace crossdock::net {

// Of one socket and its one reader, who tells what came. Not thread-safe.
class ReadBatch {
 public:
  // How long what came may lie unread.
  static constexpr std::chrono::milliseconds kPatience{8};

  explicit ReadBatch(int fd) : fd_(fd) {}

  // `bytes` were read; 0 when a poll of kPatience was over and nothing was there.
  void Took(uint64_t bytes);
  // While true, a poll for input may wait kPatience at most, and then the reader must look for itself: the socket does
  // not call before there is plenty. While false it calls for each byte, and a poll may wait for ever.
  bool batching() const { return batching_; }

 private:
  void Batch(bool batching);

  const int fd_;
  uint64_t taken_ = 0;
  bool batching_ = false;
};

}  // namespace crossdock::net
