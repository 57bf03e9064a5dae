#include "lib/rpc/admitted.h"

#include "lib/base/digest.h"
#include "lib/base/strings.h"

namespace crossdock::rpc {

std::string AdmittedCallers::KeyOf(std::string_view certificate_pem, std::string_view authorization,
                                   std::string_view acting_for) {
  // A header has no line end, so that they cannot run into each other.
  return base::Sha256(base::StrCat(authorization, "\n", acting_for, "\n", certificate_pem));
}

void AdmittedCallers::Put(const std::string& key, const Caller& caller, base::Steady now) {
  base::MutexLock lock(mutex_);
  if (callers_.size() >= kCallersMax) {
    std::erase_if(callers_, [&](const auto& each) { return now - each.second.admitted >= kKeep; });
    // All of them within kKeep: their handlers verify again.
    if (callers_.size() >= kCallersMax) callers_.clear();
  }
  callers_.insert_or_assign(key, Entry{caller, now});
}

std::optional<Caller> AdmittedCallers::Find(const std::string& key, base::Steady now) const {
  base::MutexLock lock(mutex_);
  const auto found = callers_.find(key);
  if (found == callers_.end() || now - found->second.admitted >= kKeep) return std::nullopt;
  return found->second.caller;
}

}  // namespace crossdock::rpc
