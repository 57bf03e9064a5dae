#include "relay/bundles.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/credential.h"

namespace crossdock::relay {
namespace {

absl::StatusOr<std::string> ReadIfThere(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::string();
  return base::ReadFile(path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Bundles>> Bundles::Open(std::string directory, const base::PublicKey& site_admin,
                                                       base::Instant now) {
  std::unique_ptr<Bundles> bundles(new Bundles(std::move(directory), site_admin));
  ASSIGN_OR_RETURN(const std::string keys, ReadIfThere(bundles->directory_ + "/keys"));
  ASSIGN_OR_RETURN(const std::string deny, ReadIfThere(bundles->directory_ + "/deny"));
  base::MutexLock lock(bundles->mutex_);
  if (!keys.empty()) {
    const absl::Status taken = bundles->TakeKeys(keys, now, false);
    // A relay that was off for long comes back with an expired bundle and gets a new one by tending.
    if (!taken.ok() && base::ReasonOf(taken) != "KEYS_EXPIRED") return taken;
  }
  if (!deny.empty() && bundles->keys_) RETURN_IF_ERROR(bundles->TakeDeny(deny, now, false));
  return bundles;
}

absl::Status Bundles::Take(std::string_view keys, std::string_view deny, base::Instant now) {
  base::MutexLock lock(mutex_);
  if (!keys.empty()) RETURN_IF_ERROR(TakeKeys(keys, now, true));
  if (!deny.empty()) RETURN_IF_ERROR(TakeDeny(deny, now, true));
  return absl::OkStatus();
}

absl::Status Bundles::TakeKeys(std::string_view text, base::Instant now, bool store) {
  ASSIGN_OR_RETURN(const trust::RelayKeys keys,
                   trust::VerifyRelayKeys(text, site_admin_, keys_ ? keys_->number : 0, now));
  if (keys_ && keys_->number == keys.number) return absl::OkStatus();
  if (store) RETURN_IF_ERROR(base::WriteFileAtomic(directory_ + "/keys", text));
  keys_ = keys;
  return absl::OkStatus();
}

absl::Status Bundles::TakeDeny(std::string_view text, base::Instant now, bool store) {
  if (!keys_) return base::WithReason(base::FailedPrecondition("there are no ticket keys yet"), "KEYS_MISSING");
  absl::StatusOr<trust::RelayDeny> deny = trust::VerifyRelayDeny(text, keys_->ticket_key, deny_.number, now);
  if (!deny.ok() && keys_->ticket_key_next)
    deny = trust::VerifyRelayDeny(text, *keys_->ticket_key_next, deny_.number, now);
  RETURN_IF_ERROR(deny.status());
  if (deny->number == deny_.number) return absl::OkStatus();
  if (store) RETURN_IF_ERROR(base::WriteFileAtomic(directory_ + "/deny", text));
  deny_ = *std::move(deny);
  return absl::OkStatus();
}

std::optional<base::PublicKey> Bundles::TicketKey(std::string_view key_id, base::Instant now) const {
  base::MutexLock lock(mutex_);
  if (!keys_ || keys_->expires <= now) return std::nullopt;
  if (base::KeyId(keys_->ticket_key) == key_id) return keys_->ticket_key;
  if (keys_->ticket_key_next && base::KeyId(*keys_->ticket_key_next) == key_id) return keys_->ticket_key_next;
  return std::nullopt;
}

bool Bundles::IsDenied(std::string_view spki) const {
  base::MutexLock lock(mutex_);
  return std::binary_search(deny_.deny.begin(), deny_.deny.end(), spki);
}

bool Bundles::HasKeys(base::Instant now) const {
  base::MutexLock lock(mutex_);
  return keys_ && keys_->expires > now;
}

uint64_t Bundles::keys_number() const {
  base::MutexLock lock(mutex_);
  return keys_ ? keys_->number : 0;
}

uint64_t Bundles::deny_number() const {
  base::MutexLock lock(mutex_);
  return deny_.number;
}

}  // namespace crossdock::relay
