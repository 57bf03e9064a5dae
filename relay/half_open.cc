#include "relay/half_open.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>

namespace crossdock::relay {

bool HalfOpen::Enter(uint64_t id, const std::string& address, int fd) {
  base::UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return false;
  base::MutexLock lock(mutex_);
  const auto same = by_address_.find(address);
  if (same != by_address_.end() && same->second.size() >= limits_.per_address_max) {
    ShutOldest(address);
  } else if (entries_.size() >= limits_.total_max) {
    ShutOldest(Greediest());
  }
  entries_.emplace(id, Entry{address, std::move(copy)});
  by_address_[address].insert(id);
  return true;
}

std::string HalfOpen::Greediest() const {
  const auto found = std::max_element(by_address_.begin(), by_address_.end(), [](const auto& one, const auto& other) {
    if (one.second.size() != other.second.size()) return one.second.size() < other.second.size();
    return *one.second.begin() > *other.second.begin();
  });
  return found == by_address_.end() ? std::string() : found->first;
}

void HalfOpen::ShutOldest(const std::string& address) {
  const auto of_address = by_address_.find(address);
  if (of_address == by_address_.end()) return;
  const auto oldest = entries_.find(*of_address->second.begin());
  ::shutdown(oldest->second.fd.get(), SHUT_RDWR);
  Forget(oldest);
}

void HalfOpen::Forget(std::map<uint64_t, Entry>::iterator entry) {
  const auto of_address = by_address_.find(entry->second.address);
  of_address->second.erase(entry->first);
  if (of_address->second.empty()) by_address_.erase(of_address);
  entries_.erase(entry);
}

void HalfOpen::Leave(uint64_t id) {
  base::MutexLock lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry != entries_.end()) Forget(entry);
}

size_t HalfOpen::size() const {
  base::MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace crossdock::relay
