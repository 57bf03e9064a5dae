#include "orchestrator/core/retry.h"

#include <algorithm>
#include <array>

#include "lib/wire/reason.h"

namespace crossdock::orchestrator {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{500};
constexpr milliseconds kTransientWaitMax{30'000};
constexpr milliseconds kStorageWait{15'000};
// About a day of transient trouble; a link that is down for longer deserves a person's look.
constexpr int kTransientAttemptsMax = 2'880;
constexpr int kRefusedAttemptsMax = 3;

// Besides those of the data plane (lib/wire) that say so themselves.
constexpr std::array<std::string_view, 5> kPersonReasons = {"VOLUME_UNKNOWN", "PATH_REFUSED", "RECORD_INVALID",
                                                            "RECORD_MISMATCH", "RELEASE_SCAN_FOUND"};
constexpr std::array<std::string_view, 6> kStorageReasons = {"DESTINATION_FULL",        "DESTINATION_QUOTA",
                                                             "DESTINATION_WRITE_ERROR", "DESTINATION_READ_ONLY",
                                                             "SOURCE_READ_ERROR",       "SOURCE_NOT_READY"};
constexpr std::array<std::string_view, 2> kChangedReasons = {"SOURCE_CHANGED", "LISTING_CHANGED"};
// Everything that lib/trust and lib/clearance refuse begins with one of these.
constexpr std::array<std::string_view, 13> kRefusedPrefixes = {
    "APPROVAL", "APPROVER", "POLICY",    "ROSTER",    "PEER_",     "PATH_",       "CLASSIFICATION",
    "SITE_",    "KEY_",     "SIGNATURE", "STATEMENT", "CLEARANCE", "RELEASE_SCAN"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

RetryClass ClassOf(std::string_view reason) {
  if (Contains(kChangedReasons, reason)) return RetryClass::kSourceChanged;
  if (Contains(kStorageReasons, reason)) return RetryClass::kStorage;
  if (Contains(kPersonReasons, reason)) return RetryClass::kPerson;
  // An attempt that was stopped says nothing of the next one.
  if (reason == wire::Name(wire::Reason::kCancelled)) return RetryClass::kTransient;
  if (wire::ParseReason(reason)) {
    if (wire::RetryOf(reason) != wire::RetryClass::kNeedsPerson) return RetryClass::kTransient;
    // What one attempt's end says of another one is tried again before a person is called.
    const bool of_peer = reason.starts_with("PEER_") || reason.starts_with("COMMIT_") || reason == "EPOCH_STALE";
    return of_peer ? RetryClass::kRefused : RetryClass::kPerson;
  }
  for (const std::string_view prefix : kRefusedPrefixes) {
    if (reason.starts_with(prefix)) return RetryClass::kRefused;
  }
  return RetryClass::kTransient;
}

RetryAdvice Advise(RetryClass retry_class, int attempts, double jitter) {
  const int doublings = std::clamp(attempts - 1, 0, 10);
  const milliseconds backoff = std::min(kTransientWaitMax, kFirstWait * (1 << doublings));
  // Full jitter over the upper half keeps the first retry quick and the crowd apart.
  const auto spread = [&](milliseconds wait) {
    return milliseconds(static_cast<int64_t>(static_cast<double>(wait.count()) * (0.5 + 0.5 * jitter)));
  };
  switch (retry_class) {
    case RetryClass::kTransient:
      return {attempts >= kTransientAttemptsMax, spread(backoff)};
    case RetryClass::kStorage:
      return {false, spread(kStorageWait)};
    case RetryClass::kRefused:
      return {attempts >= kRefusedAttemptsMax, spread(backoff)};
    case RetryClass::kSourceChanged:
      return {false, spread(kFirstWait)};
    case RetryClass::kPerson:
      return {true, milliseconds(0)};
  }
  return {true, milliseconds(0)};
}

}  // namespace crossdock::orchestrator
