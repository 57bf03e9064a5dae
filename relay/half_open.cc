#include "relay/half_open.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>

namespace crossdock::relay {

bool HalfOpen::Enter(uint64_t id, const std::string& address, int fd) {
  base::UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return false;
  base::MutexLock lock(mutex_);
  const auto of_address =
      std::count_if(entries_.begin(), entries_.end(), [&](const auto& each) { return each.second.address == address; });
  if (static_cast<size_t>(of_address) >= limits_.per_address_max) {
    ShutOldest(&address);
  } else if (entries_.size() >= limits_.total_max) {
    ShutOldest(nullptr);
  }
  entries_.emplace(id, Entry{address, std::move(copy)});
  return true;
}

void HalfOpen::ShutOldest(const std::string* of_address) {
  const auto oldest = std::find_if(entries_.begin(), entries_.end(), [&](const auto& each) {
    return of_address == nullptr || each.second.address == *of_address;
  });
  if (oldest == entries_.end()) return;
  ::shutdown(oldest->second.fd.get(), SHUT_RDWR);
  entries_.erase(oldest);
}

void HalfOpen::Leave(uint64_t id) {
  base::MutexLock lock(mutex_);
  entries_.erase(id);
}

size_t HalfOpen::size() const {
  base::MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace crossdock::relay
