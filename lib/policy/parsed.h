// Policies as they were parsed before: whoever decides by the same text again need not read it again.
//
// Thread-safe. Bounded: of more than kKept, the one that was asked for longest ago is forgotten; each takes a few times
// its text, which the reader limits. What was wrong with a text is not kept.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/policy/policy.h"

namespace crossdock::policy {

class ParsedPolicies {
 public:
  static constexpr size_t kKept = 64;

  // As policy::Parse. Kept under the SHA-256 of everything that it is parsed from, calendars included; one that is as
  // yet without a calendar's file is another than the same with it.
  absl::StatusOr<std::shared_ptr<const Policy>> Parse(std::string_view text, std::span<const std::string> calendars);

  // How often a text had to be read.
  uint64_t read() const;

 private:
  struct Kept {
    std::shared_ptr<const Policy> policy;
    std::list<std::string>::iterator turn;
  };
  std::shared_ptr<const Policy> Find(const std::string& key);

  mutable base::Mutex mutex_;
  std::map<std::string, Kept> kept_ ABSL_GUARDED_BY(mutex_);
  std::list<std::string> turns_ ABSL_GUARDED_BY(mutex_);  // keys; the one that was asked for last stands in front
  uint64_t read_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crossdock::policy
