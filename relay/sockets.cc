#include "relay/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>

#include "lib/base/fd.h"

namespace crossdock::relay {
namespace {

constexpr char kBbr[] = "bbr";
// The most that one accepted connection comes to: its socket, its wake, the dialled socket, two pipes, a name's lookup.
constexpr int kDescriptorsPerConnection = 9;
// Listeners, the log, state files.
constexpr int kDescriptorsBesides = 64;

}  // namespace

void PrepareWan(int fd, uint64_t bytes_per_second_max) {
  ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kBbr, sizeof kBbr - 1);
  if (bytes_per_second_max > 0)
    ::setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &bytes_per_second_max, sizeof bytes_per_second_max);
}

bool HasBbr() {
  const base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd && ::setsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, kBbr, sizeof kBbr - 1) == 0;
}

int64_t DescriptorsFor(int connections, size_t half_open_max) {
  return int64_t{connections} * kDescriptorsPerConnection + kDescriptorsBesides + static_cast<int64_t>(half_open_max);
}

int ConnectionsPossible(int wanted, size_t half_open_max) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  const auto room = static_cast<int64_t>(std::min<rlim_t>(files.rlim_cur, 1u << 30)) - DescriptorsFor(0, half_open_max);
  return static_cast<int>(std::clamp<int64_t>(room / kDescriptorsPerConnection, 2, wanted));
}

}  // namespace crossdock::relay
