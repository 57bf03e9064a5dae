#include "agent/trust/trust_store.h"

#include <sys/stat.h>

#include <utility>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "nlohmann/json.hpp"

namespace crossdock::agent {
namespace {

using nlohmann::json;

std::string RosterPath(const std::string& directory) { return directory + "/roster.json"; }
std::string PoliciesPath(const std::string& directory) { return directory + "/policies.json"; }

bool Exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

absl::StatusOr<json> ReadJson(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return base::Internal(path, " is damaged; enrol this agent anew");
  return value;
}

// Body and statement in one file, so that a crash never parts them.
absl::Status WriteRoster(const std::string& directory, std::string_view body, std::string_view statement) {
  const json value = {{"body", std::string(body)}, {"statement", std::string(statement)}};
  return base::WriteFileAtomic(RosterPath(directory), value.dump(), 0600);
}

}  // namespace

absl::Status TrustStore::Create(const std::string& directory, std::string_view root, std::string_view body,
                                std::string_view statement, base::Instant now) {
  RETURN_IF_ERROR(trust::VerifyRoster(body, statement, {nullptr, root}, now).status());
  return WriteRoster(directory, body, statement);
}

absl::StatusOr<std::unique_ptr<TrustStore>> TrustStore::Open(const std::string& directory) {
  std::unique_ptr<TrustStore> store(new TrustStore(directory));
  ASSIGN_OR_RETURN(const json stored, ReadJson(RosterPath(directory)));
  // It was verified before it was written.
  ASSIGN_OR_RETURN(trust::Roster roster, trust::Roster::Parse(stored.value("body", ""), RosterPath(directory)));
  base::MutexLock lock(store->mutex_);
  store->roster_ = std::make_shared<const trust::Roster>(std::move(roster));
  if (!Exists(PoliciesPath(directory))) return store;
  ASSIGN_OR_RETURN(const json policies, ReadJson(PoliciesPath(directory)));
  for (const auto& [scope, seen] : policies.items()) {
    store->policies_[scope] = {seen.value("number", uint64_t{0}), seen.value("digest", "")};
  }
  return store;
}

std::shared_ptr<const trust::Roster> TrustStore::roster() const {
  base::MutexLock lock(mutex_);
  return roster_;
}

absl::Status TrustStore::TakeRoster(std::string_view body, std::string_view statement, base::Instant now) {
  base::MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(trust::Roster roster, trust::VerifyRoster(body, statement, {roster_.get(), ""}, now));
  if (roster.number() == roster_->number()) return absl::OkStatus();
  RETURN_IF_ERROR(WriteRoster(directory_, body, statement));
  roster_ = std::make_shared<const trust::Roster>(std::move(roster));
  return absl::OkStatus();
}

std::optional<trust::Seen> TrustStore::PolicySeen(std::string_view scope) const {
  base::MutexLock lock(mutex_);
  const auto found = policies_.find(scope);
  return found == policies_.end() ? std::nullopt : std::optional(found->second);
}

absl::Status TrustStore::RememberPolicy(const std::string& scope, const trust::Seen& seen) {
  base::MutexLock lock(mutex_);
  trust::Seen& held = policies_[scope];
  if (held.number >= seen.number) return absl::OkStatus();
  held = seen;
  json policies = json::object();
  for (const auto& [name, each] : policies_) policies[name] = {{"number", each.number}, {"digest", each.digest}};
  return base::WriteFileAtomic(PoliciesPath(directory_), policies.dump(), 0600);
}

}  // namespace crossdock::agent
