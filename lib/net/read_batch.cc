#include "lib/net/read_batch.h"

#include <sys/socket.h>

namespace crossdock::net {
namespace {

// Handshakes and answers stay below; what has brought so much brings content.
constexpr uint64_t kContent = 256u << 10;
// Four TLS records. The kernel doubles it for the least receive buffer, which is no more than the usual one.
constexpr int kPlenty = 64 << 10;

}  // namespace

void ReadBatch::Took(uint64_t bytes) {
  taken_ += bytes;
  if (bytes == 0) {
    Batch(false);
  } else if (taken_ >= kContent) {
    Batch(true);
  }
}

void ReadBatch::Batch(bool batching) {
  if (batching == batching_) return;
  const int least = batching ? kPlenty : 1;
  if (::setsockopt(fd_, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least) == 0) batching_ = batching;
}

}  // namespace crossdock::net
