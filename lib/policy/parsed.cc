#include "lib/policy/parsed.h"

#include "lib/base/digest.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/policy/parse.h"

namespace crossdock::policy {
namespace {

// Each part with its length, so that no two sets of parts read the same.
std::string KeyOf(std::string_view text, std::span<const std::string> calendars) {
  std::string all = base::StrCat(text.size(), ":", text);
  for (const std::string& calendar : calendars) all += base::StrCat(calendar.size(), ":", calendar);
  return base::Sha256(all);
}

}  // namespace

std::shared_ptr<const Policy> ParsedPolicies::Find(const std::string& key) {
  const base::MutexLock lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end()) return nullptr;
  turns_.splice(turns_.begin(), turns_, found->second.turn);
  return found->second.policy;
}

absl::StatusOr<std::shared_ptr<const Policy>> ParsedPolicies::Parse(std::string_view text,
                                                                    std::span<const std::string> calendars) {
  const std::string key = KeyOf(text, calendars);
  if (std::shared_ptr<const Policy> known = Find(key)) return known;
  // Outside of the lock: whoever asks for another waits for nobody's reading. Two may read the same at once.
  ASSIGN_OR_RETURN(Policy read, policy::Parse(text, "policy", calendars));
  auto policy = std::make_shared<const Policy>(std::move(read));
  const base::MutexLock lock(mutex_);
  ++read_;
  const auto [at, is_new] = kept_.try_emplace(key);
  if (!is_new) return at->second.policy;
  turns_.push_front(key);
  at->second = {policy, turns_.begin()};
  if (kept_.size() > kKept) {
    kept_.erase(turns_.back());
    turns_.pop_back();
  }
  return policy;
}

uint64_t ParsedPolicies::read() const {
  const base::MutexLock lock(mutex_);
  return read_;
}

}  // namespace crossdock::policy
