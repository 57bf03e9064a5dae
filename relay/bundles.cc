#include "relay/bundles.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/credential.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::relay {
namespace {

absl::StatusOr<std::string> ReadIfThere(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::string();
  return base::ReadFile(path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Bundles>> Bundles::Open(std::string directory, const base::PublicKey& site_admin) {
  std::unique_ptr<Bundles> bundles(new Bundles(std::move(directory), site_admin));
  base::MutexLock lock(bundles->mutex_);
  RETURN_IF_ERROR(bundles->Load());
  return bundles;
}

// No time is checked here: a clock that is wrong at boot must not stop the start, and the numbers must not fall.
absl::Status Bundles::Load() {
  ASSIGN_OR_RETURN(const std::string keys, ReadIfThere(directory_ + "/keys"));
  if (!keys.empty()) {
    ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(keys));
    ASSIGN_OR_RETURN(keys_, trust::Decode<trust::RelayKeys>(statement.statement()));
    RETURN_IF_ERROR(statement.VerifyExactly(site_admin_));
  }
  ASSIGN_OR_RETURN(const std::string deny, ReadIfThere(directory_ + "/deny"));
  if (!deny.empty()) {
    // It was verified when it was taken; the key that signed it may have been followed by others since.
    ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(deny));
    ASSIGN_OR_RETURN(deny_, trust::Decode<trust::RelayDeny>(statement.statement()));
  }
  return absl::OkStatus();
}

absl::Status Bundles::Take(std::string_view keys, std::string_view deny, base::Instant now) {
  base::MutexLock lock(mutex_);
  const absl::Status keys_taken = keys.empty() ? absl::OkStatus() : TakeKeys(keys, now);
  const absl::Status deny_taken = deny.empty() ? absl::OkStatus() : TakeDeny(deny, now);
  return keys_taken.ok() ? deny_taken : keys_taken;
}

absl::Status Bundles::TakeKeys(std::string_view text, base::Instant now) {
  ASSIGN_OR_RETURN(const trust::RelayKeys keys,
                   trust::VerifyRelayKeys(text, site_admin_, keys_ ? keys_->number : 0, now));
  if (keys_ && keys_->number == keys.number) return absl::OkStatus();
  RETURN_IF_ERROR(base::WriteFileAtomic(directory_ + "/keys", text));
  keys_ = keys;
  return absl::OkStatus();
}

absl::Status Bundles::TakeDeny(std::string_view text, base::Instant now) {
  if (!keys_) return base::WithReason(base::FailedPrecondition("there are no ticket keys yet"), "KEYS_MISSING");
  absl::StatusOr<trust::RelayDeny> deny = trust::VerifyRelayDeny(text, keys_->ticket_key, deny_.number, now);
  if (base::ReasonOf(deny.status()) == "SIGNATURE_INVALID" && keys_->ticket_key_next)
    deny = trust::VerifyRelayDeny(text, *keys_->ticket_key_next, deny_.number, now);
  RETURN_IF_ERROR(deny.status());
  if (deny->number == deny_.number) return absl::OkStatus();
  RETURN_IF_ERROR(base::WriteFileAtomic(directory_ + "/deny", text));
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
