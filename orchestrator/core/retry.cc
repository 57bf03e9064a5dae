#include "orchestrator/core/retry.h"

#include <algorithm>
#include <array>

namespace crossdock::orchestrator {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{500};
constexpr milliseconds kTransientWaitMax{30'000};
constexpr milliseconds kStorageWait{15'000};
// About a day of transient trouble; a link that is down for longer deserves a person's look.
constexpr int kTransientAttemptsMax = 2'880;
constexpr int kRefusedAttemptsMax = 3;

constexpr std::array<std::string_view, 7> kPersonReasons = {"DESTINATION_EXISTS", "SOURCE_MISSING", "SOURCE_UNREADABLE",
                                                            "PACKAGE_EMPTY",      "VOLUME_UNKNOWN", "PATH_REFUSED",
                                                            "LISTING_TOO_LARGE"};
constexpr std::array<std::string_view, 4> kStorageReasons = {"DESTINATION_FULL", "DESTINATION_QUOTA",
                                                             "DESTINATION_READ_ONLY", "DESTINATION_IO_ERROR"};
constexpr std::array<std::string_view, 2> kChangedReasons = {"SOURCE_CHANGED", "LISTING_CHANGED"};
// Everything that lib/trust and lib/clearance refuse begins with one of these.
constexpr std::array<std::string_view, 12> kRefusedPrefixes = {"APPROVAL", "APPROVER",  "POLICY",         "ROSTER",
                                                               "PEER",     "PATH_",     "CLASSIFICATION", "SITE_",
                                                               "KEY_",     "SIGNATURE", "STATEMENT",      "CLEARANCE"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

RetryClass ClassOf(std::string_view reason) {
  // Losing the peer is weather; not believing it is a refusal.
  if (reason == "PEER_LOST" || reason == "PEER_SILENT" || reason == "PEER_ABSENT") return RetryClass::kTransient;
  if (Contains(kChangedReasons, reason)) return RetryClass::kSourceChanged;
  if (Contains(kStorageReasons, reason)) return RetryClass::kStorage;
  if (Contains(kPersonReasons, reason) || reason.substr(0, 5) == "NAME_") return RetryClass::kPerson;
  for (const std::string_view prefix : kRefusedPrefixes) {
    if (reason.substr(0, prefix.size()) == prefix) return RetryClass::kRefused;
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
